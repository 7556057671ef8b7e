/* See sync.h. This file: opening, the wire's messages, and what the screen is told of the network. */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/text.h"
#include "identify.h"
#include "logo.h"
#include "settings.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CHECKPOINT_MS 1000
#define LINK_LOOK_MS 250

/* What the clinic calls this kiosk comes before the name that it was enrolled with. */
static const char *name_of(const struct sync *sync)
{
	return sync->orders.name[0] != '\0' ? sync->orders.name : sync->identity.name;
}

static void fill_state(struct sync *sync, lobby_SyncState *state)
{
	struct outbox_counts counts = { 0 };

	*state = (lobby_SyncState){ .enrolled = sync->identity.enrolled,
				    .reachable = sync->reachable,
				    .has_roster = sync->has_roster,
				    .err = sync->err };
	if (sync->identity.enrolled) {
		text_copy(state->kiosk_id, sizeof(state->kiosk_id), sync->identity.kiosk_id);
		text_copy(state->kiosk_name, sizeof(state->kiosk_name), name_of(sync));
	} else {
		state->err = LOBBY_ERR_NOT_ENROLLED;
	}
	if (outbox_count(&sync->outbox, &counts) != 0 || roster_count(&sync->roster, &state->roster_count) != 0)
		state->err = LOBBY_ERR_IO;
	/* A disk that takes nothing any more comes first; what was salvaged is told until the next start. */
	if (sync->store_err != 0)
		state->err = sync->store_err;
	else if (state->err == 0)
		state->err = sync->store.damage;
	state->visits_held = counts.visits;
	state->visits_set_aside = counts.set_aside;
	state->tested_ms = sync->tests.tested_ms;
	state->test_passed = sync->tests.passed;
}

static void send_state(struct wire_conn *conn, const lobby_SyncState *state, int64_t last_contact_ms)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_sync_state_tag };

	envelope.body.sync_state = *state;
	envelope.body.sync_state.last_contact_ms = last_contact_ms;
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=sync-state");
}

/* But for last_contact_ms, which changes with every answer. */
static bool same_state(const lobby_SyncState *a, const lobby_SyncState *b)
{
	return a->enrolled == b->enrolled && a->reachable == b->reachable && a->has_roster == b->has_roster &&
	       a->visits_held == b->visits_held && a->visits_set_aside == b->visits_set_aside && a->err == b->err &&
	       a->roster_count == b->roster_count && a->tested_ms == b->tested_ms && a->test_passed == b->test_passed &&
	       strcmp(a->kiosk_id, b->kiosk_id) == 0 && strcmp(a->kiosk_name, b->kiosk_name) == 0;
}

static void tell_manager(const lobby_SyncState *state)
{
	if (state->enrolled)
		notify_status("The clinic %s; %u visits wait to be sent.",
			      state->reachable ? "answers" : "does not answer", (unsigned)state->visits_held);
	else
		notify_status("This kiosk belongs to no clinic yet.");
}

void sync_push_state(struct sync *sync)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_sync_state_tag };
	lobby_SyncState state;

	fill_state(sync, &state);
	if (same_state(&state, &sync->pushed))
		return;
	sync->pushed = state;
	tell_manager(&state);
	envelope.body.sync_state = state;
	envelope.body.sync_state.last_contact_ms = sync->last_contact_ms;
	wire_server_broadcast(sync->server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
	if (sync->box.here && sync->box.conn.up && wire_send(&sync->box.conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=sync-state");
}

void sync_tell_state(struct sync *sync, struct wire_conn *conn)
{
	lobby_SyncState state;

	fill_state(sync, &state);
	send_state(conn, &state, sync->last_contact_ms);
}

static void fill_orders(const struct sync *sync, lobby_Envelope *envelope)
{
	*envelope = (lobby_Envelope){ .which_body = lobby_Envelope_orders_tag };
	envelope->body.orders = sync->orders.say;
}

void sync_push_orders(struct sync *sync)
{
	lobby_Envelope envelope;

	fill_orders(sync, &envelope);
	wire_server_broadcast(sync->server, lobby_Program_PROGRAM_KIOSK, &envelope);
	sync_push_state(sync);
}

/* The kiosk learns that there is a PIN, and nothing that it could be found out from. */
static void fill_settings(const struct sync *sync, lobby_Settings *settings)
{
	*settings = sync->settings;
	text_copy(settings->technician_pin, sizeof(settings->technician_pin),
		  sync->settings.technician_pin[0] != '\0' ? "set" : "");
}

/* The day is the clinic's. */
static void use_zone(const struct sync *sync)
{
	int err = clock_use_zone(sync->settings.time_zone);

	if (err != 0)
		log_event(LOG_WARNING, "time-zone", "err=%s", err_event(err));
}

void sync_push_settings(struct sync *sync)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_settings_tag };

	use_zone(sync);
	fill_settings(sync, &envelope.body.settings);
	wire_server_broadcast(sync->server, lobby_Program_PROGRAM_KIOSK, &envelope);
}

void sync_push_logo(struct sync *sync, struct wire_conn *conn)
{
	static lobby_Envelope envelope; /* large */

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_logo_tag };
	logo_load(&sync->store, &envelope.body.logo);
	if (conn == NULL)
		wire_server_broadcast(sync->server, lobby_Program_PROGRAM_KIOSK, &envelope);
	else if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=logo");
}

void sync_heard(struct sync *sync)
{
	if (!sync->reachable)
		log_event(LOG_NOTICE, "clinic-reachable", "%s", "");
	sync->reachable = true;
	sync->err = 0;
	sync->last_contact_ms = clock_wall_ms();
	sync_push_state(sync);
}

void sync_lost(struct sync *sync, int err)
{
	if (sync->reachable || sync->err != err)
		log_event(LOG_WARNING, "clinic-lost", "err=%s", err_event(err));
	sync->reachable = false;
	sync->err = err;
	sync_push_state(sync);
}

static void on_checkpoint(void *arg)
{
	struct sync *sync = arg;

	store_checkpoint(&sync->store, false);
}

void sync_written(struct sync *sync)
{
	sync->store_err = 0;
	if (!sync->checkpoint.armed)
		loop_timer_set(sync->loop, &sync->checkpoint, CHECKPOINT_MS, on_checkpoint, sync);
}

void sync_store_failed(struct sync *sync, int err)
{
	log_event(LOG_ERROR, "store-failed", "err=%s", err_event(err));
	if (err != LOBBY_ERR_CORRUPT && err != LOBBY_ERR_DISK_FULL && err != LOBBY_ERR_IO)
		return;
	sync->store_err = err;
	sync_push_state(sync);
	if (err == LOBBY_ERR_CORRUPT) {
		sync->broken = true;
		loop_stop(sync->loop);
	}
}

bool sync_authorization(const struct sync *sync, char *out, size_t size)
{
	return snprintf(out, size, "Kiosk %s:%s", sync->identity.kiosk_id, sync->identity.credential) < (int)size;
}

bool sync_ask(const struct sync *sync, const char *path, char *url, size_t url_size, char *authorization,
	      size_t authorization_size, struct fetch_ask *ask)
{
	if (!sync->identity.enrolled || !sync_authorization(sync, authorization, authorization_size) ||
	    snprintf(url, url_size, "%s/kiosk/v1/%s", sync->identity.url, path) >= (int)url_size)
		return false;
	*ask = (struct fetch_ask){ .url = url, .authorization = authorization, .pin = sync->identity.fingerprint };
	return true;
}

static void on_identify(struct sync *sync, struct wire_conn *conn, const lobby_Identify *query)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_identified_tag };
	lobby_Identified *answer = &envelope.body.identified;
	int err = identify_run(&sync->roster, &sync->settings, sync->has_roster, clock_wall_ms(), query, answer);

	if (err != 0) {
		answer->outcome = lobby_IdentifyOutcome_IDENTIFY_NO_ROSTER;
		sync_store_failed(sync, err);
	}
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=identified");
	sodium_memzero(&envelope, sizeof(envelope));
}

static void on_visit(struct sync *sync, struct wire_conn *conn, const lobby_Visit *visit)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_visit_committed_tag };
	int err = outbox_commit_visit(&sync->outbox, &sync->identity, visit,
				      health_document(&sync->health, visit->health_request), clock_wall_ms(),
				      &envelope.body.visit_committed);

	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=visit-committed");
	if (err != 0) {
		sync_store_failed(sync, err);
		return;
	}
	link_ask_stop(sync);
	health_forget(&sync->health);
	sync_written(sync);
	sync_push_state(sync);
	sender_wake(sync);
}

static void on_read_health(struct sync *sync, struct wire_conn *conn, const lobby_ReadHealth *ask)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_health_read_tag };
	lobby_HealthRead *read = &envelope.body.health_read;
	int err;

	link_ask_stop(sync);
	if (ask->forget) {
		health_forget(&sync->health);
		return;
	}
	err = health_read(&sync->health, ask, clock_wall_ms(), read);
	if (err != 0)
		sync_store_failed(sync, err);
	if (read->outcome == lobby_HealthOutcome_HEALTH_LINK_LATER && link_ask_start(sync, ask->request))
		return;
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=health-read");
	sodium_memzero(&envelope, sizeof(envelope));
}

static void on_slip(struct sync *sync, const lobby_Slip *slip)
{
	bool added;
	int err = outbox_commit_slip(&sync->outbox, &sync->identity, slip, clock_wall_ms(), &added);

	if (err != 0) {
		sync_store_failed(sync, err);
	} else if (added) {
		sync_written(sync);
		sender_wake(sync);
	}
}

static void on_technician_pin(struct sync *sync, struct wire_conn *conn, const lobby_TechnicianPin *pin)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_technician_answer_tag };

	technician_check(sync, pin, &envelope.body.technician_answer);
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=technician-answer");
}

static void on_kiosk_message(struct sync *sync, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	switch (envelope->which_body) {
	case lobby_Envelope_identify_tag:
		on_identify(sync, conn, &envelope->body.identify);
		break;
	case lobby_Envelope_visit_tag:
		on_visit(sync, conn, &envelope->body.visit);
		break;
	case lobby_Envelope_read_health_tag:
		on_read_health(sync, conn, &envelope->body.read_health);
		break;
	case lobby_Envelope_slip_tag:
		on_slip(sync, &envelope->body.slip);
		break;
	case lobby_Envelope_help_wanted_tag:
		help_wanted(sync, &envelope->body.help_wanted);
		break;
	case lobby_Envelope_devices_tag:
		sync->status.devices = envelope->body.devices;
		status_changed(sync);
		break;
	case lobby_Envelope_kiosk_state_tag:
		sync->status.screen = envelope->body.kiosk_state;
		status_changed(sync);
		break;
	case lobby_Envelope_technician_pin_tag:
		on_technician_pin(sync, conn, &envelope->body.technician_pin);
		break;
	default:
		break;
	}
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct sync *sync = arg;
	bool kiosk = conn->peer == lobby_Program_PROGRAM_KIOSK;

	if (envelope->which_body == lobby_Envelope_ping_tag && !envelope->body.ping.answer) {
		lobby_Envelope pong = *envelope;

		pong.body.ping.answer = true;
		if (wire_send(conn, &pong) != 0)
			log_event(LOG_WARNING, "wire-send", "message=ping");
	} else if (envelope->which_body == lobby_Envelope_enrol_tag &&
		   (kiosk || conn->peer == lobby_Program_PROGRAM_CTL)) {
		enrol_start(sync, conn, &envelope->body.enrol);
	} else if (envelope->which_body == lobby_Envelope_test_report_tag &&
		   (kiosk || conn->peer == lobby_Program_PROGRAM_CTL)) {
		tests_take(sync, &envelope->body.test_report);
	} else if (kiosk) {
		on_kiosk_message(sync, conn, envelope);
	}
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct sync *sync = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_settings_tag };

	if (!up)
		enrol_asker_gone(sync, conn);
	if (up)
		sync_tell_state(sync, conn);
	if (conn->peer != lobby_Program_PROGRAM_KIOSK)
		return;
	fill_settings(sync, &envelope.body.settings);
	if (up && wire_send(conn, &envelope) != 0)
		log_event(LOG_WARNING, "wire-send", "message=settings");
	if (up) {
		fill_orders(sync, &envelope);
		if (wire_send(conn, &envelope) != 0)
			log_event(LOG_WARNING, "wire-send", "message=orders");
		sync_push_logo(sync, conn);
	} else {
		link_ask_stop(sync);
		health_forget(&sync->health);
	}
	sync->kiosks += up ? 1 : -1;
	sync->status.screen = (lobby_KioskState){ 0 };
	status_changed(sync);
}

/* The demo's "network down" switch: noticed within a moment, both ways. */
static void on_link(void *arg)
{
	struct sync *sync = arg;
	bool down = fetch_link_down(sync->fetch);

	if (down && !sync->link_was_down)
		fetch_break_all(sync->fetch);
	if (!down && sync->link_was_down) {
		feed_start(sync);
		sender_wake(sync);
		tests_wake(sync);
		help_retry(sync);
		status_changed(sync);
	}
	sync->link_was_down = down;
	loop_timer_set(sync->loop, &sync->link, LINK_LOOK_MS, on_link, sync);
}

static void load(struct sync *sync)
{
	identity_load(&sync->store, &sync->identity);
	settings_load(&sync->store, &sync->settings);
	use_zone(sync);
	orders_load(&sync->store, &sync->orders);
	tests_load(sync);
	sync->has_roster = store_get_int(&sync->store, "has_roster", 0) != 0;
	sync->last_contact_ms = 0;
	sync->err = sync->identity.enrolled ? LOBBY_ERR_UNREACHABLE : 0;
}

int sync_init(struct sync *sync, struct loop *loop, const char *folder, const char *update_folder, const char *socket)
{
	int err;

	*sync = (struct sync){ .loop = loop };
	update_init(sync, update_folder);
	if (sodium_init() < 0)
		return LOBBY_ERR_IO;
	err = store_open(&sync->store, folder);
	if (err != 0)
		return err;
	err = roster_init(&sync->roster, &sync->store.db);
	if (err == 0)
		err = outbox_init(&sync->outbox, &sync->store, &sync->roster);
	if (err == 0)
		err = issuers_init(&sync->issuers, &sync->store.db);
	health_init(&sync->health, &sync->issuers);
	if (err == 0 && (sync->fetch = fetch_new(loop)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	if (err == 0) {
		load(sync);
		sync->server = wire_server_new(loop, socket, lobby_Program_PROGRAM_SYNC, on_message, on_state, sync);
		err = sync->server ? 0 : LOBBY_ERR_IO;
	}
	if (err != 0) {
		sync_fini(sync);
		return err;
	}
	fill_state(sync, &sync->pushed);
	tell_manager(&sync->pushed);
	day_start(sync);
	feed_start(sync);
	sender_wake(sync);
	tests_wake(sync);
	status_changed(sync);
	box_start(sync);
	update_load(sync);
	if (fetch_has_link_file(sync->fetch))
		on_link(sync);
	return 0;
}

void sync_fini(struct sync *sync)
{
	if (sync->fetch != NULL) {
		feed_stop(sync);
		sender_stop(sync);
		tests_stop(sync);
		link_ask_stop(sync);
		status_stop(sync);
		help_stop(sync);
		enrol_stop(sync);
		update_stop(sync);
		day_stop(sync);
		loop_timer_cancel(sync->loop, &sync->link);
		loop_timer_cancel(sync->loop, &sync->checkpoint);
	}
	box_stop(sync);
	wire_server_free(sync->server);
	fetch_free(sync->fetch);
	health_forget(&sync->health);
	issuers_fini(&sync->issuers);
	outbox_fini(&sync->outbox);
	roster_fini(&sync->roster);
	store_close(&sync->store);
	sodium_memzero(&sync->identity, sizeof(sync->identity));
	*sync = (struct sync){ 0 };
}
