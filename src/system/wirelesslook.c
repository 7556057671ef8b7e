/* See wirelesslook.h and wireless.h. What strangers send is read as nobody: the socket is opened as root, and then the
 * look gives up all rights. */
#include "wirelesslook.h"

#include "helper.h"
#include "netcheck.h"
#include "worker.h"
#include "wpa.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mark.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UNIT_MS 20000  /* systemctl */
#define START_MS 15000 /* from there to its socket */
#define ANSWER_MS 5000 /* of wpa_supplicant to a command */
#define SCAN_MS 20000  /* of the radio, through all channels */
#define JOIN_MS 25000
#define STATUS_MS 2000 /* in case an event was before our time */
#define NETWORKS 256   /* it keeps 200 */
#define MEMORY (256u << 20)

#define BIT(event) (1u << (event))

/* ---- the unit ---- */

void wireless_settings_path(const char *link, char *out, size_t size)
{
	snprintf(out, size, "/run/lobby-wireless-%s.conf", link);
}

static int unit_do(const char *verb, const char *link)
{
	char unit[64];
	const char *const argv[] = { "systemctl", verb, unit, NULL };

	snprintf(unit, sizeof(unit), "lobby-wireless@%s.service", link);
	return helper_run(argv, NULL, 0, UNIT_MS) == 0 ? 0 : LOBBY_ERR_IO;
}

int wireless_start(const char *link, const lobby_Network *network)
{
	char path[128], text[512];
	int err = network_print_wireless(network, link, text, sizeof(text));

	wireless_settings_path(link, path, sizeof(path));
	if (err == 0)
		err = file_replace(path, text, strlen(text), 0600);
	sodium_memzero(text, sizeof(text));
	return err == 0 ? unit_do("restart", link) : err;
}

int wireless_stop(const char *link)
{
	char path[128];
	int err = unit_do("stop", link);

	wireless_settings_path(link, path, sizeof(path));
	(void)!unlink(path);
	return err;
}

/* ---- looking ---- */

/* Somebody who answers: who runs already, or one for this only. */
static int reach(struct wpa *wpa, const char *link)
{
	const lobby_Network nothing = lobby_Network_init_zero;
	char path[128];

	wireless_settings_path(link, path, sizeof(path));
	if (access(path, F_OK) != 0) {
		worker_say("bare");
		if (wireless_start(link, &nothing) != 0)
			return LOBBY_ERR_IO;
	}
	return wpa_open_soon(wpa, link, START_MS);
}

static int scan(struct wpa *wpa)
{
	int err = wpa_ask(wpa, "ATTACH", ANSWER_MS);

	if (err == 0)
		err = wpa_ask(wpa, "SCAN", ANSWER_MS);
	/* One that is under way is as good. */
	if (err == 0 && strncmp(wpa->answer, "OK", 2) != 0 && strncmp(wpa->answer, "FAIL-BUSY", 9) != 0)
		err = LOBBY_ERR_REFUSED;
	if (err == 0)
		err = wpa_wait(wpa, BIT(WPA_SCANNED) | BIT(WPA_SCAN_FAILED), SCAN_MS);
	return err == 0 && !(wpa->seen & BIT(WPA_SCANNED)) ? LOBBY_ERR_REFUSED : err;
}

static int list(struct wpa *wpa)
{
	enum { MAX = sizeof(((lobby_SystemState *)0)->wireless) / sizeof(lobby_Wireless) };
	lobby_Wireless found[MAX], one;
	size_t count = 0;

	for (int i = 0; i < NETWORKS; i++) {
		char command[48];
		int err;

		snprintf(command, sizeof(command), "BSS %d MASK=" WPA_MASK, i);
		err = wpa_ask(wpa, command, ANSWER_MS);
		if (err != 0)
			return err;
		/* Nothing at all: there are no more. */
		if (wpa->len == 0 || strncmp(wpa->answer, "FAIL", 4) == 0)
			break;
		if (wpatext_read_network(wpa->answer, wpa->len, &one) == 0)
			count = wpatext_add_network(found, count, MAX, &one);
	}
	for (size_t i = 0; i < count; i++)
		worker_say("network %u %d %d %s", (unsigned)found[i].percent, found[i].locked, found[i].unfit,
			   found[i].ssid);
	return 0;
}

int wireless_look(void *arg)
{
	const char *link = arg;
	struct wpa wpa = { .fd = -1 };
	int err;

	if (!helper_exists("wpa_supplicant")) {
		worker_say("why %s", N_("This version of Lobby has no program for Wi-Fi."));
		return 1;
	}
	if (reach(&wpa, link) != 0) {
		worker_say("why %s", N_("The program for Wi-Fi does not start."));
		return 1;
	}
	err = worker_confine(MEMORY);
	if (err == 0)
		err = scan(&wpa);
	if (err == 0)
		err = list(&wpa);
	wpa_close(&wpa);
	if (err == LOBBY_ERR_REFUSED)
		worker_say("why %s", N_("The radio cannot look for networks. Is Wi-Fi switched off on this machine?"));
	else if (err != 0)
		worker_say("why %s", N_("The radio gave no answer. Please try again."));
	return err == 0 ? 0 : 1;
}

/* ---- joining ---- */

int wireless_await(const char *link)
{
	static const struct {
		enum wpa_event event;
		int err;
	} ends[] = { { WPA_JOINED, 0 }, { WPA_PASSPHRASE, LOBBY_ERR_DENIED } };
	int64_t until_ms = clock_mono_ms() + JOIN_MS;
	struct wpa wpa = { .fd = -1 };
	char ssid[WPA_SSID_SIZE];
	int err = wpa_open_soon(&wpa, link, START_MS);

	if (err != 0)
		return LOBBY_ERR_TIMEOUT;
	err = wpa_ask(&wpa, "ATTACH", ANSWER_MS);
	while (err == 0 && clock_mono_ms() < until_ms) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			if (wpa.seen & BIT(ends[i].event)) {
				wpa_close(&wpa);
				return ends[i].err;
			}
		if (wpa_wait(&wpa, BIT(WPA_JOINED) | BIT(WPA_PASSPHRASE), STATUS_MS) == 0)
			continue;
		err = wpa_ask(&wpa, "STATUS", ANSWER_MS);
		if (err == 0 && wpatext_read_status(wpa.answer, wpa.len, ssid) == 0)
			wpa.seen |= BIT(WPA_JOINED);
	}
	wpa_close(&wpa);
	/* What may pass by itself is only told when the time is over. */
	if (err == 0 && (wpa.seen & BIT(WPA_REFUSED)))
		return LOBBY_ERR_REFUSED;
	return err == 0 && (wpa.seen & BIT(WPA_AWAY)) ? LOBBY_ERR_NOT_FOUND : LOBBY_ERR_TIMEOUT;
}
