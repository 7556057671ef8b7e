/* Tells the clinic how this kiosk is: every 15 s, and at once when a device, the screen or the kiosk's connection
 * changes. Without its kiosk the screen is "gone". */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define EVERY_MS 15000
#define TIMEOUT_MS 10000
#define MAX_ANSWER 16384

static void send_status(void *arg);

static const char *screen_of(const struct sync *sync)
{
	if (sync->kiosks <= 0)
		return "gone";
	switch (sync->status.screen.screen) {
	case lobby_KioskScreen_KIOSK_IN_USE:
		return "in-use";
	case lobby_KioskScreen_KIOSK_OUT_OF_ORDER:
		return "out-of-order";
	default:
		return "ready";
	}
}

static const char *kind_of(lobby_DeviceKind kind)
{
	static const char *const names[] = { "unknown",	    "scanner",	     "printer",
					     "card-reader", "stripe-reader", "label-printer" };

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

static const char *state_of(lobby_DeviceState state)
{
	static const char *const names[] = { "absent",	   "starting", "ready", "paper-low",  "paper-out",
					     "cover-open", "offline",  "fault", "unsupported" };

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "fault";
}

static json_t *devices_json(const lobby_Devices *devices)
{
	json_t *list = json_array();

	for (pb_size_t i = 0; list != NULL && i < devices->device_count; i++) {
		const lobby_Device *d = &devices->device[i];

		/* A device's own strings may be anything: those that are no UTF-8 are left out. */
		json_t *one = json_pack("{s:s, s:s}", "kind", kind_of(d->kind), "state", state_of(d->state));

		json_object_set_new(one, "name", json_string(d->name));
		json_object_set_new(one, "detail", json_string(d->detail));
		json_array_append_new(list, one);
	}
	return list;
}

static char *body_of(struct sync *sync)
{
	struct outbox_counts counts = { 0 };
	json_t *json;
	char *text;

	if (outbox_count(&sync->outbox, &counts) != 0)
		return NULL;
	json = json_pack("{s:s, s:s, s:I, s:I, s:o, s:s}", "screen", screen_of(sync), "step", sync->status.screen.step,
			 "visits_held", (json_int_t)counts.visits, "visits_set_aside", (json_int_t)counts.set_aside,
			 "devices", devices_json(&sync->status.devices), "version", LOBBY_VERSION);
	if (json != NULL) {
		json_object_set_new(json, "clock_ms", json_integer(clock_wall_ms()));
		json_object_set_new(json, "system", box_json(sync));
	}
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return text;
}

static void hear_clock(struct sync *sync, const char *body, size_t len)
{
	json_t *json = json_loadb(body, len, 0, NULL);

	box_clock(sync, json_integer_value(json_object_get(json, "now_ms")));
	json_decref(json);
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	loop_timer_set(sync->loop, &sync->status.timer, err == 0 && sync->status.again ? 0 : EVERY_MS, send_status,
		       sync);
	if (err != 0) {
		sync_lost(sync, err);
		return;
	}
	hear_clock(sync, body, len);
	sync_heard(sync);
}

static void send_status(void *arg)
{
	struct sync *sync = arg;
	char url[400], authorization[160];
	struct fetch_ask ask;
	char *body;

	sync->status.again = false;
	if (!sync_ask(sync, "status", url, sizeof(url), authorization, sizeof(authorization), &ask))
		return;
	body = body_of(sync);
	if (body != NULL) {
		ask.body = body;
		ask.len = strlen(body);
		ask.max_answer = MAX_ANSWER;
		ask.timeout_ms = TIMEOUT_MS;
	}
	if (body == NULL || fetch_start(sync->fetch, &sync->status.request, &ask, on_answer, sync) != 0)
		loop_timer_set(sync->loop, &sync->status.timer, EVERY_MS, send_status, sync);
	free(body);
}

void status_changed(struct sync *sync)
{
	if (sync->status.request.active)
		sync->status.again = true;
	else
		loop_timer_set(sync->loop, &sync->status.timer, 0, send_status, sync);
}

void status_stop(struct sync *sync)
{
	loop_timer_cancel(sync->loop, &sync->status.timer);
	fetch_cancel(&sync->status.request);
}
