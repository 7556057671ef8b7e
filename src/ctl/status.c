/* lobbyctl status: what a technician asks first, in the order they ask it. Exit status 1 when something is wrong, so
 * that a script can ask too. */
#include "ctl.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_MS 300
#define PATIENCE_MS 3000

static void print_ago(int64_t ms)
{
	int64_t s = (clock_wall_ms() - ms) / 1000;

	if (ms <= 0)
		printf("never");
	else if (s < 120)
		printf("%" PRId64 " s ago", s < 0 ? 0 : s);
	else if (s < 7200)
		printf("%" PRId64 " min ago", s / 60);
	else if (s < 172800)
		printf("%" PRId64 " h ago", s / 3600);
	else
		printf("%" PRId64 " days ago", s / 86400);
}

/* Returns how many things are wrong. */
static int print_sync(const lobby_SyncState *s)
{
	int wrong = 0;

	if (!s->enrolled) {
		printf("Kiosk:   not enrolled. Make a code on the desk's Kiosks page, then: lobbyctl enrol URL CODE\n");
		return 1;
	}
	printf("Kiosk:   %s (%s)\n", s->kiosk_name, s->kiosk_id);
	printf("Clinic:  %s, last heard ", s->reachable ? "reachable" : "NOT REACHABLE");
	if (s->last_contact_ms > 0)
		print_ago(s->last_contact_ms);
	else
		printf("not since lobby-sync started");
	printf("\n");
	if (!s->reachable)
		wrong++;
	if (s->err != 0) {
		printf("         %s%s\n", err_staff_text(s->err),
		       s->err == LOBBY_ERR_DENIED ? " Was this kiosk removed? Enrol it again." : "");
		wrong += s->reachable;
	}
	printf("Roster:  ");
	if (s->has_roster)
		printf("%" PRIu32 " appointments\n", s->roster_count);
	else
		printf("NONE YET: patients are sent to the desk\n");
	wrong += !s->has_roster;
	printf("Visits:  %" PRIu32 " to be sent", s->visits_held);
	if (s->visits_set_aside > 0)
		printf(", %" PRIu32 " REFUSED by the clinic and set aside (kept; see the desk's page)",
		       s->visits_set_aside);
	printf("\n");
	return wrong + (s->visits_set_aside > 0);
}

/* A test that failed is told, and is nothing wrong by itself: the devices' states below say what is. */
static void print_test(const lobby_SyncState *s)
{
	printf("Tested:  ");
	if (s->tested_ms > 0)
		printf("%s, ", s->test_passed ? "passed" : "FAILED");
	print_ago(s->tested_ms);
	printf("%s\n", s->tested_ms > 0 ? "" : ". Run: lobbyctl selftest");
}

struct device_words {
	const char *text;
	bool wrong;
};

static struct device_words words_of(lobby_DeviceState state)
{
	static const struct device_words words[] = {
		{ "NOT PLUGGED IN", true },    { "starting", false },	  { "ready", false },
		{ "ready, paper low", false }, { "OUT OF PAPER", true },  { "COVER OPEN", true },
		{ "OFFLINE", true },	       { "DOES NOT WORK", true }, { "NOT SUPPORTED", true },
	};

	return (size_t)state < sizeof(words) / sizeof(words[0]) ? words[state] : (struct device_words){ "?", true };
}

static int print_device(const lobby_Device *d)
{
	static const char *const kinds[] = { "Unknown: ", "Scanner: ", "Printer: ",
					     "Reader:  ", "Stripe:  ", "Labels:  " };
	struct device_words words = words_of(d->state);

	printf("%s%s", (size_t)d->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[d->kind] : kinds[0], words.text);
	if (d->name[0] != '\0')
		printf(", %s", d->name);
	if (d->vendor_id != 0)
		printf(" (%04" PRIx32 ":%04" PRIx32 ")", d->vendor_id, d->product_id);
	if (d->serial[0] != '\0')
		printf(", serial number %s", d->serial);
	if (d->firmware[0] != '\0')
		printf(", firmware %s", d->firmware);
	if (d->detail[0] != '\0')
		printf(": %s", d->detail);
	printf("\n");
	if (d->last_error_ms > 0 && strcmp(d->last_error, d->detail) != 0) {
		printf("         Before: %s (", d->last_error);
		print_ago(d->last_error_ms);
		printf(")\n");
	}
	/* What nobody knows is told, and does no harm. */
	return words.wrong && d->kind != lobby_DeviceKind_DEVICE_UNKNOWN;
}

int ctl_status(int argc, char **argv)
{
	struct ctl_ask sync = { .socket = "sync.sock",
				.program = "lobby-sync",
				.wanted = lobby_Envelope_sync_state_tag,
				.connect_ms = CONNECT_MS,
				.patience_ms = PATIENCE_MS };
	struct ctl_ask devices = { .socket = "devices.sock",
				   .program = "lobby-devices",
				   .wanted = lobby_Envelope_devices_tag,
				   .connect_ms = CONNECT_MS,
				   .patience_ms = PATIENCE_MS };
	int wrong = 0;

	(void)argv;
	if (argc > 0) {
		fputs("Usage: lobbyctl status\n", stderr);
		return 2;
	}
	if (ctl_ask(&sync) != 0) {
		wrong++;
	} else {
		wrong += print_sync(&sync.answer.body.sync_state);
		print_test(&sync.answer.body.sync_state);
	}
	fflush(stdout);
	if (ctl_ask(&devices) != 0) {
		wrong++;
	} else {
		const lobby_Devices *list = &devices.answer.body.devices;

		for (pb_size_t i = 0; i < list->device_count; i++)
			wrong += print_device(&list->device[i]);
		if (list->device_count == 0)
			printf("Devices: none plugged in\n");
	}
	printf(wrong == 0 ? "All well.\n" : "%d thing%s to look at.\n", wrong, wrong == 1 ? "" : "s");
	return wrong == 0 ? 0 : 1;
}
