/* See provfile.h. One table of fields, each with what may stand in it. */
#include "provfile.h"

#include "netcheck.h"

#include "base/mark.h"
#include "base/text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LETTERS UPPER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

struct why {
	char *text;
	size_t size;
};

static int refuse(struct why why, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct why why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why.text, why.size, format, args);
	va_end(args);
	return LOBBY_ERR_INVALID;
}

/* A field that is text: where it goes, which characters it may have (NULL: any but control characters). */
struct text_field {
	const char *name;
	char *out;
	size_t size;
	const char *allowed;
	const char *like; /* the refusal: its name, and how many letters it may have */
};

/* The sentence is one of a table's: the name, and for some of them a number. */
static int refuse_named(struct why why, const char *sentence, const char *prefix, const char *name, size_t most)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "%s%.40s", prefix, name);
	snprintf(why.text, why.size, sentence, whole, most);
	return LOBBY_ERR_INVALID;
}

static int take_text(const json_t *json, const char *prefix, const struct text_field *field, struct why why)
{
	const json_t *value = json_object_get(json, field->name);
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (value == NULL)
		return 0;
	if (text == NULL || len >= field->size || strlen(text) != len || !text_is_clean(text, len) ||
	    strpbrk(text, "\n\t") != NULL || (field->allowed != NULL && strspn(text, field->allowed) != len))
		return refuse_named(why, field->like, prefix, field->name, field->size - 1);
	text_copy(field->out, field->size, text);
	return 0;
}

static int take_texts(const json_t *json, const char *prefix, const struct text_field *fields, size_t count,
		      struct why why)
{
	for (size_t i = 0; i < count; i++)
		if (take_text(json, prefix, &fields[i], why) != 0)
			return LOBBY_ERR_INVALID;
	return 0;
}

/* Fields that nobody knows: other is a NULL-ended list of those that are no text. */
static int check_known(json_t *json, const char *prefix, const struct text_field *fields, size_t count,
		       const char *const other[], struct why why)
{
	const char *name;
	json_t *value;

	json_object_foreach(json, name, value)
	{
		bool known = false;

		for (size_t i = 0; i < count && !known; i++)
			known = strcmp(name, fields[i].name) == 0;
		for (size_t i = 0; other[i] != NULL && !known; i++)
			known = strcmp(name, other[i]) == 0;
		if (!known)
			return refuse_named(why, N_("%s: there is no such field."), prefix,
					    text_is_clean(name, strlen(name)) ? name : "?", 0);
	}
	return 0;
}

static int take_panel(json_t *json, struct provfile *file, struct why why)
{
	lobby_Panel *panel = &file->panel;
	static const char *const other[] = { "rotation", NULL };
	const struct text_field fields[] = {
		{ "connector", panel->connector, sizeof(panel->connector), NULL,
		  N_("%s: a name like HDMI-A-1 is expected, of at most %zu letters.") },
		{ "mode", panel->mode, sizeof(panel->mode), NULL,
		  N_("%s: a size like 1920x1080 is expected, of at most %zu letters.") },
	};
	const json_t *rotation = json_object_get(json, "rotation");

	if (!json_is_object(json))
		return refuse(why, N_("panel: an object with rotation, connector and mode is expected."));
	if (rotation != NULL &&
	    (!json_is_integer(rotation) || json_integer_value(rotation) < 0 || json_integer_value(rotation) > 270))
		return refuse(why, N_("panel.rotation: one of 0, 90, 180 and 270 is expected."));
	panel->rotation = (uint32_t)json_integer_value(rotation);
	if (take_texts(json, "panel.", fields, 2, why) != 0 || check_known(json, "panel.", fields, 2, other, why) != 0)
		return LOBBY_ERR_INVALID;
	file->has_panel = true;
	return efipanel_check(panel, why.text, why.size);
}

static int take_network(json_t *json, struct provfile *file, struct why why)
{
	lobby_Network *n = &file->network;
	static const char *const other[] = { NULL };
	const struct text_field fields[] = {
		{ "name", n->name, sizeof(n->name), NULL,
		  N_("%s: a link's name like enp1s0 is expected, of at most %zu letters.") },
		{ "ssid", n->ssid, sizeof(n->ssid), NULL,
		  N_("%s: a wireless network's name is expected, of at most %zu letters.") },
		{ "passphrase", n->passphrase, sizeof(n->passphrase), NULL,
		  N_("%s: text is expected, of at most %zu letters.") },
		{ "address", n->address, sizeof(n->address), NULL,
		  N_("%s: an address like 192.0.2.7/24 is expected, of at most %zu letters.") },
		{ "gateway", n->gateway, sizeof(n->gateway), NULL,
		  N_("%s: an address like 192.0.2.1 is expected, of at most %zu letters.") },
		{ "dns", n->dns, sizeof(n->dns), NULL,
		  N_("%s: an address like 192.0.2.53 is expected, of at most %zu letters.") },
	};

	if (!json_is_object(json))
		return refuse(why, N_("network: an object with name, ssid, address and so on is expected."));
	if (take_texts(json, "network.", fields, 6, why) != 0 ||
	    check_known(json, "network.", fields, 6, other, why) != 0)
		return LOBBY_ERR_INVALID;
	file->has_network = true;
	return network_check(n, why.text, why.size);
}

static int check_whole(const struct provfile *file, struct why why)
{
	const char *url = file->enrol.url, *code = file->enrol.code;
	char servers[512];

	if (url[0] != '\0' && (strncmp(url, "https://", 8) != 0 || url[8] == '\0' || url[8] == '/'))
		return refuse(why, N_("clinic: an address like https://clinic.example.org:8443 is expected."));
	if ((url[0] != '\0') != (code[0] != '\0'))
		return refuse(why, N_("%s: it is missing; clinic and code go together."),
			      url[0] != '\0' ? "code" : "clinic");
	if (strstr(file->time_zone, "..") != NULL || file->time_zone[0] == '/')
		return refuse(why, N_("time_zone: a name like America/New_York is expected."));
	if (timeserver_print(file->time, servers, sizeof(servers)) != 0)
		return refuse(why, N_("time: up to %d servers like nts://time.clinic.example are expected."),
			      TIMESERVER_MAX);
	return 0;
}

static int take_all(json_t *json, struct provfile *file, struct why why)
{
	static const char *const other[] = { "panel", "network", "set_up", NULL };
	const struct text_field fields[] = {
		{ "clinic", file->enrol.url, sizeof(file->enrol.url), LETTERS DIGITS "-._~:/[]@%",
		  N_("%s: an address like https://clinic.example.org is expected, of at most %zu letters.") },
		{ "code", file->enrol.code, sizeof(file->enrol.code), LETTERS DIGITS "-",
		  N_("%s: a code like 7QXK-M2PD-9TRA is expected, of at most %zu letters.") },
		{ "name", file->enrol.name, sizeof(file->enrol.name), NULL,
		  N_("%s: text is expected, of at most %zu letters.") },
		{ "language", file->language, sizeof(file->language), LETTERS DIGITS "-",
		  N_("%s: a language's tag like en is expected, of at most %zu letters.") },
		{ "time_zone", file->time_zone, sizeof(file->time_zone), LETTERS DIGITS "/_+-.",
		  N_("%s: a name like America/New_York is expected, of at most %zu letters.") },
		{ "time", file->time, sizeof(file->time), NULL,
		  N_("%s: servers like nts://time.clinic.example are expected, of at most %zu letters.") },
	};
	size_t count = sizeof(fields) / sizeof(fields[0]);
	json_t *panel = json_object_get(json, "panel"), *network = json_object_get(json, "network");
	const json_t *set_up = json_object_get(json, "set_up");

	if (take_texts(json, "", fields, count, why) != 0 || check_known(json, "", fields, count, other, why) != 0)
		return LOBBY_ERR_INVALID;
	if (set_up != NULL && !json_is_boolean(set_up))
		return refuse(why, N_("set_up: true or false is expected."));
	file->set_up = json_is_true(set_up);
	if (panel != NULL && take_panel(panel, file, why) != 0)
		return LOBBY_ERR_INVALID;
	if (network != NULL && take_network(network, file, why) != 0)
		return LOBBY_ERR_INVALID;
	return check_whole(file, why);
}

int provfile_parse(const char *json, size_t len, struct provfile *file, char *why, size_t size)
{
	struct provfile read = { 0 };
	struct why told = { why, size };
	json_error_t at;
	json_t *root;
	int err;

	if (len > PROVFILE_MAX)
		return refuse(told, N_("The provisioning file is too long."));
	root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &at);
	if (!json_is_object(root))
		err = refuse(told, N_("The provisioning file is no JSON object (line %d)."),
			     root == NULL ? at.line : 1);
	else
		err = take_all(root, &read, told);
	json_decref(root);
	if (err == 0)
		*file = read;
	return err;
}

void provfile_name(const char *name, const char *digits, char *out, size_t size)
{
	const char *at = strstr(name, "{n}");

	if (at == NULL)
		text_copy(out, size, name);
	else
		snprintf(out, size, "%.*s%s%s", (int)(at - name), name, digits, at + 3);
}
