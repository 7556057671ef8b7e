/* Any text as a SMART Health Link, as the payload of one, and as a manifest: what is taken keeps its bounds. */
#include "cards/shc.h"
#include "cards/shlink.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void parse(const char *link, size_t len)
{
	struct shlink shlink;

	if (shlink_parse(link, len, &shlink) != 0)
		return;
	assert(memchr(shlink.url, '\0', sizeof(shlink.url)) != NULL && shlink.url[0] != '\0');
	assert(shlink.exp_s >= 0);
}

static void manifest(const char *text, size_t len)
{
	struct shlink_manifest m;

	if (shlink_manifest_open(text, len, &m) != 0)
		return;
	assert(m.count >= 0 && m.count <= SHLINK_MAX_FILES && m.withdrawn <= SHLINK_MAX_FILES);
	for (int i = 0; i < m.count; i++) {
		assert((m.files[i].location == NULL) != (m.files[i].embedded == NULL));
		assert(m.files[i].type != SHLINK_OTHER);
		if (m.files[i].location != NULL)
			assert(strlen(m.files[i].location) <= SHLINK_MAX_LOCATION);
		else
			assert(strlen(m.files[i].embedded) == m.files[i].embedded_len);
	}
	shlink_manifest_close(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char link[SHC_MAX_LINK + 64];
	const uint8_t *found;
	size_t found_len;

	if (shc_link_open(data, len, &found, &found_len) == 0) {
		assert(found_len <= SHC_MAX_LINK);
		parse((const char *)found, found_len);
	}
	manifest((const char *)data, len);
	/* The same bytes as what the link's base64url stands for. */
	if (sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING) <= sizeof(link) - 8) {
		memcpy(link, "shlink:/", 8);
		sodium_bin2base64(link + 8, sizeof(link) - 8, data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		parse(link, strlen(link));
	}
	return 0;
}
