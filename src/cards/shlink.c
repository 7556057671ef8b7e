/* See shlink.h. What a newer sharer adds is passed over, as the specification asks: unknown members, flags and file
 * types do no harm; only another version is refused. */
#include "shlink.h"

#include "base/text.h"
#include "jose.h"
#include "shc.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#define SCHEME "shlink:/"
#define KEY_TEXT 43 /* 32 bytes in base64url without padding */
#define VERSION 1

static int read_payload(const json_t *json, struct shlink *shlink)
{
	const json_t *exp = json_object_get(json, "exp"), *version = json_object_get(json, "v");
	const char *url = jose_text(json, "url"), *key = jose_text(json, "key"), *flag = jose_text(json, "flag");
	size_t len = 0;

	if (version != NULL && !(json_number_value(version) == VERSION))
		return json_is_number(version) ? LOBBY_ERR_VERSION : LOBBY_ERR_CARD_MALFORMED;
	if (*url == '\0' || !text_is_clean(url, strlen(url)) || strlen(key) != KEY_TEXT ||
	    (exp != NULL && !(json_number_value(exp) > 0)))
		return LOBBY_ERR_CARD_MALFORMED;
	if (!text_copy(shlink->url, sizeof(shlink->url), url))
		return LOBBY_ERR_TOO_LONG;
	if (jose_decode(key, KEY_TEXT, shlink->key, sizeof(shlink->key), &len) != 0 || len != sizeof(shlink->key))
		return LOBBY_ERR_CARD_MALFORMED;
	shlink->exp_s = exp != NULL ? json_number_value(exp) : 0;
	shlink->passcode = strchr(flag, 'P') != NULL;
	shlink->direct = strchr(flag, 'U') != NULL;
	return 0;
}

int shlink_parse(const char *link, size_t len, struct shlink *shlink)
{
	struct shlink made = { .exp_s = 0 };
	uint8_t bytes[SHC_MAX_LINK];
	json_t *json;
	size_t n = 0;
	int err = LOBBY_ERR_CARD_MALFORMED;

	if (len > SHC_MAX_LINK)
		return LOBBY_ERR_TOO_LONG;
	if (len <= sizeof(SCHEME) - 1 || strncasecmp(link, SCHEME, sizeof(SCHEME) - 1) != 0)
		return LOBBY_ERR_CARD_MALFORMED;
	link += sizeof(SCHEME) - 1;
	len -= sizeof(SCHEME) - 1;
	/* Padding is none of base64url's here, and still written by some. */
	for (int i = 0; i < 2 && len > 0 && link[len - 1] == '='; i++)
		len--;
	if (jose_decode(link, len, bytes, sizeof(bytes), &n) != 0)
		return LOBBY_ERR_CARD_MALFORMED;
	json = jose_object((const char *)bytes, n);
	if (json != NULL)
		err = read_payload(json, &made);
	json_decref(json);
	sodium_memzero(bytes, n);
	if (err == 0)
		*shlink = made;
	sodium_memzero(&made, sizeof(made));
	return err;
}

/* ---- the manifest ---- */

enum shlink_type shlink_type_of(const char *media_type)
{
	static const struct {
		const char *name;
		enum shlink_type type;
	} types[] = { { "application/smart-health-card", SHLINK_CARD }, { "application/fhir+json", SHLINK_FHIR } };
	size_t len = strcspn(media_type, ";");

	while (len > 0 && isspace((unsigned char)media_type[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (len == strlen(types[i].name) && strncasecmp(media_type, types[i].name, len) == 0)
			return types[i].type;
	return len == 0 ? SHLINK_UNTOLD : SHLINK_OTHER;
}

static bool is_withdrawn(const json_t *file)
{
	static const char *const words[] = { "no-longer-valid", "retracted", "entered-in-error" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(jose_text(file, "status"), words[i]) == 0)
			return true;
	return false;
}

static int read_file(const json_t *json, struct shlink_manifest *manifest)
{
	const json_t *embedded = json_object_get(json, "embedded");
	struct shlink_file *file = &manifest->files[manifest->count];
	const char *location = jose_text(json, "location");

	if (!json_is_object(json))
		return LOBBY_ERR_CARD_MALFORMED;
	if (is_withdrawn(json)) {
		manifest->withdrawn++;
		return 0;
	}
	*file = (struct shlink_file){ .type = shlink_type_of(jose_text(json, "contentType")) };
	if (file->type == SHLINK_OTHER)
		return 0;
	if (json_is_string(embedded)) {
		file->embedded = json_string_value(embedded);
		file->embedded_len = json_string_length(embedded);
	} else if (*location != '\0' && text_is_clean(location, strlen(location))) {
		file->location = location;
	} else {
		return LOBBY_ERR_CARD_MALFORMED;
	}
	if (file->location != NULL && strlen(location) > SHLINK_MAX_LOCATION)
		return LOBBY_ERR_TOO_LONG;
	manifest->count++;
	return 0;
}

int shlink_manifest_open(const char *text, size_t len, struct shlink_manifest *manifest)
{
	struct shlink_manifest made = { .json = jose_object(text, len) };
	const json_t *files = json_object_get(made.json, "files");
	int err = json_is_array(files) ? 0 : LOBBY_ERR_CARD_MALFORMED;

	if (json_array_size(files) > SHLINK_MAX_FILES)
		err = LOBBY_ERR_TOO_LONG;
	for (size_t i = 0; err == 0 && i < json_array_size(files); i++)
		err = read_file(json_array_get(files, i), &made);
	/* An older draft says it of the whole. */
	if (err == 0 && is_withdrawn(made.json)) {
		made.withdrawn += made.count;
		made.count = 0;
	}
	if (err != 0) {
		json_decref(made.json);
		return err;
	}
	*manifest = made;
	return 0;
}

void shlink_manifest_close(struct shlink_manifest *manifest)
{
	json_decref(manifest->json);
	*manifest = (struct shlink_manifest){ .count = 0 };
}
