/* See roster.h. */
#include "roster.h"

#include "base/text.h"

#include <string.h>

/* In this order in `put` and in roster_put(). */
#define COLUMNS \
	"appointment_id, patient_id, code, start_ms, minutes, status, ticket, practitioner, service_type, location," \
	" ticket_prefix, clinic_name, here, birth_date, family, given, phone_last4, phone_masked, email_masked," \
	" address_masked, language, member_hash, coverage_id, payor, member_last4, cover_group, subscriber, active," \
	" copay_cents, currency, generation"

static const char put_sql[] =
	"INSERT INTO roster(" COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
	" ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)"
	" ON CONFLICT(appointment_id) DO UPDATE SET"
	" local_ticket = CASE WHEN excluded.status IN (1, 3) OR excluded.patient_id <> patient_id THEN ''"
	" ELSE local_ticket END,"
	" patient_id = excluded.patient_id, code = excluded.code, start_ms = excluded.start_ms,"
	" minutes = excluded.minutes, status = excluded.status, ticket = excluded.ticket,"
	" practitioner = excluded.practitioner, service_type = excluded.service_type, location = excluded.location,"
	" ticket_prefix = excluded.ticket_prefix, clinic_name = excluded.clinic_name, here = excluded.here,"
	" birth_date = excluded.birth_date, family = excluded.family, given = excluded.given,"
	" phone_last4 = excluded.phone_last4, phone_masked = excluded.phone_masked,"
	" email_masked = excluded.email_masked, address_masked = excluded.address_masked,"
	" language = excluded.language, member_hash = excluded.member_hash, coverage_id = excluded.coverage_id,"
	" payor = excluded.payor, member_last4 = excluded.member_last4, cover_group = excluded.cover_group,"
	" subscriber = excluded.subscriber, active = excluded.active, copay_cents = excluded.copay_cents,"
	" currency = excluded.currency, generation = excluded.generation";

/* What identify.c reads of a candidate, in its order; roster_birth has all of it. */
#define CANDIDATE "SELECT DISTINCT patient_id, family, given, phone_last4 FROM roster "

/* What identify.c reads of the one who was found, in its order. */
#define FOUND \
	"SELECT appointment_id, start_ms, minutes, status, ticket, local_ticket, practitioner, service_type," \
	" location, clinic_name, here, given, phone_masked, email_masked, address_masked, language, coverage_id," \
	" payor, member_last4, cover_group, subscriber, active, copay_cents, currency, family, birth_date FROM roster" \
	" WHERE patient_id = ?1 ORDER BY start_ms LIMIT 64"

int roster_init(struct roster *roster, struct db *db)
{
	const struct {
		sqlite3_stmt **stmt;
		const char *sql;
	} all[] = {
		{ &roster->put, put_sql },
		{ &roster->free_code,
		  "UPDATE roster SET code = '' WHERE code = ?1 AND code <> '' AND appointment_id <> ?2" },
		{ &roster->remove, "DELETE FROM roster WHERE appointment_id = ?1" },
		{ &roster->sweep, "DELETE FROM roster WHERE generation < ?1" },
		{ &roster->purge, "DELETE FROM roster WHERE start_ms < ?1" },
		{ &roster->clear, "DELETE FROM roster" },
		{ &roster->count, "SELECT count(*) FROM roster" },
		{ &roster->arrive,
		  "UPDATE roster SET local_ticket = ?3 WHERE appointment_id = ?1 AND patient_id = ?2" },
		{ &roster->prefix, "SELECT ticket_prefix FROM roster WHERE appointment_id = ?1" },
		{ &roster->by_birth, CANDIDATE "WHERE birth_date = ?1" },
		{ &roster->by_member, CANDIDATE "WHERE member_hash = ?1 AND birth_date = ?2" },
		{ &roster->by_code, CANDIDATE "WHERE code = ?1 AND code <> ''" },
		{ &roster->of_patient, FOUND },
	};
	int err = 0;

	*roster = (struct roster){ .db = db };
	for (size_t i = 0; err == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		err = db_prepare(db, all[i].sql, all[i].stmt);
	if (err != 0)
		roster_fini(roster);
	return err;
}

void roster_fini(struct roster *roster)
{
	sqlite3_stmt *all[] = { roster->put,	   roster->free_code, roster->remove,	 roster->sweep,
				roster->purge,	   roster->clear,     roster->count,	 roster->arrive,
				roster->prefix,	   roster->by_birth,  roster->by_member, roster->by_code,
				roster->of_patient };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sqlite3_finalize(all[i]);
	*roster = (struct roster){ 0 };
}

int roster_put(struct roster *roster, const struct roster_entry *e, int64_t generation)
{
	int err = 0;

	/* The newest owner of a code has it: a feed in which one moved must not stop at the old row. */
	if (e->code[0] != '\0') {
		err = db_bind(roster->free_code, "tt", e->code, e->appointment_id);
		if (err == 0)
			err = db_run(roster->db, roster->free_code);
	}
	if (err == 0)
		err = db_bind(roster->put,
			      "tttiiitttttti" /* .. here */
			      "ttttttttt"     /* birth_date .. member_hash */
			      "tttttiiti",
			      e->appointment_id, e->patient_id, e->code, e->start_ms, (int64_t)e->minutes,
			      (int64_t)e->status, e->ticket, e->practitioner, e->service_type, e->location,
			      e->ticket_prefix, e->clinic_name, (int64_t)e->here, e->birth_date, e->family, e->given,
			      e->phone_last4, e->phone_masked, e->email_masked, e->address_masked, e->language,
			      e->member_hash, e->coverage_id, e->payor, e->member_last4, e->group, e->subscriber,
			      (int64_t)e->active, (int64_t)e->copay_cents, e->currency, generation);
	return err != 0 ? err : db_run(roster->db, roster->put);
}

int roster_remove(struct roster *roster, const char *appointment_id)
{
	int err = db_bind(roster->remove, "t", appointment_id);

	return err != 0 ? err : db_run(roster->db, roster->remove);
}

int roster_sweep(struct roster *roster, int64_t generation)
{
	int err = db_bind(roster->sweep, "i", generation);

	return err != 0 ? err : db_run(roster->db, roster->sweep);
}

int roster_clear(struct roster *roster)
{
	int err = db_bind(roster->clear, "");

	return err != 0 ? err : db_run(roster->db, roster->clear);
}

int roster_purge(struct roster *roster, int64_t day_start_ms, int *removed)
{
	int err = db_bind(roster->purge, "i", day_start_ms);

	if (err == 0)
		err = db_run(roster->db, roster->purge);
	if (err == 0)
		*removed = sqlite3_changes(roster->db->handle);
	return err;
}

int roster_count(struct roster *roster, uint32_t *count)
{
	int err = db_bind(roster->count, "");

	if (err == 0 && (err = db_step(roster->db, roster->count)) == 1) {
		*count = (uint32_t)sqlite3_column_int64(roster->count, 0);
		err = 0;
	}
	sqlite3_reset(roster->count);
	return err;
}

int roster_arrive(struct roster *roster, const char *appointment_id, const char *patient_id, const char *ticket)
{
	int err = db_bind(roster->arrive, "ttt", appointment_id, patient_id, ticket);

	return err != 0 ? err : db_run(roster->db, roster->arrive);
}

int roster_prefix(struct roster *roster, const char *appointment_id, char *out, size_t size)
{
	int err = db_bind(roster->prefix, "t", appointment_id);

	if (err != 0)
		return err;
	err = db_step(roster->db, roster->prefix);
	if (err >= 0) {
		text_copy(out, size, err == 1 ? db_text(roster->prefix, 0) : "");
		err = 0;
	}
	sqlite3_reset(roster->prefix);
	return err;
}
