/* See closed.h. The count is written before anything is decided on it. */
#include "closed.h"

#include "espfile.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT "state.closed"
#define OPENED "state.opened"
#define MAX_COUNT 1000

/* A file's one line, "" if there is none. */
static int line_of(const struct esp *esp, const char *name, char out[CLOSED_WHO + 8])
{
	char *text = NULL;
	size_t len = 0;
	int err = espfile_read(esp, name, 256, &text, &len);

	out[0] = '\0';
	if (err == 0) {
		text_trim(text);
		text_copy(out, CLOSED_WHO + 8, text);
	}
	free(text);
	return err == LOBBY_ERR_NOT_FOUND || err == LOBBY_ERR_TOO_LONG ? 0 : err;
}

/* Starts in a row that were counted; another version's, and what is no number, are none. */
static int starts_of(const char *line, const char *who)
{
	char *end;
	long starts = strtol(line, &end, 10);

	return end != line && *end == ' ' && strcmp(end + 1, who) == 0 && starts > 0 && starts < MAX_COUNT ? (int)starts
													   : 0;
}

enum closed_verdict closed_count(const struct esp *esp, const char *who, bool again)
{
	char opened[CLOSED_WHO + 8], line[CLOSED_WHO + 8];
	int starts, err = line_of(esp, OPENED, opened);
	bool strange = opened[0] != '\0' && strcmp(opened, who) != 0;

	if (err == 0)
		err = line_of(esp, COUNT, line);
	if (err != 0) {
		log_event(LOG_ERROR, "state-uncounted", "error=%s", err_event(err));
		return CLOSED_WAIT;
	}
	starts = starts_of(line, who);
	if (again && starts > 0)
		starts--;
	if (starts >= (strange ? 2 * CLOSED_STARTS : CLOSED_STARTS))
		return CLOSED_ANEW;
	snprintf(line, sizeof(line), "%d %s", starts + 1, who);
	err = espfile_write(esp, COUNT, line, strlen(line));
	log_event(LOG_WARNING, "state-closed", "starts=%d strange=%d error=%s", starts + 1, strange, err_event(err));
	return err == 0 && strange && starts < CLOSED_STARTS ? CLOSED_RESTART : CLOSED_WAIT;
}

void closed_opened(const struct esp *esp, const char *who)
{
	char line[CLOSED_WHO + 8];

	espfile_remove(esp, COUNT);
	if (line_of(esp, OPENED, line) == 0 && strcmp(line, who) == 0)
		return;
	if (espfile_write(esp, OPENED, who, strlen(who)) != 0)
		log_event(LOG_ERROR, "state-unnoted", "file=%s", OPENED);
}

void closed_forget(const struct esp *esp)
{
	espfile_remove(esp, COUNT);
	espfile_remove(esp, OPENED);
}
