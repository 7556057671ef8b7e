/* See station.h. Visits are made up by chance, of every kind that the screens make: arrivals at one or more
 * appointments, with changed details or a new card, hand-overs of somebody known and of nobody, and people that the
 * clinic does not have. */
#include "station.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define THINK_MS 40

static void begin_visit(void *arg);

void station_person_id(char *out, size_t size, int person)
{
	snprintf(out, size, "person-%03d", person);
}

void station_appointment_id(char *out, size_t size, int person, int n)
{
	snprintf(out, size, "visit-%03d-%d", person, n);
}

static void say(struct station *station, const lobby_Envelope *envelope)
{
	/* What is lost with the connection is said again when it is back. */
	if (wire_send(&station->conn, envelope) != 0)
		return;
}

static void send_visit(struct station *station)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_visit_tag };

	envelope.body.visit = station->book->tried[station->at].visit;
	say(station, &envelope);
	if (chance_percent(station->chance, 8))
		say(station, &envelope); /* a patient's second press must change nothing */
}

static void send_identify(struct station *station)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_identify_tag };
	lobby_Identify *identify = &envelope.body.identify;

	identify->request = chance_below(station->chance, 1000) + 1;
	snprintf(identify->birth_date, sizeof(identify->birth_date), "19%02u-04-%02u",
		 50 + chance_below(station->chance, 40), 1 + chance_below(station->chance, 28));
	say(station, &envelope);
}

static void send_slip(struct station *station, const struct tried *tried)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_slip_tag };
	bool printed = chance_percent(station->chance, 80);

	text_copy(envelope.body.slip.visit_id, sizeof(envelope.body.slip.visit_id), tried->visit.id);
	envelope.body.slip.state = printed ? lobby_SlipState_SLIP_PRINTED : lobby_SlipState_SLIP_FAILED;
	envelope.body.slip.err = printed ? 0 : LOBBY_ERR_PAPER_OUT;
	say(station, &envelope);
}

static void add_answers(struct chance *chance, lobby_Visit *visit)
{
	visit->contact = lobby_ContactStep_CONTACT_CONFIRMED;
	visit->insurance = lobby_InsuranceStep_INSURANCE_NONE;
	if (chance_percent(chance, 25)) {
		visit->contact = lobby_ContactStep_CONTACT_CHANGED;
		snprintf(visit->phone, sizeof(visit->phone), "212-555-01%02u", chance_below(chance, 100));
		snprintf(visit->email, sizeof(visit->email), "guest%u@example.org", chance_below(chance, 1000));
		text_copy(visit->address_line, sizeof(visit->address_line), "12 Elm Street");
		text_copy(visit->address_city, sizeof(visit->address_city), "Springfield");
		text_copy(visit->address_postal_code, sizeof(visit->address_postal_code), "01101");
	}
	if (chance_percent(chance, 25)) {
		visit->insurance = lobby_InsuranceStep_INSURANCE_NEW;
		text_copy(visit->payor, sizeof(visit->payor), "Blue Meadow Health");
		snprintf(visit->member_id, sizeof(visit->member_id), "BMH%08u", chance_below(chance, 100000000));
	}
}

static void fill_visit(struct chance *chance, lobby_Visit *visit, int64_t now_ms)
{
	int person = (int)chance_below(chance, STATION_PEOPLE + 3); /* three that the clinic does not have */
	unsigned kind = chance_below(chance, 10);

	chance_uuid(chance, visit->id);
	visit->started_ms = now_ms - 30000;
	visit->finished_ms = now_ms;
	visit->touches = chance_below(chance, 20);
	text_copy(visit->language, sizeof(visit->language), chance_percent(chance, 70) ? "en" : "es");
	if (kind >= 8) {
		visit->kind = lobby_VisitKind_VISIT_HANDOVER;
		visit->reason = (lobby_HandoverReason)(1 + chance_below(chance, 12));
		text_copy(visit->step, sizeof(visit->step), "insurance");
	}
	if (kind == 9) { /* nobody was identified */
		text_copy(visit->birth_date, sizeof(visit->birth_date), "1985-04-17");
		text_copy(visit->family_initial, sizeof(visit->family_initial), "G");
		return;
	}
	visit->identified_by = (lobby_IdentifiedBy)(1 + chance_below(chance, 4));
	station_person_id(visit->patient_id, sizeof(visit->patient_id), person);
	for (int n = 0; n <= person % 3; n++)
		station_appointment_id(visit->appointment_id[visit->appointment_id_count++],
				       sizeof(visit->appointment_id[0]), person, n);
	add_answers(chance, visit);
}

static int64_t day_now(const struct station *station)
{
	return clock_day_start_ms(*station->wall_ms);
}

static void first_send(struct station *station)
{
	station->jumps_at_send = *station->jumps;
	station->day_at_send_ms = day_now(station);
	send_visit(station);
}

static void begin_visit(void *arg)
{
	struct station *station = arg;

	if (station->busy || station->quiet || !station->conn.up)
		return;
	if (chance_percent(station->chance, 30))
		send_identify(station);
	station->at = book_add(station->book, station->kiosk);
	fill_visit(station->chance, &station->book->tried[station->at].visit, *station->wall_ms);
	station->busy = true;
	first_send(station);
}

static void think(struct station *station)
{
	loop_timer_set(station->loop, &station->think, chance_below(station->chance, THINK_MS), begin_visit, station);
}

/* The kiosk's screen shows what went wrong, and the patient presses again. */
static void on_refused(struct station *station, struct tried *tried)
{
	station->book->refused++;
	tried->refused = true;
	if (chance_percent(station->chance, 20)) {
		tried->given_up = true;
		station->busy = false;
		think(station);
	}
}

static void again(void *arg)
{
	struct station *station = arg;

	if (station->busy && station->conn.up)
		first_send(station);
	else
		begin_visit(station);
}

static void on_confirmed(struct station *station, struct tried *tried, const lobby_VisitCommitted *answer)
{
	tried->confirmed = true;
	tried->refused = false;
	tried->seq = answer->seq;
	text_copy(tried->ticket, sizeof(tried->ticket), answer->ticket);
	if (station->jumps_at_send == *station->jumps && station->day_at_send_ms == day_now(station))
		tried->day_ms = station->day_at_send_ms;
	station->book->confirmed++;
	station->busy = false;
	if (chance_percent(station->chance, 40))
		send_slip(station, tried);
	think(station);
}

static void on_committed(struct station *station, const lobby_VisitCommitted *answer)
{
	struct tried *tried = book_find(station->book, answer->id);

	if (tried == NULL)
		return;
	if (tried->confirmed) { /* the second press */
		if (answer->err == 0 && (answer->seq != tried->seq || strcmp(answer->ticket, tried->ticket) != 0))
			tried->changed = true;
		return;
	}
	if (!station->busy || tried != &station->book->tried[station->at])
		return;
	if (answer->err == 0) {
		on_confirmed(station, tried, answer);
		return;
	}
	on_refused(station, tried);
	loop_timer_set(station->loop, &station->think, 200 + chance_below(station->chance, 800), again, station);
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct station *station = arg;

	(void)conn;
	if (envelope->which_body == lobby_Envelope_visit_committed_tag) {
		on_committed(station, &envelope->body.visit_committed);
	} else if (envelope->which_body == lobby_Envelope_sync_state_tag) {
		station->state = envelope->body.sync_state;
		station->has_state = true;
	} else if (envelope->which_body == lobby_Envelope_enrolled_tag) {
		station->enrolled = envelope->body.enrolled;
		station->has_enrolled = true;
	}
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct station *station = arg;

	(void)conn;
	station->has_state = false;
	if (up && station->busy)
		send_visit(station);
	else if (up)
		think(station);
}

void station_start(struct station *station, const char *path)
{
	text_copy(station->path, sizeof(station->path), path);
	wire_client_start(&station->conn, station->loop, station->path, station->program, on_message, on_state,
			  station);
}

void station_stop(struct station *station)
{
	loop_timer_cancel(station->loop, &station->think);
	wire_close(&station->conn);
}

void station_forget(struct station *station)
{
	if (station->busy)
		station->book->tried[station->at].given_up = true;
	station->busy = false;
	station_stop(station);
	station_start(station, station->path);
}
