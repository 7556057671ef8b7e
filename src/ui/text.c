/* Text: from UTF-8 to lines that fit and masks that paint.
 *
 * Line breaking (UAX 14, libunibreak) works on the logical text. A line becomes visual runs by bidirectional level
 * (UAX 9, FriBidi) and by font; each run is shaped (HarfBuzz, through SDL_ttf) and the runs are put together into one
 * mask, which is kept. Two bounded caches: widths, by hash alone; masks, least recently used first out. Both hold what
 * patients typed and are named, so ui_wipe() overwrites them. */
#include "internal.h"

#include "base/text.h"

#include <fribidi/fribidi.h>
#include <linebreak.h>
#include <stdlib.h>
#include <string.h>

#define WIDTHS 2048
#define MASKS 768
#define MASK_BYTES_MAX (2 * 1024 * 1024)
#define RUNS_MAX 32
#define LINE_MAX_CHARS 512

struct mask_entry {
	uint64_t key;
	struct ui_mask mask;
	unsigned used;
	int next; /* in its bucket, +1 */
};

struct ui_text_cache {
	struct ui_fonts *fonts;
	struct {
		uint64_t key;
		int width;
	} widths[WIDTHS];
	struct mask_entry masks[MASKS];
	int buckets[256]; /* +1 */
	int mask_count;
	size_t bytes;
	unsigned clock;
};

/* A run: same font, same direction; bytes of the logical text. */
struct run {
	TTF_Font *ttf;
	int file;
	bool rtl;
	size_t from, to;
	const char *tag;
};

/* ---- the mask cache ---- */

static size_t mask_bytes(const struct ui_mask *mask)
{
	return mask->cover == NULL ? 0 : (size_t)mask->w * (size_t)mask->h;
}

static void mask_drop(struct ui_text_cache *cache, int at)
{
	struct mask_entry *e = &cache->masks[at];
	int *link = &cache->buckets[e->key & 255];

	while (*link != 0 && *link != at + 1)
		link = &cache->masks[*link - 1].next;
	if (*link != 0)
		*link = e->next;
	if (e->mask.cover != NULL)
		explicit_bzero(e->mask.cover, mask_bytes(&e->mask));
	cache->bytes -= mask_bytes(&e->mask);
	free(e->mask.cover);
	*e = (struct mask_entry){ 0 };
}

const struct ui_mask *mask_find(struct ui *ui, uint64_t key)
{
	struct ui_text_cache *cache = ui->text;

	for (int i = cache->buckets[key & 255]; i != 0; i = cache->masks[i - 1].next)
		if (cache->masks[i - 1].key == key) {
			cache->masks[i - 1].used = ++cache->clock;
			return &cache->masks[i - 1].mask;
		}
	return NULL;
}

static int mask_slot(struct ui_text_cache *cache, size_t bytes)
{
	for (;;) {
		int oldest = -1, free_at = -1;

		for (int i = 0; i < MASKS; i++) {
			if (cache->masks[i].used == 0)
				free_at = i;
			else if (oldest < 0 || cache->masks[i].used < cache->masks[oldest].used)
				oldest = i;
		}
		if (free_at >= 0 && (cache->bytes + bytes <= MASK_BYTES_MAX || oldest < 0))
			return free_at;
		mask_drop(cache, oldest);
	}
}

const struct ui_mask *mask_put(struct ui *ui, uint64_t key, struct ui_mask mask)
{
	struct ui_text_cache *cache = ui->text;
	int at = mask_slot(cache, mask_bytes(&mask));
	struct mask_entry *e = &cache->masks[at];

	*e = (struct mask_entry){ .key = key, .mask = mask, .used = ++cache->clock };
	e->next = cache->buckets[key & 255];
	cache->buckets[key & 255] = at + 1;
	cache->bytes += mask_bytes(&mask);
	return &e->mask;
}

void text_forget(struct ui *ui)
{
	struct ui_text_cache *cache = ui->text;

	for (int i = 0; i < MASKS; i++)
		if (cache->masks[i].used != 0)
			mask_drop(cache, i);
	explicit_bzero(cache->widths, sizeof(cache->widths));
}

size_t text_kept(const struct ui *ui)
{
	return ui->text->bytes;
}

int text_init(struct ui *ui)
{
	int err = LOBBY_ERR_NO_MEMORY;

	ui->text = calloc(1, sizeof(*ui->text));
	if (ui->text == NULL)
		return err;
	init_linebreak();
	return fonts_new(&ui->text->fonts);
}

void text_fini(struct ui *ui)
{
	if (ui->text == NULL)
		return;
	text_forget(ui);
	fonts_free(ui->text->fonts);
	free(ui->text);
	ui->text = NULL;
}

/* ---- runs ---- */

static int add_run(struct run *runs, int count, struct run run)
{
	struct run *last = &runs[SDL_max(count, 1) - 1];

	if (count > 0 && last->ttf == run.ttf && last->rtl == run.rtl && last->to == run.from &&
	    (strcmp(last->tag, run.tag) == 0 || run.tag[0] == '\0' || last->tag[0] == '\0')) {
		last->to = run.to;
		if (last->tag[0] == '\0')
			last->tag = run.tag;
		return count;
	}
	if (count == RUNS_MAX) {
		runs[RUNS_MAX - 1].to = run.to; /* so many changes are no language's: the rest in one font */
		return count;
	}
	runs[count] = run;
	return count + 1;
}

/* Embedding levels of the characters; false if all are left to right. */
static bool levels_of(const struct ui *ui, const uint32_t *chars, int n, FriBidiLevel *levels)
{
	FriBidiCharType types[LINE_MAX_CHARS];
	FriBidiParType base = ui->rtl ? FRIBIDI_PAR_WRTL : FRIBIDI_PAR_WLTR;
	bool any = false;

	for (int i = 0; i < n && !any; i++)
		any = chars[i] >= 0x590 && (chars[i] < 0x900 || (chars[i] >= 0x200E && chars[i] <= 0x202E) ||
					    (chars[i] >= 0xFB1D && chars[i] <= 0xFEFF));
	if (!any)
		return false;
	fribidi_get_bidi_types(chars, n, types);
	return fribidi_get_par_embedding_levels_ex(types, NULL, n, &base, levels) != 0;
}

/* Rule L2: from the highest level down, reverse what is at that level or higher. */
static void reorder(struct run *runs, int *run_levels, int count)
{
	int highest = 0;

	for (int i = 0; i < count; i++)
		highest = SDL_max(highest, run_levels[i]);
	for (int level = highest; level > 0; level--)
		for (int i = 0; i < count; i++) {
			int j = i;

			while (j < count && run_levels[j] >= level)
				j++;
			for (int a = i, b = j - 1; a < b; a++, b--) {
				struct run run = runs[a];
				int l = run_levels[a];

				runs[a] = runs[b];
				run_levels[a] = run_levels[b];
				runs[b] = run;
				run_levels[b] = l;
			}
			i = SDL_max(i, j - 1);
		}
}

/* The visual runs of a line, first drawn first. */
static int runs_of(struct ui *ui, struct ui_font font, const char *text, size_t len, struct run *runs)
{
	uint32_t chars[LINE_MAX_CHARS];
	size_t starts[LINE_MAX_CHARS + 1];
	FriBidiLevel levels[LINE_MAX_CHARS];
	int run_levels[RUNS_MAX] = { 0 };
	struct run before = { 0 };
	int n = 0, count = 0;
	bool bidi;

	for (size_t at = 0; at < len && n < LINE_MAX_CHARS; n++) {
		starts[n] = at;
		chars[n] = text_next(text, len, &at);
		starts[n + 1] = at;
	}
	bidi = levels_of(ui, chars, n, levels);
	for (int i = 0; i < n; i++) {
		bool common = script_is_common(chars[i]);
		struct run run = { .rtl = bidi && (levels[i] & 1) != 0, .from = starts[i], .to = starts[i + 1] };
		int was = count;

		run.tag = script_tag(chars[i]);
		/* What is common to all scripts stays with the font before it, if that has it. */
		if (common && before.ttf != NULL && TTF_GlyphIsProvided32(before.ttf, chars[i])) {
			run.ttf = before.ttf;
			run.file = before.file;
		} else {
			run.ttf = fonts_for(ui->text->fonts, font, chars[i], &run.file);
		}
		if (run.ttf == NULL)
			run.ttf = before.ttf != NULL ? before.ttf : fonts_for(ui->text->fonts, font, '?', &run.file);
		if (run.ttf == NULL)
			continue;
		before = run;
		if (bidi && was > 0 && run_levels[was - 1] != levels[i])
			run.from = starts[i];
		count = add_run(runs, count, run);
		if (count > was)
			run_levels[was] = bidi ? levels[i] : 0;
	}
	if (bidi)
		reorder(runs, run_levels, count);
	return count;
}

/* Copies the run's bytes, mirrored where the direction asks for it, and readies its font. */
static void run_ready(const struct run *run, const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (size_t at = run->from; at < run->to;) {
		size_t from = at;
		FriBidiChar c = text_next(text, run->to, &at), mirrored;
		char bytes[4];
		size_t n = at - from;

		memcpy(bytes, text + from, SDL_min(n, sizeof(bytes)));
		if (run->rtl && fribidi_get_mirror_char(c, &mirrored))
			n = text_encode(mirrored, bytes);
		if (used + n >= size)
			break;
		memcpy(out + used, bytes, n);
		used += n;
	}
	out[used] = '\0';
	TTF_SetFontDirection(run->ttf, run->rtl ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
	TTF_SetFontScriptName(run->ttf, run->tag[0] != '\0' ? run->tag : "Latn");
}

static uint64_t text_key(const struct ui *ui, struct ui_font font, const char *text, size_t len, int what)
{
	int spec[4] = { (int)font.weight, font.px, what, ui->rtl };
	uint64_t key = hash_bytes(hash_bytes(17, spec, sizeof(spec)), text, len);

	return key != 0 ? key : 1;
}

static int measure_runs(struct ui *ui, struct ui_font font, const char *text, size_t len)
{
	struct run runs[RUNS_MAX];
	char buffer[UI_TEXT_MAX];
	int count = runs_of(ui, font, text, len, runs), width = 0;

	for (int i = 0; i < count; i++) {
		int w = 0;

		run_ready(&runs[i], text, buffer, sizeof(buffer));
		if (TTF_SizeUTF8(runs[i].ttf, buffer, &w, NULL) == 0)
			width += w;
	}
	explicit_bzero(buffer, sizeof(buffer));
	return width;
}

int text_width(struct ui *ui, struct ui_font font, const char *text, size_t len)
{
	uint64_t key = text_key(ui, font, text, len, 0);
	size_t at = key % WIDTHS;

	if (len == 0)
		return 0;
	if (ui->text->widths[at].key != key) {
		ui->text->widths[at].width = measure_runs(ui, font, text, len);
		ui->text->widths[at].key = key;
	}
	return ui->text->widths[at].width;
}

bool ui_can_show(struct ui *ui, const char *text)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len;) {
		uint32_t c = text_next(text, len, &at);

		if (c > ' ' && !fonts_cover(ui->text->fonts, c))
			return false;
	}
	return true;
}

/* ---- masks ---- */

/* Adds a run's coverage to the line's, at pen x. SDL_ttf's shaded surface is the coverage, as indices. */
static void mask_add(struct ui_mask *line, SDL_Surface *run, int x)
{
	for (int y = 0; y < run->h && y < line->h; y++) {
		const uint8_t *src = (const uint8_t *)run->pixels + (ptrdiff_t)y * run->pitch;
		uint8_t *dst = line->cover + (ptrdiff_t)y * line->w;

		for (int i = 0; i < run->w && x + i < line->w; i++)
			if (src[i] > dst[x + i])
				dst[x + i] = src[i];
	}
}

static struct ui_mask mask_make(struct ui *ui, struct ui_font font, const char *text, size_t len)
{
	static const SDL_Color white = { 255, 255, 255, 255 }, black = { 0, 0, 0, 255 };
	struct run runs[RUNS_MAX];
	char buffer[UI_TEXT_MAX];
	SDL_Surface *surfaces[RUNS_MAX] = { 0 };
	int tops[RUNS_MAX], advances[RUNS_MAX];
	int count = runs_of(ui, font, text, len, runs), ascent = 0, descent = 0, width = 0, x = 0;
	struct ui_mask mask = { 0 };

	for (int i = 0; i < count; i++) {
		run_ready(&runs[i], text, buffer, sizeof(buffer));
		surfaces[i] = TTF_RenderUTF8_Shaded(runs[i].ttf, buffer, white, black);
		advances[i] = surfaces[i] != NULL ? surfaces[i]->w : 0;
		tops[i] = TTF_FontAscent(runs[i].ttf);
		ascent = SDL_max(ascent, tops[i]);
		if (surfaces[i] != NULL)
			descent = SDL_max(descent, surfaces[i]->h - tops[i]);
		width += advances[i];
	}
	mask.w = width;
	mask.h = ascent + descent;
	mask.y = -ascent;
	mask.advance = width;
	mask.cover = width > 0 && mask.h > 0 ? calloc((size_t)mask.w, (size_t)mask.h) : NULL;
	for (int i = 0; i < count; i++) {
		struct ui_mask lower = mask;

		if (surfaces[i] != NULL && mask.cover != NULL) {
			lower.cover += (ptrdiff_t)(ascent - tops[i]) * mask.w;
			lower.h -= ascent - tops[i];
			mask_add(&lower, surfaces[i], x);
		}
		x += advances[i];
		SDL_FreeSurface(surfaces[i]);
	}
	explicit_bzero(buffer, sizeof(buffer));
	return mask;
}

void text_draw(struct ui *ui, struct ui_canvas *canvas, struct ui_font font, const char *text, size_t len, int x, int y,
	       uint32_t color)
{
	uint64_t key = text_key(ui, font, text, len, 1);
	const struct ui_mask *mask = len > 0 ? mask_find(ui, key) : NULL;

	if (len == 0)
		return;
	if (mask == NULL)
		mask = mask_put(ui, key, mask_make(ui, font, text, len));
	raster_mask(canvas, mask, x, y, false, color);
}

/* ---- lines ---- */

static size_t trimmed(const char *text, size_t from, size_t to)
{
	while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\n'))
		to--;
	return to;
}

static void breaks_of(const struct ui *ui, const char *text, size_t len, char *breaks)
{
	set_linebreaks_utf8((const utf8_t *)text, len, ui->language, breaks);
	if (len > 0)
		breaks[len - 1] = LINEBREAK_MUSTBREAK;
}

int text_min_width(struct ui *ui, struct ui_font font, const char *text)
{
	size_t len = strnlen(text, UI_TEXT_MAX - 1), from = 0;
	uint64_t key = text_key(ui, font, text, len, 2);
	size_t at = key % WIDTHS;
	char breaks[UI_TEXT_MAX];
	int widest = 0;

	if (len == 0)
		return 0;
	if (ui->text->widths[at].key == key)
		return ui->text->widths[at].width;
	breaks_of(ui, text, len, breaks);
	for (size_t i = 0; i < len; i++) {
		if (breaks[i] > LINEBREAK_ALLOWBREAK)
			continue;
		widest = SDL_max(widest, text_width(ui, font, text + from, trimmed(text, from, i + 1) - from));
		from = i + 1;
	}
	ui->text->widths[at].key = key;
	ui->text->widths[at].width = widest;
	return widest;
}

static void add_line(struct ui *ui, struct ui_para *para, const char *text, size_t from, size_t to)
{
	size_t end = trimmed(text, from, to);
	int w = text_width(ui, para->font, text + from, end - from);

	if (para->count == UI_LINES_MAX) {
		para->cut = true;
		return;
	}
	para->lines[para->count++] = (struct ui_line){ text + from, end - from, w };
	para->width = SDL_max(para->width, w);
}

/* The most bytes from `from` that fit: for a word longer than the line at the smallest size. */
static size_t squeeze(struct ui *ui, struct ui_font font, const char *text, size_t from, size_t to, int width)
{
	size_t at = from, best = from;

	while (at < to) {
		size_t next = at;

		text_next(text, to, &next);
		if (text_width(ui, font, text + from, next - from) > width && best > from)
			break;
		at = best = next;
	}
	return best;
}

static void fill_lines(struct ui *ui, const char *text, size_t len, int width, struct ui_para *para)
{
	char breaks[UI_TEXT_MAX];
	size_t from = 0, best = 0;

	if (memchr(text, '\n', len) == NULL && text_width(ui, para->font, text, len) <= width) {
		add_line(ui, para, text, 0, len);
		return;
	}
	breaks_of(ui, text, len, breaks);
	for (size_t i = 0; i < len; i++) {
		size_t end;

		if (breaks[i] > LINEBREAK_ALLOWBREAK)
			continue;
		end = trimmed(text, from, i + 1);
		if (text_width(ui, para->font, text + from, end - from) > width) {
			if (best > from)
				add_line(ui, para, text, from, best);
			from = best > from ? best : from;
			while (text_width(ui, para->font, text + from, trimmed(text, from, i + 1) - from) > width) {
				size_t part = squeeze(ui, para->font, text, from, i + 1, width);

				if (part >= trimmed(text, from, i + 1))
					break;
				add_line(ui, para, text, from, part);
				from = part;
			}
		}
		best = i + 1;
		if (breaks[i] == LINEBREAK_MUSTBREAK) {
			add_line(ui, para, text, from, i + 1);
			from = best = i + 1;
		}
	}
}

/* A last line of one short word looks forgotten: the lines are made shorter as long as they stay as many. */
static void balance(struct ui *ui, const char *text, size_t len, int width, struct ui_para *para)
{
	struct ui_para narrower = *para;
	int least;

	if (para->font.weight == UI_REGULAR || para->count < 2 || para->count > 4 ||
	    para->lines[para->count - 1].width * 5 > para->width * 2 || memchr(text, '\n', len) != NULL)
		return;
	least = text_min_width(ui, para->font, text);
	for (int percent = 92; percent >= 50 && width * percent / 100 >= least; percent -= 6) {
		narrower.count = narrower.width = 0;
		fill_lines(ui, text, len, width * percent / 100, &narrower);
		if (narrower.count != para->count || narrower.width > width * percent / 100)
			return;
		*para = narrower;
	}
}

void text_break(struct ui *ui, struct ui_font font, double spacing, const char *text, int width, struct ui_para *para)
{
	size_t len = strnlen(text, UI_TEXT_MAX - 1);
	int least = smallest_px(ui);

	para->count = 0;
	para->width = 0;
	para->cut = false;
	for (int w = text_min_width(ui, font, text); font.px > least && w > width; w = text_min_width(ui, font, text))
		font.px = SDL_max(least, SDL_min(font.px - 1, (int)((int64_t)font.px * width / SDL_max(w, 1))));
	para->font = font;
	para->advance = (int)(font.px * spacing + 0.5);
	if (len > 0)
		fill_lines(ui, text, len, SDL_max(width, 1), para);
	balance(ui, text, len, width, para);
	para->height = para->count * para->advance;
}
