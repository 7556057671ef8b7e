/* zlib unpacks into one bounded block, expat walks it. The walk keeps the path of local names as one string, and at the
 * end of each element looks whether somebody asked for that path; it stops expat at the first thing that is not as it
 * should be. */
#include "egk_xml.h"

#include "base/text.h"
#include "scrub.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define PATH_MAX_BYTES 192
#define SEPARATOR ' ' /* between namespace and local name: in neither */

struct walk {
	XML_Parser parser;
	const struct egk_xml_schema *schema;
	char (*texts)[EGK_XML_TEXT];
	int depth;
	char path[PATH_MAX_BYTES]; /* "/Versicherter/Person" */
	char text[EGK_XML_TEXT];
	size_t len;
};

static void *zlib_alloc(void *opaque, unsigned items, unsigned size)
{
	(void)opaque;
	return size != 0 && items > SCRUB_MAX / size ? NULL : scrub_alloc((size_t)items * size);
}

static void zlib_free(void *opaque, void *block)
{
	(void)opaque;
	scrub_free(block);
}

/* All of it in one go; what stands behind its end is filling. */
static int unpack(struct reader packed, uint8_t out[EGK_XML_MAX], size_t *len)
{
	z_stream z = { .zalloc = zlib_alloc, .zfree = zlib_free };
	int result;

	if (reader_left(&packed) == 0)
		return LOBBY_ERR_CARD_MALFORMED;
	z.next_in = (Bytef *)(uintptr_t)(packed.data + packed.at);
	z.avail_in = (uInt)reader_left(&packed);
	z.next_out = out;
	z.avail_out = EGK_XML_MAX;
	result = inflateInit2(&z, 15 + 16);
	if (result != Z_OK)
		return LOBBY_ERR_NO_MEMORY;
	result = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (result == Z_MEM_ERROR)
		return LOBBY_ERR_NO_MEMORY;
	if (result != Z_STREAM_END)
		return LOBBY_ERR_CARD_MALFORMED;
	*len = z.total_out;
	return 0;
}

static void stop(struct walk *w)
{
	(void)XML_StopParser(w->parser, XML_FALSE);
}

/* The schema by its namespace, and its first number by CDM_VERSION ("5.2.0"). */
static bool is_known(const char *space, const XML_Char **attributes)
{
	static const struct {
		const char *space;
		char major;
	} rows[] = { { "http://ws.gematik.de/fa/vsds/", '5' },
		     { "http://ws.gematik.de/fa/vsdm/vsd/", '5' },
		     { "http://ws.gematik.de/fa/vsdm/vsd_pkv/", '1' } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strncmp(space, rows[i].space, strlen(rows[i].space)) != 0)
			continue;
		for (; attributes[0] != NULL; attributes += 2)
			if (strcmp(attributes[0], "CDM_VERSION") == 0)
				return attributes[1][0] == rows[i].major && attributes[1][1] == '.';
	}
	return false;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct walk *w = arg;
	const char *local = strrchr(name, SEPARATOR);
	size_t used = strlen(w->path);

	w->len = 0;
	if (local == NULL || w->depth == EGK_XML_DEPTH) {
		stop(w);
	} else if (w->depth++ == 0) {
		if (strcmp(local + 1, w->schema->root) != 0 || !is_known(name, attributes))
			stop(w);
	} else if (snprintf(w->path + used, sizeof(w->path) - used, "/%s", local + 1) >=
		   (int)(sizeof(w->path) - used)) {
		stop(w);
	}
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
	struct walk *w = arg;

	if (len < 0 || (size_t)len >= sizeof(w->text) - w->len) {
		stop(w);
		return;
	}
	memcpy(w->text + w->len, text, (size_t)len);
	w->len += (size_t)len;
}

static bool is_one_line(const char *text)
{
	return text_is_clean(text, strlen(text)) && strpbrk(text, "\t\n") == NULL;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct walk *w = arg;
	char *last = strrchr(w->path, '/');

	(void)name;
	w->text[w->len] = '\0';
	text_trim(w->text);
	for (int i = 0; last != NULL && w->text[0] != '\0' && i < w->schema->count; i++) {
		char *out = w->texts[w->schema->fields[i].field];

		if (strcmp(w->path + 1, w->schema->fields[i].path) != 0)
			continue;
		if (out[0] != '\0' || !is_one_line(w->text))
			stop(w);
		else
			text_copy(out, EGK_XML_TEXT, w->text);
	}
	if (last != NULL)
		*last = '\0';
	w->len = 0;
	w->depth--;
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
			       int has_internal)
{
	(void)name, (void)system, (void)public, (void)has_internal;
	stop(arg);
}

/* ISO 8859-15: Latin-1 with eight letters changed; 80 to 9F are controls, which no card has. */
static int XMLCALL on_encoding(void *arg, const XML_Char *name, XML_Encoding *encoding)
{
	static const char *const names[] = { "ISO-8859-15", "ISO8859-15", "ISO_8859-15", "Latin-9" };
	static const struct {
		uint8_t byte;
		uint16_t c;
	} changed[] = { { 0xA4, 0x20AC }, { 0xA6, 0x160 }, { 0xA8, 0x161 }, { 0xB4, 0x17D },
			{ 0xB8, 0x17E },  { 0xBC, 0x152 }, { 0xBD, 0x153 }, { 0xBE, 0x178 } };
	bool known = false;

	(void)arg;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known = known || strcasecmp(name, names[i]) == 0;
	if (!known)
		return XML_STATUS_ERROR;
	for (int i = 0; i < 256; i++)
		encoding->map[i] = i >= 0x80 && i < 0xA0 ? -1 : i;
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		encoding->map[changed[i].byte] = changed[i].c;
	encoding->data = NULL;
	encoding->convert = NULL;
	encoding->release = NULL;
	return XML_STATUS_OK;
}

static int walk_document(const uint8_t *xml, size_t len, struct walk *w)
{
	static const XML_Memory_Handling_Suite memory = { scrub_alloc, scrub_resize, scrub_free };
	static const XML_Char separator[] = { SEPARATOR, '\0' };
	int err = 0;

	w->parser = XML_ParserCreate_MM(NULL, &memory, separator);
	if (w->parser == NULL)
		return LOBBY_ERR_NO_MEMORY;
	XML_SetUserData(w->parser, w);
	XML_SetElementHandler(w->parser, on_start, on_end);
	XML_SetCharacterDataHandler(w->parser, on_text);
	XML_SetStartDoctypeDeclHandler(w->parser, on_doctype);
	XML_SetUnknownEncodingHandler(w->parser, on_encoding, NULL);
	if (XML_Parse(w->parser, (const char *)xml, (int)len, 1) != XML_STATUS_OK)
		err = XML_GetErrorCode(w->parser) == XML_ERROR_NO_MEMORY ? LOBBY_ERR_NO_MEMORY
									 : LOBBY_ERR_CARD_MALFORMED;
	XML_ParserFree(w->parser);
	return err;
}

int egk_xml_read(struct reader packed, const struct egk_xml_schema *schema, char texts[][EGK_XML_TEXT])
{
	struct walk w = { .schema = schema, .texts = texts };
	uint8_t *xml = scrub_alloc(EGK_XML_MAX);
	size_t len = 0;
	int err;

	if (xml == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = unpack(packed, xml, &len);
	if (err == 0)
		err = walk_document(xml, len, &w);
	scrub_free(xml);
	explicit_bzero(&w, sizeof(w));
	return err;
}
