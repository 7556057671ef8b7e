/* What a visit does to the clinic's store: see visits.h. One Bundle is at most a dozen small statements, all prepared
 * once; the order is: keep the Bundle, make the arrival, mark the appointments, take what the patient changed, tell the
 * desk and the kiosks. A visit that names a patient or an appointment that the clinic does not know is shown as a
 * handover; one whose appointment another kiosk checked in already is shown too, and says so: nobody is lost. */
#include "visits.h"

#include "documents.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int keep_aside(struct ledger *store, int64_t kiosk, const struct visit_row *row, const char *why, int64_t now_ms)
{
	const void *content = row->content != NULL ? (const void *)row->content : row->sealed;
	size_t len = row->content != NULL ? row->content_len : row->sealed_len;
	int err = ledger_run(store,
			     "INSERT INTO set_aside(kiosk, seq, key, at_ms, reason, hash, content) VALUES(?1, ?2, ?3, "
			     "?4, ?5, ?6, ?7) "
			     "ON CONFLICT(kiosk, seq, hash) DO NOTHING",
			     "iititbb", kiosk, row->seq, row->key, now_ms, why, row->hash, sizeof(row->hash), content,
			     len);

	if (err != 0 || ledger_changes(store) == 0)
		return err;
	log_event(LOG_WARNING, "visit-set-aside", "kiosk=%lld seq=%lld", (long long)kiosk, (long long)row->seq);
	return change_desk(store, "set-aside", "");
}

/* Keeps the Bundle as it came. *fresh: it is new. */
static int keep_bundle(struct ledger *store, int64_t kiosk, struct visit_row *row, int64_t now_ms, bool *fresh)
{
	sqlite3_stmt *known;
	bool same = false;
	int err = ledger_run(store,
			     "INSERT INTO bundle(kiosk, seq, key, kind, received_ms, hash, content) VALUES(?1, ?2, ?3, "
			     "?4, ?5, ?6, ?7) "
			     "ON CONFLICT(kiosk, seq) DO NOTHING",
			     "iitiibb", kiosk, row->seq, row->key, (int64_t)row->kind, now_ms, row->hash,
			     sizeof(row->hash), row->content, row->content_len);

	*fresh = err == 0 && ledger_changes(store) == 1;
	if (err != 0 || *fresh)
		return err;
	row->verdict = VISIT_DUPLICATE;
	err = ledger_query(store, &known, "SELECT hash FROM bundle WHERE kiosk = ?1 AND seq = ?2", "ii", kiosk,
			   row->seq);
	if (err == 0 && (err = ledger_step(store, known)) == 1) {
		same = sqlite3_column_bytes(known, 0) == (int)sizeof(row->hash) &&
		       memcmp(sqlite3_column_blob(known, 0), row->hash, sizeof(row->hash)) == 0;
		sqlite3_reset(known);
	}
	if (err < 0 || same)
		return err < 0 ? err : 0;
	return keep_aside(store, kiosk, row, "another visit had this number already", now_ms);
}

static void describe(char *out, size_t size, const struct visit *v)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char *end, family[16] = "", given[16] = "";
	long year = strtol(v->birth_date, &end, 10), month = *end == '-' ? strtol(end + 1, &end, 10) : 0,
	     day = *end == '-' ? strtol(end + 1, &end, 10) : 0;

	if (v->family_initial[0] != '\0')
		snprintf(family, sizeof(family), ", %s…", v->family_initial);
	if (v->given_initial[0] != '\0')
		snprintf(given, sizeof(given), " %s…", v->given_initial);
	if (month < 1 || month > 12)
		snprintf(out, size, "Not identified%s%s", family, given);
	else
		snprintf(out, size, "born %ld %s %ld%s%s", day, months[month - 1], year, family, given);
}

/* Marks one appointment arrived. *twice gets the other ticket when it was checked in already. */
static int mark_appointment(struct ledger *store, const struct visit *v, const char *id, bool *known, char *twice,
			    size_t size)
{
	sqlite3_stmt *row;
	int err = ledger_run(store,
			     "UPDATE appointment SET status = 'arrived', ticket = ?2 WHERE id = ?1 AND status IN "
			     "('booked', 'noshow')",
			     "tt", id, v->ticket);

	if (err != 0)
		return err;
	if (ledger_changes(store) == 1)
		return change_feed(store, "roster", id, 0);
	err = ledger_query(store, &row, "SELECT status, ticket FROM appointment WHERE id = ?1", "t", id);
	if (err != 0)
		return err;
	err = ledger_step(store, row);
	if (err == 0)
		*known = false;
	else if (err == 1 && strcmp(db_text(row, 0), "cancelled") == 0)
		text_copy(twice, size, "cancelled");
	else if (err == 1)
		text_copy(twice, size, *db_text(row, 1) != '\0' ? db_text(row, 1) : "arrived");
	sqlite3_reset(row);
	return err < 0 ? err : 0;
}

/* New contact details become the patient's; what they were is in the history. */
static int take_contact(struct ledger *store, const struct visit *v, int64_t now_ms)
{
	int err;

	err = ledger_run(
		store,
		"INSERT INTO history(type, id, version, at_ms, source, content) SELECT 'Patient', id, "
		"(SELECT count(*) + 1 FROM history WHERE type = 'Patient' AND id = ?1), ?2, 'before visit ' || ?3, "
		"json_object('phone', phone, 'email', email, 'address_line', address_line, 'address_city', "
		"address_city, "
		"'address_postal_code', address_postal_code) FROM patient WHERE id = ?1",
		"tit", v->patient_id, now_ms, v->id);
	if (err == 0)
		err = ledger_run(store,
				 "UPDATE patient SET phone = coalesce(nullif(?2, ''), phone), email = "
				 "coalesce(nullif(?3, ''), email), "
				 "address_line = coalesce(nullif(?4, ''), address_line), address_city = "
				 "coalesce(nullif(?5, ''), address_city), "
				 "address_postal_code = coalesce(nullif(?6, ''), address_postal_code) WHERE id = ?1",
				 "tttttt", v->patient_id, v->phone, v->email, v->address_line, v->address_city,
				 v->address_postal_code);
	return err;
}

/* "Maria Garcia, born 1985-04-17": whom the card names, where it names anybody. */
static void card_person(const struct visit_card *card, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s%s", card->given, card->given[0] != '\0' && card->family[0] != '\0' ? " " : "",
		 card->family, card->birth_date[0] != '\0' ? ", born " : "", card->birth_date);
}

static int take_coverage(struct ledger *store, const struct visit *v, int64_t now_ms)
{
	const struct visit_card *card = &v->card;
	char person[160];

	card_person(card, person, sizeof(person));
	return ledger_run(
		store,
		"INSERT INTO coverage(id, patient_id, payor, member_id, group_id, subscriber, status, "
		"period_start, period_end, copay_cents, currency, source, updated_ms, payor_id, plan, rx_bin, "
		"rx_pcn, rx_group, dependent, read_from, card_person) SELECT ?1, id, ?3, ?4, ?5, "
		"coalesce(nullif(?7, ''), given || ' ' || family), 'active', ?8, ?9, -1, '', 'kiosk', ?6, ?10, "
		"?11, ?12, ?13, ?14, ?15, ?16, ?17 FROM patient WHERE id = ?2 ON CONFLICT(id) DO NOTHING",
		"tttttittttttttttt", v->coverage_id, v->patient_id, v->payor, v->member_id, v->group, now_ms,
		card->subscriber, card->period_start, card->period_end, card->payor_id, card->plan, card->rx_bin,
		card->rx_pcn, card->rx_group, card->dependent, card->source, person);
}

/* What the patient told about themselves; every other kiosk hears of it with their appointments. */
static int take_changes(struct ledger *store, const struct visit *v, int64_t now_ms)
{
	bool contact = v->contact == VISIT_CONTACT_CHANGED;
	bool coverage = v->insurance == VISIT_INSURANCE_NEW && v->coverage_id[0] != '\0';
	int err = contact ? take_contact(store, v, now_ms) : 0;

	if (err == 0 && coverage)
		err = take_coverage(store, v, now_ms);
	if (err == 0 && (contact || coverage))
		err = ledger_run(store,
				 "INSERT INTO feed_change(kind, ref, at_ms) SELECT 'roster', id, ?2 FROM appointment "
				 "WHERE patient_id = ?1 AND start_ms >= ?3",
				 "tii", v->patient_id, now_ms, clock_day_start_ms(now_ms));
	return err;
}

struct arrival {
	int64_t number;
	bool handover, known;
	const char *reason;
	char described[96], twice[16];
};

static int insert_arrival(struct ledger *store, int64_t kiosk, const struct visit *v, const struct arrival *a,
			  int64_t now_ms, bool *fresh)
{
	int64_t arrived_ms = v->finished_ms > 0 ? v->finished_ms : now_ms;
	bool prints = !a->handover && clinic_settings_int(store, "print_slip") != 0;
	int err = ledger_run(store,
			     "INSERT INTO arrival(visit_id, kiosk, ticket, kind, reason, step, patient_id, known, "
			     "described, language, contact,"
			     " insurance, twice, arrived_ms, received_ms, stage_ms, slip) VALUES(?1, ?2, ?3, ?4, ?5, "
			     "?6, ?7, ?8, ?9, ?10, ?11,"
			     " ?12, '', ?13, ?14, ?13, ?15) ON CONFLICT(visit_id) DO NOTHING",
			     "tititttittiiiit", v->id, kiosk, v->ticket, (int64_t)a->handover, a->reason, v->step,
			     v->patient_id, (int64_t)a->known, a->described, v->language, (int64_t)v->contact,
			     (int64_t)v->insurance, arrived_ms, now_ms, prints ? "printing" : "none");

	*fresh = err == 0 && ledger_changes(store) == 1;
	return err;
}

static int mark_appointments(struct ledger *store, const struct visit *v, struct arrival *a)
{
	bool known = true;
	int err = 0;

	for (int i = 0; i < v->appointment_count && err == 0; i++) {
		err = ledger_run(store,
				 "INSERT INTO arrival_appointment(arrival, appointment_id) VALUES(?1, ?2) ON CONFLICT "
				 "DO NOTHING",
				 "it", a->number, v->appointment_id[i]);
		if (err == 0 && v->kind == VISIT_ARRIVAL)
			err = mark_appointment(store, v, v->appointment_id[i], &known, a->twice, sizeof(a->twice));
	}
	if (err == 0 && !known && !a->handover) {
		a->handover = true;
		a->reason = "unknown";
	}
	return err;
}

static int apply_visit(struct ledger *store, int64_t kiosk, struct visit_row *row, int64_t now_ms)
{
	const struct visit *v = &row->visit;
	struct arrival a = { .handover = v->kind == VISIT_HANDOVER, .reason = v->reason };
	int64_t one;
	bool fresh;
	int err = ledger_int(store, &one, "SELECT 1 FROM patient WHERE id = ?1", "t", v->patient_id);

	if (err != 0 && err != LOBBY_ERR_NOT_FOUND)
		return err;
	a.known = err == 0;
	if (!a.known) {
		describe(a.described, sizeof(a.described), v);
		a.reason = a.handover ? a.reason : "unknown";
		a.handover = true;
	}
	err = insert_arrival(store, kiosk, v, &a, now_ms, &fresh);
	if (err != 0)
		return err;
	if (!fresh) {
		/* The same visit under another number (the kiosk was enrolled anew): the Bundle is kept, no more. */
		row->verdict = VISIT_DUPLICATE;
		return 0;
	}
	a.number = sqlite3_last_insert_rowid(store->db.handle);
	err = mark_appointments(store, v, &a);
	if (err == 0)
		err = documents_keep(store, v, a.known ? v->patient_id : "", now_ms);
	if (err == 0 && (a.twice[0] != '\0' || strcmp(a.reason, v->reason) != 0))
		err = ledger_run(store, "UPDATE arrival SET twice = ?2, kind = ?3, reason = ?4 WHERE number = ?1",
				 "itit", a.number, a.twice, (int64_t)a.handover, a.reason);
	if (err == 0 && a.known)
		err = take_changes(store, v, now_ms);
	return err != 0 ? err : change_desk(store, "arrival", v->id);
}

static int apply_slip(struct ledger *store, const struct visit_slip *slip)
{
	const char *state = slip->printed ? "printed" : "failed";
	int err;

	if (strcmp(slip->form, "wristband") == 0)
		err = ledger_run(store, "UPDATE arrival SET wristband = ?2 WHERE visit_id = ?1", "tt", slip->visit_id,
				 state);
	else if (strcmp(slip->form, "label") == 0)
		err = ledger_run(store, "UPDATE arrival SET label = ?2 WHERE visit_id = ?1", "tt", slip->visit_id,
				 state);
	else
		err = ledger_run(store, "UPDATE arrival SET slip = ?2, slip_error = ?3 WHERE visit_id = ?1", "ttt",
				 slip->visit_id, state, slip->error);

	return err != 0 || ledger_changes(store) == 0 ? err : change_desk(store, "arrival", slip->visit_id);
}

int visits_apply(struct ledger *store, int64_t kiosk, struct visit_row *row, int64_t now_ms)
{
	bool fresh;
	int err;

	if (row->verdict == VISIT_NEVER)
		return keep_aside(store, kiosk, row, row->why, now_ms);
	err = keep_bundle(store, kiosk, row, now_ms, &fresh);
	if (err != 0 || !fresh)
		return err;
	return row->kind == VISIT_BUNDLE_VISIT ? apply_visit(store, kiosk, row, now_ms) : apply_slip(store, &row->slip);
}
