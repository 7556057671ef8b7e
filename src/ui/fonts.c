/* Which font file shows a character: a small ordered table of families, each with the scripts that it is for.
 *
 * Inter has Latin, Greek and Cyrillic and comes first. The others are used if they are installed; a language whose name
 * none of them covers is not offered (ui_can_show). A file is mapped once. A font is opened when a text first wants
 * that weight, and set to the size of the moment: it costs a third of a megabyte, and what it has rendered is kept
 * elsewhere (text.c). The least recently used one is closed when there are too many. */
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FONTS_OPEN_MAX 9
#define ANY_PX 0 /* to ask what a font has, and leave its size be */

struct script {
	uint32_t from, to;
	const char tag[5]; /* ISO 15924; "" is common to all */
};

/* Unicode 15, Scripts.txt, by blocks: enough to choose fonts and to shape. Ascending. */
static const struct script scripts[] = {
	{ 0x0000, 0x0040, "" },	      { 0x0041, 0x005A, "Latn" }, { 0x005B, 0x0060, "" },
	{ 0x0061, 0x007A, "Latn" },   { 0x007B, 0x00A9, "" },	  { 0x00AA, 0x00AA, "Latn" },
	{ 0x00AB, 0x00BF, "" },	      { 0x00C0, 0x02B8, "Latn" }, { 0x02B9, 0x036F, "" },
	{ 0x0370, 0x03FF, "Grek" },   { 0x0400, 0x052F, "Cyrl" }, { 0x0530, 0x058F, "Armn" },
	{ 0x0590, 0x05FF, "Hebr" },   { 0x0600, 0x06FF, "Arab" }, { 0x0750, 0x077F, "Arab" },
	{ 0x08A0, 0x08FF, "Arab" },   { 0x0900, 0x097F, "Deva" }, { 0x0980, 0x09FF, "Beng" },
	{ 0x0A00, 0x0A7F, "Guru" },   { 0x0A80, 0x0AFF, "Gujr" }, { 0x0B80, 0x0BFF, "Taml" },
	{ 0x0C00, 0x0C7F, "Telu" },   { 0x0E00, 0x0E7F, "Thai" }, { 0x0E80, 0x0EFF, "Laoo" },
	{ 0x1000, 0x109F, "Mymr" },   { 0x10A0, 0x10FF, "Geor" }, { 0x1100, 0x11FF, "Hang" },
	{ 0x1200, 0x137F, "Ethi" },   { 0x1780, 0x17FF, "Khmr" }, { 0x1E00, 0x1EFF, "Latn" },
	{ 0x1F00, 0x1FFF, "Grek" },   { 0x2000, 0x2BFF, "" },	  { 0x2E80, 0x2FDF, "Hani" },
	{ 0x3000, 0x303F, "" },	      { 0x3040, 0x309F, "Hira" }, { 0x30A0, 0x30FF, "Kana" },
	{ 0x3130, 0x318F, "Hang" },   { 0x3400, 0x4DBF, "Hani" }, { 0x4E00, 0x9FFF, "Hani" },
	{ 0xAC00, 0xD7AF, "Hang" },   { 0xF900, 0xFAFF, "Hani" }, { 0xFB1D, 0xFB4F, "Hebr" },
	{ 0xFB50, 0xFDFF, "Arab" },   { 0xFE70, 0xFEFF, "Arab" }, { 0xFF00, 0xFFEF, "" },
	{ 0x20000, 0x3FFFF, "Hani" },
};

static const char *const folders[] = {
	"/usr/share/fonts/opentype/inter", "/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/truetype/noto",
	"/usr/share/fonts/opentype/noto",  "/usr/local/share/fonts",
};

struct family {
	const char *scripts; /* tags that it is for; "" for any */
	const char *files[UI_WEIGHT_COUNT];
};

#define NOTO(name) \
	{ \
		"NotoSans" name "-Regular.ttf", "NotoSans" name "-Regular.ttf", "NotoSans" name "-Bold.ttf", \
			"NotoSans" name "-Bold.ttf", "NotoSans" name "-Bold.ttf" \
	}

static const struct family families[] = {
	{ "Latn Grek Cyrl",
	  { "Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "Inter-Bold.otf",
	    "InterDisplay-Bold.otf" } },
	{ "Arab", NOTO("Arabic") },
	{ "Hebr", NOTO("Hebrew") },
	{ "Deva", NOTO("Devanagari") },
	{ "Beng", NOTO("Bengali") },
	{ "Guru", NOTO("Gurmukhi") },
	{ "Gujr", NOTO("Gujarati") },
	{ "Taml", NOTO("Tamil") },
	{ "Telu", NOTO("Telugu") },
	{ "Thai", NOTO("Thai") },
	{ "Laoo", NOTO("Lao") },
	{ "Mymr", NOTO("Myanmar") },
	{ "Khmr", NOTO("Khmer") },
	{ "Ethi", NOTO("Ethiopic") },
	{ "Armn", NOTO("Armenian") },
	{ "Geor", NOTO("Georgian") },
	{ "Hani Hira Kana Hang",
	  { "NotoSansCJK-Regular.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Bold.ttc",
	    "NotoSansCJK-Bold.ttc" } },
	{ "",
	  { "DejaVuSans.ttf", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Bold.ttf" } },
};

#define FAMILIES ((int)SDL_arraysize(families))

struct mapped {
	const void *data;
	size_t size;
	bool tried;
};

struct opened {
	int family;
	struct ui_font font;
	TTF_Font *ttf;
	unsigned used;
};

struct ui_fonts {
	struct mapped files[SDL_arraysize(families)][UI_WEIGHT_COUNT];
	struct opened open[FONTS_OPEN_MAX];
	unsigned clock;
};

static const char *tag_of(uint32_t c)
{
	size_t low = 0, high = SDL_arraysize(scripts);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > scripts[mid].to)
			low = mid + 1;
		else
			high = mid;
	}
	return low < SDL_arraysize(scripts) && c >= scripts[low].from ? scripts[low].tag : "";
}

const char *script_tag(uint32_t codepoint)
{
	return tag_of(codepoint);
}

bool script_is_common(uint32_t codepoint)
{
	return tag_of(codepoint)[0] == '\0';
}

static bool map_in(const char *folder, const char *name, struct mapped *out)
{
	char path[1024];
	struct stat st;
	void *data = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return false;
	out->data = data;
	out->size = (size_t)st.st_size;
	return true;
}

/* Maps the file of a family's weight; heavier and lighter ones stand in for one that is not installed. */
static struct mapped *map(struct ui_fonts *fonts, int family, enum ui_weight weight)
{
	struct mapped *m = &fonts->files[family][weight];
	const char *only = getenv("LOBBY_FONTS");
	bool found = m->data != NULL;

	if (!m->tried) {
		m->tried = true;
		if (only != NULL && only[0] != '\0')
			found = map_in(only, families[family].files[weight], m);
		for (size_t i = 0; only == NULL && !found && i < SDL_arraysize(folders); i++)
			found = map_in(folders[i], families[family].files[weight], m);
	}
	if (!found && weight > UI_REGULAR)
		return map(fonts, family, weight - 1);
	return found ? m : NULL;
}

static TTF_Font *open_font(struct ui_fonts *fonts, int family, struct ui_font font)
{
	struct opened *slot = &fonts->open[0];
	struct mapped *m;
	SDL_RWops *rw;

	for (int i = 0; i < FONTS_OPEN_MAX; i++) {
		struct opened *o = &fonts->open[i];

		if (o->ttf != NULL && o->family == family && o->font.weight == font.weight) {
			o->used = ++fonts->clock;
			if (font.px != ANY_PX && o->font.px != font.px && TTF_SetFontSize(o->ttf, font.px) == 0)
				o->font.px = font.px;
			return o->ttf;
		}
		if (o->ttf == NULL || (slot->ttf != NULL && o->used < slot->used))
			slot = o;
	}
	font.px = font.px == ANY_PX ? 20 : font.px;
	m = map(fonts, family, font.weight);
	if (m == NULL || m->size > INT32_MAX)
		return NULL;
	if (slot->ttf != NULL)
		TTF_CloseFont(slot->ttf);
	*slot = (struct opened){ .family = family, .font = font, .used = ++fonts->clock };
	rw = SDL_RWFromConstMem(m->data, (int)m->size);
	slot->ttf = rw != NULL ? TTF_OpenFontRW(rw, 1, font.px) : NULL;
	if (slot->ttf != NULL)
		TTF_SetFontHinting(slot->ttf, TTF_HINTING_LIGHT_SUBPIXEL);
	return slot->ttf;
}

TTF_Font *fonts_for(struct ui_fonts *fonts, struct ui_font font, uint32_t codepoint, int *file)
{
	const char *tag = tag_of(codepoint);

	for (int f = 0; f < FAMILIES; f++) {
		TTF_Font *ttf;

		if (f > 0 && families[f].scripts[0] != '\0' &&
		    (tag[0] == '\0' || strstr(families[f].scripts, tag) == NULL))
			continue;
		ttf = open_font(fonts, f, font);
		if (ttf != NULL && TTF_GlyphIsProvided32(ttf, codepoint)) {
			*file = f;
			return ttf;
		}
	}
	return NULL;
}

bool fonts_cover(struct ui_fonts *fonts, uint32_t codepoint)
{
	int file;

	return fonts_for(fonts, (struct ui_font){ UI_SEMIBOLD, ANY_PX }, codepoint, &file) != NULL;
}

int fonts_new(struct ui_fonts **out)
{
	struct ui_fonts *fonts = calloc(1, sizeof(*fonts));

	if (fonts == NULL)
		return LOBBY_ERR_NO_MEMORY;
	if (TTF_Init() != 0) {
		free(fonts);
		return LOBBY_ERR_IO;
	}
	if (map(fonts, 0, UI_REGULAR) == NULL && map(fonts, FAMILIES - 1, UI_REGULAR) == NULL) {
		TTF_Quit();
		free(fonts);
		return LOBBY_ERR_IO;
	}
	*out = fonts;
	return 0;
}

void fonts_free(struct ui_fonts *fonts)
{
	if (fonts == NULL)
		return;
	for (int i = 0; i < FONTS_OPEN_MAX; i++)
		if (fonts->open[i].ttf != NULL)
			TTF_CloseFont(fonts->open[i].ttf);
	for (int f = 0; f < FAMILIES; f++)
		for (int w = 0; w < UI_WEIGHT_COUNT; w++)
			if (fonts->files[f][w].data != NULL)
				munmap((void *)(uintptr_t)fonts->files[f][w].data, fonts->files[f][w].size);
	TTF_Quit();
	free(fonts);
}
