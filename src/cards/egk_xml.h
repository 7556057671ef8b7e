/* A gzip-packed XML document of an eGK as a few texts: those whose paths are asked for.
 *
 * RFC 1952 (gzip), XML 1.0, namespaces; ISO 8859-15 besides what expat knows. A document type declaration is refused,
 * and with it every entity but the five of XML itself; nothing outside the document is ever read. Bounds: 16 KiB
 * unpacked, 12 elements deep, 255 bytes a text. Heap memory is scrubbed (scrub.h). */
#ifndef LOBBY_CARDS_EGK_XML_H
#define LOBBY_CARDS_EGK_XML_H

#include "base/bytes.h"
#include "base/err.h"

#define EGK_XML_MAX 16384
#define EGK_XML_DEPTH 12
#define EGK_XML_TEXT 256 /* with the NUL */

struct egk_xml_field {
	const char *path; /* local names below the root, "Versicherter/Person/Vorname" */
	int field;	  /* which text it fills */
};

struct egk_xml_schema {
	const char *root; /* local name */
	const struct egk_xml_field *fields;
	int count;
};

/** Fills texts[field] (UTF-8, one line, trimmed) for each path that is there and not empty; the others stay as they
 * are. LOBBY_ERR_CARD_MALFORMED: it is not such a document, not of a known schema version (5.x of the statutory
 * insurers, 1.x of the private ones), too large, or says one thing twice; the texts may be partly filled.
 * LOBBY_ERR_NO_MEMORY. */
int egk_xml_read(struct reader packed, const struct egk_xml_schema *schema, char texts[][EGK_XML_TEXT]) MUST_CHECK;

#endif
