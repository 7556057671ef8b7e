/* Any bytes as a file of FHIR resources: what is not read is refused with a reason; nothing else may happen. */
#include "clinic/fhir.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_one(struct fhir_reader *reader, const json_t *json, const char *full_url)
{
	struct fhir_resource resource;

	if (fhir_read(reader, json, full_url, &resource) != 0)
		assert(reader->why[0] != '\0');
	else if (resource.type != FHIR_OTHER)
		assert(resource.id[0] != '\0');
}

static void read_line(const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *urls = fhir_full_urls(json);
	const json_t *entries = json_object_get(json, "entry");
	struct fhir_reader reader = { 0 };

	read_one(&reader, json, "");
	reader.full_urls = urls;
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const char *url = json_string_value(json_object_get(entry, "fullUrl"));

		read_one(&reader, json_object_get(entry, "resource"), url != NULL ? url : "");
	}
	json_decref(urls);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end != NULL ? (size_t)(end - text) + 1 : len;

		read_line(text, n);
		text += n;
		len -= n;
	}
	return 0;
}
