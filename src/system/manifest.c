/* See manifest.h. */
#include "manifest.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mark.h"
#include "base/text.h"

#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(char why[MANIFEST_WHY], int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int refuse(char why[MANIFEST_WHY], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, MANIFEST_WHY, format, args);
	va_end(args);
	return err;
}

static bool is_day(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

static int take_day(const json_t *json, const char *name, char out[11], char why[MANIFEST_WHY])
{
	const char *text = json_string_value(json_object_get(json, name));

	if (text == NULL || !is_day(text))
		return refuse(why, LOBBY_ERR_INVALID, N_("The stick's \"%s\" is no day like 2026-11-23. Make it anew."),
			      name);
	text_copy(out, 11, text);
	return 0;
}

static int take_rights(const json_t *json, struct manifest *m, char why[MANIFEST_WHY])
{
	const json_t *what = json_object_get(json, "what");
	const struct {
		const char *name;
		bool *flag;
	} rights[] = { { "provision", &m->provision },
		       { "update", &m->update },
		       { "logs", &m->logs },
		       { "technician", &m->technician } };

	if (!json_is_array(what) || json_array_size(what) > 16)
		return refuse(why, LOBBY_ERR_INVALID,
			      N_("The stick does not say what it is for (\"what\"). Make it anew."));
	/* What a newer Lobby's stick may do besides is not for us. */
	for (size_t i = 0; i < json_array_size(what); i++) {
		const char *name = json_string_value(json_array_get(what, i));

		for (size_t k = 0; name != NULL && k < sizeof(rights) / sizeof(rights[0]); k++)
			if (strcmp(name, rights[k].name) == 0)
				*rights[k].flag = true;
	}
	return 0;
}

/* A plain name: no path, nothing hidden. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= MANIFEST_NAME || name[0] == '.' || name[0] == '-')
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~-") == len;
}

static int take_files(json_t *json, struct manifest *m, char why[MANIFEST_WHY])
{
	json_t *files = json_object_get(json, "files"), *value;
	const char *name;

	if (files != NULL && (!json_is_object(files) || json_object_size(files) > MANIFEST_FILES))
		return refuse(why, LOBBY_ERR_INVALID, N_("The stick's list of files makes no sense. Make it anew."));
	json_object_foreach(files, name, value)
	{
		struct manifest_file *file = &m->file[m->files];
		const char *hex = json_string_value(value);
		size_t len = 0;

		if (!is_name(name) || hex == NULL || strlen(hex) != 64 ||
		    sodium_hex2bin(file->sha256, 32, hex, 64, NULL, &len, NULL) != 0 || len != 32)
			return refuse(why, LOBBY_ERR_INVALID,
				      N_("The stick's list of files makes no sense. Make it anew."));
		text_copy(file->name, sizeof(file->name), name);
		m->files++;
	}
	return 0;
}

static int take_update(const json_t *json, struct manifest *m, char why[MANIFEST_WHY])
{
	const json_t *update = json_object_get(json, "update");
	const char *file = json_string_value(json_object_get(update, "file"));
	const char *version = json_string_value(json_object_get(update, "version"));

	if (update == NULL)
		return 0;
	if (file == NULL || manifest_find(m, file) == NULL)
		return refuse(why, LOBBY_ERR_INVALID,
			      N_("The stick's update is not in its list of files. Make it anew."));
	if (version == NULL || version[0] == '\0' || strlen(version) >= sizeof(m->update_version) ||
	    strspn(version, "0123456789.abcdefghijklmnopqrstuvwxyz~+-") != strlen(version))
		return refuse(why, LOBBY_ERR_INVALID,
			      N_("The version of the stick's update makes no sense. Make it anew."));
	text_copy(m->update_file, sizeof(m->update_file), file);
	text_copy(m->update_version, sizeof(m->update_version), version);
	return 0;
}

int manifest_parse(const char *json, size_t len, struct manifest *manifest, char why[MANIFEST_WHY])
{
	struct manifest m = { 0 };
	json_t *root = len <= MANIFEST_MAX ? json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	int err = 0;

	if (!json_is_object(root))
		err = refuse(why, LOBBY_ERR_INVALID, N_("The stick's description cannot be read. Make it anew."));
	if (err == 0)
		err = take_day(root, "issued", m.issued, why);
	if (err == 0)
		err = take_day(root, "expires", m.expires, why);
	if (err == 0)
		err = take_rights(root, &m, why);
	if (err == 0)
		err = take_files(root, &m, why);
	if (err == 0)
		err = take_update(root, &m, why);
	json_decref(root);
	if (err == 0)
		*manifest = m;
	return err;
}

int manifest_read(const char *json, size_t len, const char *signature, size_t signature_len, const uint8_t key[32],
		  int64_t now_ms, struct manifest *manifest, char why[MANIFEST_WHY])
{
	struct clock_civil now = clock_civil_of(now_ms);
	uint8_t bytes[crypto_sign_BYTES];
	struct manifest m;
	size_t decoded = 0;
	char today[16];
	int err;

	if (sodium_base642bin(bytes, sizeof(bytes), signature, signature_len, "\r\n \t", &decoded, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    decoded != sizeof(bytes) || crypto_sign_verify_detached(bytes, (const unsigned char *)json, len, key) != 0)
		return refuse(why, LOBBY_ERR_DENIED,
			      N_("This stick is not signed with this clinic's key: nothing on it was used."));
	err = manifest_parse(json, len, &m, why);
	if (err != 0)
		return err;
	snprintf(today, sizeof(today), "%04u-%02u-%02u", (unsigned)now.year % 10000, (unsigned)now.month % 100,
		 (unsigned)now.day % 100);
	if (strcmp(today, m.expires) > 0)
		return refuse(why, LOBBY_ERR_STALE, N_("This stick expired on %s (today is %s). Make a new one."),
			      m.expires, today);
	m.clock_behind = strcmp(today, m.issued) < 0;
	*manifest = m;
	return 0;
}

const struct manifest_file *manifest_find(const struct manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->files; i++)
		if (strcmp(manifest->file[i].name, name) == 0)
			return &manifest->file[i];
	return NULL;
}

int manifest_key_read(const char *path, uint8_t key[32])
{
	char *text = NULL;
	uint8_t bytes[32];
	size_t len = 0, decoded = 0;
	int err = file_read(path, 256, &text, &len);

	if (err != 0)
		return err;
	if (sodium_base642bin(bytes, sizeof(bytes), text, len, "\r\n \t", &decoded, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    decoded != sizeof(bytes))
		err = LOBBY_ERR_CORRUPT;
	else
		memcpy(key, bytes, sizeof(bytes));
	free(text);
	return err;
}
