/* See timeserver.h. What chronyd reads is written from parsed names only, so that no line of a stick's gets to it. */
#include "timeserver.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN 64
#define HOST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:"
#define BETWEEN ", "

int timeserver_print(const char *text, char *out, size_t size)
{
	char lines[TIMESERVER_MAX * (NAME_MAX_LEN + 24)] = "";
	size_t at = 0;
	int count = 0;

	for (text += strspn(text, BETWEEN); *text != '\0'; text += strspn(text, BETWEEN)) {
		bool nts = strncmp(text, "nts://", 6) == 0;
		size_t len;

		if ((!nts && strncmp(text, "ntp://", 6) != 0) || ++count > TIMESERVER_MAX)
			return LOBBY_ERR_INVALID;
		text += 6;
		len = strspn(text, HOST);
		if (len == 0 || len > NAME_MAX_LEN || text[0] == '-' ||
		    (text[len] != '\0' && !strchr(BETWEEN, text[len])))
			return LOBBY_ERR_INVALID;
		at += (size_t)snprintf(lines + at, sizeof(lines) - at, "server %.*s%s iburst\n", (int)len, text,
				       nts ? " nts" : "");
		text += len;
	}
	if (at >= size)
		return LOBBY_ERR_TOO_LONG;
	memcpy(out, lines, at + 1);
	return 0;
}

/* chronyd is a user of its own: it must be able to read it, whatever our umask is. */
static int hand_over(const char *run, const char *lines)
{
	char path[512];
	int err;

	if (snprintf(path, sizeof(path), "%s/clinic.sources", run) >= (int)sizeof(path))
		return LOBBY_ERR_TOO_LONG;
	if (lines[0] == '\0')
		return unlink(path) == 0 || errno == ENOENT ? 0 : LOBBY_ERR_IO;
	err = file_replace(path, lines, strlen(lines), 0644);
	return err == 0 && chmod(path, 0644) != 0 ? LOBBY_ERR_IO : err;
}

int timeserver_set(const char *kept, const char *run, const char *text)
{
	char lines[512];
	int err = timeserver_print(text, lines, sizeof(lines));

	if (err == 0)
		err = file_replace(kept, text, strlen(text), 0600);
	return err == 0 ? hand_over(run, lines) : err;
}

void timeserver_hand_over(const char *kept, const char *run)
{
	char lines[512], *text = NULL;
	size_t len = 0;

	if (file_read(kept, TIMESERVER_TEXT, &text, &len) != 0)
		return;
	if (strlen(text) != len || timeserver_print(text, lines, sizeof(lines)) != 0 || hand_over(run, lines) != 0)
		log_event(LOG_WARNING, "time-servers", "%s", "");
	free(text);
}
