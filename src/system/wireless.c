/* See wireless.h. lobby-system looks at links when the kernel says that something about them is different, a moment
 * later, and then hears wpa_supplicant itself; while nothing happens to the radio nothing wakes. */
#include "wireless.h"

#include "network.h"
#include "wirelesslook.h"
#include "worker.h"
#include "wpa.h"

#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <dirent.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOMENT_MS 300
#define AGAIN_MS 1000
#define TRIES 20 /* for udev to be done, or wpa_supplicant to be up */
#define BARE_MS 120000
#define STOP_MS 30000
#define A_TURN 32 /* datagrams; what is left wakes again */

enum { MOST = sizeof(((lobby_SystemState *)0)->wireless) / sizeof(lobby_Wireless) };

struct wireless {
	char link[WIRELESS_LINK]; /* empty: there is none */
	struct loop_timer moment;
	int tries;
	struct wpa wpa; /* what we hear it by; fd -1: not open */
	char ssid[WPA_SSID_SIZE];
	lobby_LinkTrouble trouble;

	struct worker worker; /* looks, or stops what was started to look */
	uint32_t token;
	char why[SYSTEM_TEXT];
	struct loop_timer stop;
	bool bare; /* wpa_supplicant runs for looking only */
	lobby_Wireless found[MOST];
	size_t count;
	lobby_Wireless next[MOST]; /* of the look that is under way */
	size_t next_count;
};

/* ---- the link ---- */

bool wireless_find(const char *sys, const char *wanted, char link[WIRELESS_LINK])
{
	char path[384];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/class/net", sys);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (name[0] == '.' || strlen(name) >= WIRELESS_LINK ||
		    (wanted[0] != '\0' && strcmp(wanted, name) != 0) || (found && strcmp(name, link) > 0))
			continue;
		snprintf(path, sizeof(path), "%s/class/net/%s/phy80211", sys, name);
		if (access(path, F_OK) == 0)
			found = text_copy(link, WIRELESS_LINK, name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

bool wireless_is_settled(const char *link)
{
	char path[64];

	snprintf(path, sizeof(path), "/run/udev/data/n%u", if_nametoindex(link));
	return access("/run/udev/control", F_OK) != 0 || access(path, F_OK) == 0;
}

/* ---- hearing wpa_supplicant ---- */

static void forget(struct system *sys)
{
	struct wireless *w = sys->wireless;

	if (w->wpa.fd >= 0)
		loop_fd_remove(sys->loop, w->wpa.fd);
	wpa_close(&w->wpa);
	w->ssid[0] = '\0';
	w->trouble = lobby_LinkTrouble_LINK_FINE;
	system_changed(sys);
}

static void take_event(struct wireless *w, enum wpa_event event)
{
	switch (event) {
	case WPA_JOINED:
		w->trouble = lobby_LinkTrouble_LINK_FINE;
		if (wpa_send(&w->wpa, "STATUS") != 0)
			log_event(LOG_WARNING, "wireless-deaf", "link=%s", w->link);
		break;
	case WPA_LEFT:
		w->ssid[0] = '\0';
		break;
	case WPA_PASSPHRASE:
		w->trouble = lobby_LinkTrouble_LINK_PASSPHRASE;
		break;
	case WPA_REFUSED:
		if (w->trouble != lobby_LinkTrouble_LINK_PASSPHRASE)
			w->trouble = lobby_LinkTrouble_LINK_REFUSED;
		break;
	case WPA_AWAY:
		/* One that is left alone for a while after a wrong passphrase counts as away, too. */
		if (w->trouble == lobby_LinkTrouble_LINK_FINE)
			w->trouble = lobby_LinkTrouble_LINK_AWAY;
		break;
	default:
		break;
	}
}

static void on_wpa(void *arg, int fd, short revents)
{
	struct system *sys = arg;
	struct wireless *w = sys->wireless;
	char ssid[sizeof(w->ssid)];

	(void)fd;
	(void)revents;
	for (int i = 0; i < A_TURN && wpa_receive(&w->wpa) == 0; i++) {
		enum wpa_event event = wpatext_read_event(w->wpa.answer, w->wpa.len);

		if (event == WPA_ENDS) {
			forget(sys);
			wireless_links_changed(sys);
			return;
		}
		take_event(w, event);
		if (wpatext_read_status(w->wpa.answer, w->wpa.len, ssid) != 0)
			continue;
		text_copy(w->ssid, sizeof(w->ssid), ssid);
		w->trouble = lobby_LinkTrouble_LINK_FINE;
	}
	system_changed(sys);
}

/* False: it should be there and is not yet. */
static bool hear(struct system *sys)
{
	struct wireless *w = sys->wireless;
	char path[128];

	if (w->wpa.fd >= 0) {
		if (wpa_send(&w->wpa, "STATUS") != LOBBY_ERR_CLOSED)
			return true;
		forget(sys);
	}
	wireless_settings_path(w->link, path, sizeof(path));
	if (access(path, F_OK) != 0)
		return true;
	if (wpa_open(&w->wpa, w->link) != 0)
		return false;
	if (wpa_send(&w->wpa, "ATTACH") == 0 && wpa_send(&w->wpa, "STATUS") == 0 &&
	    loop_fd_add(sys->loop, w->wpa.fd, POLLIN, on_wpa, sys) == 0)
		return true;
	wpa_close(&w->wpa);
	return false;
}

/* ---- links come and go ---- */

static void look_at_links(void *arg)
{
	struct system *sys = arg;
	struct wireless *w = sys->wireless;
	char link[WIRELESS_LINK];

	if (!wireless_find(sys->options.sys, "", link))
		link[0] = '\0';
	if (strcmp(link, w->link) != 0) {
		forget(sys);
		text_copy(w->link, sizeof(w->link), link);
		w->count = 0;
	}
	if (link[0] == '\0')
		return;
	if (wireless_is_settled(link) && network_link_came(sys, link) && hear(sys))
		return;
	if (w->tries-- > 0)
		loop_timer_set(sys->loop, &w->moment, AGAIN_MS, look_at_links, sys);
}

void wireless_links_changed(struct system *sys)
{
	struct wireless *w = sys->wireless;

	if (w == NULL || !system_is_appliance(sys))
		return;
	w->tries = TRIES;
	if (!w->moment.armed)
		loop_timer_set(sys->loop, &w->moment, MOMENT_MS, look_at_links, sys);
}

void wireless_set_anew(struct system *sys, lobby_LinkTrouble trouble)
{
	struct wireless *w = sys->wireless;

	w->bare = false;
	loop_timer_cancel(sys->loop, &w->stop);
	forget(sys);
	w->trouble = trouble;
	wireless_links_changed(sys);
}

void wireless_fill(struct system *sys, lobby_SystemState *state)
{
	const struct wireless *w = sys->wireless;

	for (pb_size_t i = 0; i < state->link_count; i++) {
		lobby_Link *link = &state->link[i];

		if (w->link[0] == '\0' || strcmp(link->name, w->link) != 0)
			continue;
		text_copy(link->ssid, sizeof(link->ssid), w->ssid);
		link->trouble = w->trouble;
	}
	memcpy(state->wireless, w->found, sizeof(w->found));
	state->wireless_count = (pb_size_t)w->count;
}

/* ---- looking ---- */

static int stop_bare(void *arg)
{
	return wireless_stop(arg) == 0 ? 0 : 1;
}

static void on_stopped(void *owner, int status)
{
	log_event(LOG_INFO, "wireless-stopped", "status=%d", status);
	wireless_links_changed(owner);
}

static void on_bare(void *arg)
{
	struct system *sys = arg;
	struct wireless *w = sys->wireless;

	if (!w->bare)
		return;
	w->bare = false;
	if (worker_start(&w->worker, sys->loop, STOP_MS, stop_bare, w->link, NULL, on_stopped, sys) != 0)
		log_event(LOG_WARNING, "wireless-runs-on", "link=%s", w->link);
}

static void on_line(void *owner, const char *line)
{
	struct wireless *w = ((struct system *)owner)->wireless;
	lobby_Wireless one = lobby_Wireless_init_zero;
	unsigned percent, locked, unfit;
	int at = 0;

	if (strcmp(line, "bare") == 0) {
		w->bare = true;
	} else if (strncmp(line, "why ", 4) == 0) {
		text_copy(w->why, sizeof(w->why), line + 4);
	} else if (sscanf(line, "network %3u %1u %1u %n", &percent, &locked, &unfit, &at) == 3 && at > 0) {
		one.percent = percent;
		one.locked = locked != 0;
		one.unfit = unfit != 0;
		if (text_copy(one.ssid, sizeof(one.ssid), line + at))
			w->next_count = wpatext_add_network(w->next, w->next_count, MOST, &one);
	}
}

static void on_looked(void *owner, int status)
{
	struct system *sys = owner;
	struct wireless *w = sys->wireless;
	const char *why = w->why[0] != '\0' ? w->why : N_("The radio gave no answer. Please try again.");

	log_event(status == 0 ? LOG_INFO : LOG_WARNING, "wireless-looked", "link=%s status=%d networks=%zu", w->link,
		  status, w->next_count);
	if (status == 0) {
		memcpy(w->found, w->next, sizeof(w->found));
		w->count = w->next_count;
	}
	if (w->bare)
		loop_timer_set(sys->loop, &w->stop, BARE_MS, on_bare, sys);
	wireless_links_changed(sys);
	system_tell(sys); /* the list goes before the answer to who asked for it */
	system_answer_later(sys, w->token, status == 0 ? 0 : LOBBY_ERR_IO, status == 0 ? "" : why);
}

void wireless_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	struct wireless *w = sys->wireless;
	char link[WIRELESS_LINK];
	uint32_t token;

	if (!wireless_find(sys->options.sys, "", link)) {
		system_answer(conn, command, LOBBY_ERR_NOT_FOUND, N_("This machine has no Wi-Fi that Lobby knows."));
		return;
	}
	if (worker_runs(&w->worker)) {
		system_answer(conn, command, LOBBY_ERR_BUSY,
			      N_("It is being looked for already. Try again in a moment."));
		return;
	}
	token = system_defer(sys, conn, command);
	if (token == 0)
		return;
	if (strcmp(link, w->link) != 0)
		forget(sys);
	text_copy(w->link, sizeof(w->link), link);
	w->next_count = 0;
	w->why[0] = '\0';
	w->token = token;
	loop_timer_cancel(sys->loop, &w->stop);
	if (worker_start(&w->worker, sys->loop, WIRELESS_LOOK_MS, wireless_look, w->link, on_line, on_looked, sys) != 0)
		on_looked(sys, -1);
}

/* ---- life ---- */

int wireless_init(struct system *sys)
{
	sys->wireless = calloc(1, sizeof(*sys->wireless));
	if (sys->wireless == NULL)
		return LOBBY_ERR_NO_MEMORY;
	sys->wireless->wpa.fd = -1;
	wireless_links_changed(sys);
	return 0;
}

void wireless_fini(struct system *sys)
{
	struct wireless *w = sys->wireless;

	if (w == NULL)
		return;
	worker_stop(&w->worker);
	loop_timer_cancel(sys->loop, &w->moment);
	loop_timer_cancel(sys->loop, &w->stop);
	if (w->wpa.fd >= 0)
		loop_fd_remove(sys->loop, w->wpa.fd);
	wpa_close(&w->wpa);
	free(w);
	sys->wireless = NULL;
}
