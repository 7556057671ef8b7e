/* See efipanel.h. */
#include "efipanel.h"

#include "netcheck.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTRIBUTES 7 /* kept without power, seen at boot and by us */
#define COPY "/run/lobby-panel"

struct panel {
	lobby_Panel panel;
	char language[EFIPANEL_LANGUAGE];
};

static int path_of(const char *efivars, char out[512])
{
	return snprintf(out, 512, "%s/" PANEL_VARIABLE, efivars) < 512 ? 0 : LOBBY_ERR_TOO_LONG;
}

int efipanel_load(const char *efivars, lobby_Panel *panel, char language[EFIPANEL_LANGUAGE])
{
	char path[512], *data = NULL;
	size_t len = 0;
	int err = path_of(efivars, path);

	if (err == 0)
		err = file_read(path, 1024, &data, &len);
	if (err == 0 && len > 4)
		efipanel_parse(data + 4, panel, language);
	else if (err == 0)
		err = LOBBY_ERR_NOT_FOUND;
	free(data);
	return err;
}

/* The kernel guards variables that it does not know against rm: the flag is taken off for the moment, and put back if
 * it was there. */
static bool guard(int fd, bool on)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 || !(flags & FS_IMMUTABLE_FL) == !on)
		return false;
	flags ^= FS_IMMUTABLE_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) != 0)
		log_event(LOG_WARNING, "panel-guard", "errno=%d", errno);
	return true;
}

int efipanel_save(const char *efivars, const lobby_Panel *panel, const char *language)
{
	char path[512], text[256];
	uint8_t bytes[300];
	struct writer w = writer_of(bytes, sizeof(bytes));
	int err = path_of(efivars, path), fd;
	bool guarded = false;

	if (err != 0)
		return err;
	efipanel_print(panel, language, text, sizeof(text));
	write_le16(&w, ATTRIBUTES);
	write_le16(&w, 0);
	write_text(&w, text);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		guarded = guard(fd, false);
		close(fd);
	}
	/* One write: the firmware takes it whole or not at all. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return LOBBY_ERR_IO;
	if (write(fd, bytes, w.len) != (ssize_t)w.len)
		err = LOBBY_ERR_IO;
	if (guarded)
		guard(fd, true);
	close(fd);
	return err;
}

/* For lobby-kiosk, which may not read EFI's variables. */
static void copy(const lobby_Panel *panel, const char *language)
{
	char text[256];

	efipanel_print(panel, language, text, sizeof(text));
	if (file_replace(COPY, text, strlen(text), 0644) != 0 || chmod(COPY, 0644) != 0)
		log_event(LOG_ERROR, "panel-copy", "errno=%d", errno);
}

int efipanel_set(struct system *sys, const lobby_Panel *panel, char *why, size_t size)
{
	int err = efipanel_check(panel, why, size);

	if (err == 0 && efipanel_save(sys->options.efivars, panel, sys->panel->language) != 0) {
		snprintf(why, size, N_("This machine's firmware did not keep the panel's setting."));
		err = LOBBY_ERR_IO;
	}
	if (err != 0)
		return err;
	log_event(LOG_NOTICE, "panel", "rotation=%u connector=%s mode=%s", (unsigned)panel->rotation, panel->connector,
		  panel->mode);
	sys->panel->panel = *panel;
	if (system_is_appliance(sys))
		copy(panel, sys->panel->language);
	system_changed(sys);
	return 0;
}

void efipanel_language(struct system *sys, const char *language)
{
	struct panel *p = sys->panel;

	if (language[0] == '\0' || !efipanel_is_language(language) || strcmp(language, p->language) == 0)
		return;
	if (efipanel_save(sys->options.efivars, &p->panel, language) != 0) {
		log_event(LOG_WARNING, "panel-language", "language=%s kept=0", language);
		return;
	}
	text_copy(p->language, sizeof(p->language), language);
	if (system_is_appliance(sys))
		copy(&p->panel, p->language);
}

void efipanel_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	char why[SYSTEM_TEXT] = "";
	int err = command->has_panel ? efipanel_set(sys, &command->panel, why, sizeof(why)) : LOBBY_ERR_INVALID;

	system_answer(conn, command, err, err == 0 ? N_("Set. The picture turns when the screen starts anew.") : why);
}

int efipanel_init(struct system *sys)
{
	struct panel *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return LOBBY_ERR_NO_MEMORY;
	sys->panel = p;
	if (efipanel_load(sys->options.efivars, &p->panel, p->language) != 0)
		p->panel = (lobby_Panel)lobby_Panel_init_zero;
	return 0;
}

void efipanel_fini(struct system *sys)
{
	free(sys->panel);
	sys->panel = NULL;
}

void efipanel_fill(struct system *sys, lobby_SystemState *state)
{
	state->has_panel = true;
	state->panel = sys->panel->panel;
}
