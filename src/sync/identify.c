/* See identify.h. Candidates are copied into a fixed block: SQLite lends a row only until the next one. */
#include "identify.h"

#include "base/text.h"
#include "checkin/match.h"
#include "checkin/window.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CANDIDATES 128
#define MAX_ROWS 64
#define MAX_ANSWERS (sizeof(((lobby_Identified *)0)->appointment) / sizeof(lobby_Appointment))

struct person {
	char patient_id[65];
	char family[97], given[97], phone_last4[5];
};

/* All with the birthday asked for, or with the letter's code. Wiped after each question. */
struct pool {
	struct person person[MAX_CANDIDATES];
	struct match_candidate candidate[MAX_CANDIDATES];
	size_t count;
	bool full;
};

static struct pool pool;

/* Steps a bound candidate statement into the pool. */
static int gather(struct roster *roster, sqlite3_stmt *stmt)
{
	int err;

	pool.count = 0;
	pool.full = false;
	while ((err = db_step(roster->db, stmt)) == 1) {
		struct person *p = &pool.person[pool.count];

		if (pool.count == MAX_CANDIDATES) {
			pool.full = true;
			break;
		}
		text_copy(p->patient_id, sizeof(p->patient_id), db_text(stmt, 0));
		text_copy(p->family, sizeof(p->family), db_text(stmt, 1));
		text_copy(p->given, sizeof(p->given), db_text(stmt, 2));
		text_copy(p->phone_last4, sizeof(p->phone_last4), db_text(stmt, 3));
		pool.candidate[pool.count++] =
			(struct match_candidate){ p->patient_id, p->family, p->given, p->phone_last4 };
	}
	sqlite3_reset(stmt);
	return err < 0 ? err : 0;
}

static bool one_patient(void)
{
	for (size_t i = 1; i < pool.count; i++)
		if (strcmp(pool.person[i].patient_id, pool.person[0].patient_id) != 0)
			return false;
	return pool.count > 0;
}

/* The insurance card's number as the clinic hashes it (lobby-clinic's roster_member_hash): capitals and digits alone.
 * False when nothing is left of it. */
static bool hash_member(const char *member_id, char hex[33])
{
	uint8_t folded[64], hash[16];
	size_t len = 0;

	for (; *member_id != '\0' && len < sizeof(folded); member_id++) {
		char c = *member_id >= 'a' && *member_id <= 'z' ? (char)(*member_id - 'a' + 'A') : *member_id;

		if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			folded[len++] = (uint8_t)c;
	}
	if (len == 0)
		return false;
	crypto_generichash(hash, sizeof(hash), folded, len, NULL, 0);
	sodium_bin2hex(hex, 33, hash, sizeof(hash));
	sodium_memzero(folded, sizeof(folded));
	return true;
}

static lobby_IdentifyOutcome outcome_of(enum match_outcome outcome)
{
	switch (outcome) {
	case MATCH_FOUND:
		return lobby_IdentifyOutcome_IDENTIFY_FOUND;
	case MATCH_NEED_FAMILY:
		return lobby_IdentifyOutcome_IDENTIFY_NEED_FAMILY;
	case MATCH_NEED_GIVEN:
		return lobby_IdentifyOutcome_IDENTIFY_NEED_GIVEN;
	case MATCH_NEED_PHONE:
		return lobby_IdentifyOutcome_IDENTIFY_NEED_PHONE;
	case MATCH_AMBIGUOUS:
		return lobby_IdentifyOutcome_IDENTIFY_AMBIGUOUS;
	case MATCH_NONE:
		break;
	}
	return lobby_IdentifyOutcome_IDENTIFY_NONE;
}

static lobby_IdentifyOutcome decide(const lobby_Identify *query, const char **patient_id)
{
	struct match_query q = { query->family, query->given, query->phone_last4, query->from_card, query->cut };

	/* More people than can be told apart by two letters and four digits. */
	if (pool.full)
		return lobby_IdentifyOutcome_IDENTIFY_AMBIGUOUS;
	return outcome_of(match_decide(pool.candidate, pool.count, &q, patient_id));
}

/* The code of an appointment letter alone; else the insurance card with the birthday; else the birthday. */
static int find(struct roster *roster, const lobby_Identify *query, lobby_IdentifyOutcome *outcome,
		const char **patient_id)
{
	char hash[33];
	int err;

	if (query->appointment_code[0] != '\0') {
		err = db_bind(roster->by_code, "t", query->appointment_code);
		if (err == 0)
			err = gather(roster, roster->by_code);
		*outcome = lobby_IdentifyOutcome_IDENTIFY_NONE;
		if (err == 0 && one_patient()) {
			*outcome = lobby_IdentifyOutcome_IDENTIFY_FOUND;
			*patient_id = pool.person[0].patient_id;
		}
		return err;
	}
	if (hash_member(query->member_id, hash)) {
		err = db_bind(roster->by_member, "tt", hash, query->birth_date);
		if (err == 0)
			err = gather(roster, roster->by_member);
		if (err != 0)
			return err;
		if (one_patient()) {
			*outcome = lobby_IdentifyOutcome_IDENTIFY_FOUND;
			*patient_id = pool.person[0].patient_id;
			return 0;
		}
		if (pool.count > 0) {
			*outcome = decide(query, patient_id);
			return 0;
		}
	}
	err = db_bind(roster->by_birth, "t", query->birth_date);
	if (err == 0)
		err = gather(roster, roster->by_birth);
	if (err == 0)
		*outcome = decide(query, patient_id);
	return err;
}

static void fill_person(sqlite3_stmt *row, const lobby_Settings *settings, const char *patient_id, lobby_Person *person)
{
	lobby_Coverage *coverage = &person->coverage;

	text_copy(person->patient_id, sizeof(person->patient_id), patient_id);
	text_copy(person->given, sizeof(person->given), db_text(row, 11));
	text_copy(person->phone_masked, sizeof(person->phone_masked), db_text(row, 12));
	text_copy(person->email_masked, sizeof(person->email_masked), db_text(row, 13));
	text_copy(person->address_masked, sizeof(person->address_masked), db_text(row, 14));
	text_copy(person->language, sizeof(person->language), db_text(row, 15));
	text_copy(person->birth_date, sizeof(person->birth_date), db_text(row, 25));
	if (settings->print_wristband || settings->print_label)
		text_copy(person->family, sizeof(person->family), db_text(row, 24));
	coverage->copay_cents = -1;
	if (*db_text(row, 16) == '\0')
		return;
	person->has_coverage = true;
	text_copy(coverage->id, sizeof(coverage->id), db_text(row, 16));
	text_copy(coverage->payor, sizeof(coverage->payor), db_text(row, 17));
	text_copy(coverage->member_last4, sizeof(coverage->member_last4), db_text(row, 18));
	text_copy(coverage->group, sizeof(coverage->group), db_text(row, 19));
	text_copy(coverage->subscriber, sizeof(coverage->subscriber), db_text(row, 20));
	coverage->active = sqlite3_column_int(row, 21) != 0;
	coverage->copay_cents = sqlite3_column_int(row, 22);
	text_copy(coverage->currency, sizeof(coverage->currency), db_text(row, 23));
}

static lobby_AppointmentState state_of(enum window_state state)
{
	switch (state) {
	case WINDOW_READY:
		return lobby_AppointmentState_APPOINTMENT_READY;
	case WINDOW_EARLY:
		return lobby_AppointmentState_APPOINTMENT_EARLY;
	case WINDOW_LATE:
		return lobby_AppointmentState_APPOINTMENT_LATE;
	case WINDOW_ARRIVED:
		return lobby_AppointmentState_APPOINTMENT_ARRIVED;
	case WINDOW_CANCELLED:
		return lobby_AppointmentState_APPOINTMENT_CANCELLED;
	case WINDOW_OTHER_CLINIC:
		return lobby_AppointmentState_APPOINTMENT_OTHER_CLINIC;
	case WINDOW_OTHER_DAY:
		break;
	}
	return lobby_AppointmentState_APPOINTMENT_OTHER_DAY;
}

static void fill_appointment(sqlite3_stmt *row, const lobby_Settings *settings, int64_t now_ms, lobby_Appointment *out)
{
	int status = sqlite3_column_int(row, 3);
	const char *ticket = db_text(row, 4), *local = db_text(row, 5);
	struct window_appointment appointment = {
		.start_ms = sqlite3_column_int64(row, 1),
		.arrived = status == ROSTER_ARRIVED || status == ROSTER_FULFILLED || *local != '\0',
		.cancelled = status == ROSTER_CANCELLED,
		.here = sqlite3_column_int(row, 10) != 0,
	};
	struct window_rule rule = { (int)settings->early_min, (int)settings->late_min };

	*out = (lobby_Appointment){ .start_ms = appointment.start_ms, .minutes = (uint32_t)sqlite3_column_int(row, 2) };
	out->state = state_of(window_of(&appointment, &rule, now_ms, &out->opens_ms));
	text_copy(out->id, sizeof(out->id), db_text(row, 0));
	text_copy(out->ticket, sizeof(out->ticket), *ticket != '\0' ? ticket : local);
	text_copy(out->practitioner, sizeof(out->practitioner), db_text(row, 6));
	if (settings->show_service_type)
		text_copy(out->service_type, sizeof(out->service_type), db_text(row, 7));
	text_copy(out->location, sizeof(out->location), db_text(row, 8));
	text_copy(out->clinic_name, sizeof(out->clinic_name), db_text(row, 9));
}

/* READY before the rest, each soonest first (the rows come so); as many as the message holds. */
static int fill_found(struct roster *roster, const lobby_Settings *settings, int64_t now_ms, const char *patient_id,
		      lobby_Identified *answer)
{
	static lobby_Appointment all[MAX_ROWS];
	size_t count = 0;
	int err = db_bind(roster->of_patient, "t", patient_id);

	if (err != 0)
		return err;
	while (count < MAX_ROWS && (err = db_step(roster->db, roster->of_patient)) == 1) {
		if (count == 0)
			fill_person(roster->of_patient, settings, patient_id, &answer->person);
		fill_appointment(roster->of_patient, settings, now_ms, &all[count++]);
	}
	sqlite3_reset(roster->of_patient);
	for (int ready = 1; err >= 0 && ready >= 0; ready--)
		for (size_t i = 0; i < count && answer->appointment_count < MAX_ANSWERS; i++)
			if ((all[i].state == lobby_AppointmentState_APPOINTMENT_READY) == (ready == 1))
				answer->appointment[answer->appointment_count++] = all[i];
	sodium_memzero(all, count * sizeof(all[0]));
	answer->has_person = true;
	return err < 0 ? err : 0;
}

int identify_run(struct roster *roster, const lobby_Settings *settings, bool has_roster, int64_t now_ms,
		 const lobby_Identify *query, lobby_Identified *answer)
{
	lobby_IdentifyOutcome outcome = lobby_IdentifyOutcome_IDENTIFY_NO_ROSTER;
	const char *patient_id = NULL;
	int err = 0;

	*answer = (lobby_Identified){ .request = query->request };
	if (has_roster)
		err = find(roster, query, &outcome, &patient_id);
	if (err == 0 && outcome == lobby_IdentifyOutcome_IDENTIFY_FOUND)
		err = fill_found(roster, settings, now_ms, patient_id, answer);
	sodium_memzero(pool.person, pool.count * sizeof(pool.person[0]));
	pool.count = 0;
	if (err != 0)
		*answer = (lobby_Identified){ .request = query->request };
	else
		answer->outcome = outcome;
	return err;
}
