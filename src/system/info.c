/* See info.h. RAUC's words are for its developers; the common ones have a sentence of ours, the rest is passed on as it
 * is. */
#include "info.h"

#include "boot.h"

#include "base/mark.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXITED "exited with code "

static bool take(const json_t *json, const char *name, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL && text_is_clean(text, strlen(text)) && text_copy(out, size, text);
}

int info_parse(const char *output, struct info_bundle *bundle)
{
	struct info_bundle found;
	const char *line = output;
	json_t *json;
	bool ok;

	while (*line != '{') {
		line = strchr(line, '\n');
		if (line == NULL)
			return LOBBY_ERR_NOT_FOUND;
		line++;
	}
	json = json_loadb(line, strcspn(line, "\n"), 0, NULL);
	ok = json_is_object(json) && take(json, "compatible", found.compatible, sizeof(found.compatible)) &&
	     take(json, "version", found.version, sizeof(found.version)) && version_is_valid(found.version);
	json_decref(json);
	if (!ok)
		return LOBBY_ERR_INVALID;
	*bundle = found;
	return 0;
}

int info_percent(const char *line)
{
	char *end;
	long percent;

	line += strspn(line, " ");
	if (*line < '0' || *line > '9')
		return -1;
	percent = strtol(line, &end, 10);
	return end[0] == '%' && end[1] == ' ' && percent <= 100 ? (int)percent : -1;
}

const char *info_last_error(const char *line)
{
	static const char mark[] = "LastError:";

	if (strncmp(line, mark, strlen(mark)) != 0)
		return NULL;
	line += strlen(mark);
	return line + strspn(line, " ");
}

/* GLib's: "rauc-Message: 19:27:31.434: ...", "(rauc:11765): rauc-WARNING **: ...". */
static bool is_message(const char *line, size_t len)
{
	return (len > 5 && strncmp(line, "rauc-", 5) == 0) || (len > 6 && strncmp(line, "(rauc:", 6) == 0);
}

void info_reason(const char *output, char out[INFO_REASON])
{
	size_t len;

	out[0] = '\0';
	for (const char *line = output; *line != '\0'; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len > 0 && !is_message(line, len))
			text_copy_n(out, INFO_REASON, line, len);
	}
	if (!text_is_clean(out, strlen(out)))
		out[0] = '\0';
}

void info_explain(const char *reason, char out[INFO_TEXT])
{
	static const struct {
		const char *words;
		const char *sentence;
	} known[] = {
		{ "not yet valid", N_("The update's signature is not valid yet: is this kiosk's clock right?") },
		{ "has expired", N_("The update was signed with a key that has expired.") },
		{ "signature verification failed", N_("The update is not signed with this clinic's key.") },
		{ "Invalid bundle format", N_("The file is damaged or no update.") },
		{ "Compatible mismatch", N_("The update is for another kind of machine.") },
		{ "format not allowed", N_("The update is of a kind that this kiosk does not take.") },
		{ "No such file", N_("The update's file is not there.") },
		{ "Input/output error", N_("The update's contents are damaged, or the disk is.") },
		{ "No space left", N_("The update does not fit into its slot.") },
		{ "Unable to get a bus", N_("The part that installs updates (RAUC) does not run.") },
		{ INFO_TOO_LONG, N_("The update took too long.") },
		{ "org.freedesktop.DBus", N_("The part that installs updates (RAUC) does not run.") },
	};
	const char *code = strstr(reason, EXITED);
	long status = code != NULL ? strtol(code + strlen(EXITED), NULL, 10) : 0;

	if (status >= BOOT_BUNDLE && status <= BOOT_ESP_FULL) {
		text_copy(out, INFO_TEXT, boot_refusal_text((int)status));
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(reason, known[i].words) == NULL)
			continue;
		text_copy(out, INFO_TEXT, known[i].sentence);
		return;
	}
	if (reason[0] != '\0')
		snprintf(out, INFO_TEXT, N_("The update could not be installed. RAUC says: %.114s"), reason);
	else
		text_copy(out, INFO_TEXT, N_("The update could not be installed."));
}
