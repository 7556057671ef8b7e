/* The box that this kiosk is: lobby-system tells its state, which goes to the clinic with the status, and is told what
 * the clinic wants done. Where there is no lobby-system (a desk machine) nothing of this happens. */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Less is no wrong clock: the way to the clinic takes its time, too. */
#define CLOCK_WRONG_MS 2000
#define CLOCK_AGAIN_MS 60000

int box_command(struct sync *sync, lobby_SystemCommand *command)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };

	command->request = ++sync->box.request;
	envelope.body.system_command = *command;
	return wire_send(&sync->box.conn, &envelope);
}

/* What the clinic should hear of at once; the rest goes with the next status. */
static bool same_news(const lobby_SystemState *a, const lobby_SystemState *b)
{
	return strcmp(a->version, b->version) == 0 && a->protection == b->protection &&
	       a->update.stage == b->update.stage && a->update.percent / 10 == b->update.percent / 10 &&
	       strcmp(a->update.version, b->update.version) == 0 && strcmp(a->update.text, b->update.text) == 0;
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct sync *sync = arg;
	bool news;

	switch (envelope->which_body) {
	case lobby_Envelope_system_state_tag:
		news = !sync->box.known || !same_news(&sync->box.state, &envelope->body.system_state);
		sync->box.state = envelope->body.system_state;
		sync->box.known = true;
		update_look(sync);
		if (news)
			status_changed(sync);
		break;
	case lobby_Envelope_system_answer_tag:
		update_answer(sync, &envelope->body.system_answer);
		break;
	case lobby_Envelope_enrol_tag: /* a stick's provisioning */
		enrol_start(sync, conn, &envelope->body.enrol);
		break;
	default:
		break;
	}
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct sync *sync = arg;

	if (up) {
		sync_tell_state(sync, conn);
	} else {
		enrol_asker_gone(sync, conn);
		sync->box.known = false;
		update_box_gone(sync);
	}
}

void box_start(struct sync *sync)
{
	if (!wire_has_system() || wire_path(sync->box.path, sizeof(sync->box.path), "system.sock") != 0)
		return;
	sync->box.here = true;
	wire_client_start(&sync->box.conn, sync->loop, sync->box.path, lobby_Program_PROGRAM_SYNC, on_message, on_state,
			  sync);
}

void box_stop(struct sync *sync)
{
	if (sync->box.here)
		wire_close(&sync->box.conn);
}

void box_clock(struct sync *sync, int64_t clinic_ms)
{
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_CLOCK, .at_ms = clinic_ms };
	int64_t now_ms = clock_mono_ms();

	if (!sync->box.known || clinic_ms <= 0 || llabs(clock_wall_ms() - clinic_ms) <= CLOCK_WRONG_MS ||
	    (sync->box.clock_told_ms != 0 && now_ms - sync->box.clock_told_ms < CLOCK_AGAIN_MS))
		return;
	sync->box.clock_told_ms = now_ms;
	if (box_command(sync, &command) != 0)
		log_event(LOG_WARNING, "wire-send", "message=system-command");
}

/* ---- for the status ---- */

static json_t *links_json(const lobby_SystemState *s)
{
	json_t *list = json_array();

	for (pb_size_t i = 0; list != NULL && i < s->link_count; i++) {
		const lobby_Link *l = &s->link[i];
		json_t *one = json_pack("{s:s, s:b}", "kind",
					l->kind == lobby_LinkKind_LINK_WIRELESS ? "wireless" : "cable", "up", l->up);

		/* An SSID may be any bytes: one that is no UTF-8 is left out. */
		json_object_set_new(one, "name", json_string(l->name));
		json_object_set_new(one, "address", json_string(l->address));
		json_object_set_new(one, "ssid", json_string(l->ssid));
		json_array_append_new(list, one);
	}
	return list;
}

static const char *protection_of(lobby_Protection protection)
{
	static const char *const names[] = { "starting", "tpm", "no-tpm", "memory" };

	return (size_t)protection < sizeof(names) / sizeof(names[0]) ? names[protection] : "starting";
}

json_t *box_json(const struct sync *sync)
{
	const lobby_SystemState *s = &sync->box.state;
	json_t *json;

	if (!sync->box.known || s->slot[0] == '\0')
		return NULL;
	json = json_pack("{s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:o, s:s, s:s, s:b, s:I, s:o, s:I, s:o, s:I}",
			 "version", s->version, "slot", s->slot, "other_version", s->other_version, "development",
			 s->development, "secure_boot", s->secure_boot, "booted_ms", (json_int_t)s->booted_ms,
			 "state_total_kb", (json_int_t)s->state_total_kb, "state_free_kb", (json_int_t)s->state_free_kb,
			 "temperature_c", s->has_temperature ? json_integer(s->temperature_c) : json_null(),
			 "protection", protection_of(s->protection), "protection_text", s->protection_text,
			 "clock_right", s->clock_right, "clock_error_ms", (json_int_t)s->clock_error_ms, "links",
			 links_json(s), "rotation", (json_int_t)s->panel.rotation, "update", update_json(sync),
			 "memory_used_kb", (json_int_t)s->memory_used_kb);
	if (json == NULL) {
		log_event(LOG_WARNING, "status", "part=system");
		return NULL;
	}
	/* What the firmware and the display say of themselves may be any bytes. */
	json_object_set_new(json, "machine", json_string(s->machine));
	json_object_set_new(json, "display", json_string(sync->status.screen.display));
	return json;
}
