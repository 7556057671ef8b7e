/* The kiosk's schema, as forward-only migrations.
 *
 * One row of `outbox` is one sealed Bundle. Its key is (kiosk_id, seq), and seq alone orders and names it, since this
 * store counts on through a new enrolment. `visit` remembers what was answered to the kiosk for a visit's id, so that
 * asking twice changes nothing. `roster` has a column for everything that a lookup reads: there is no JSON on that
 * path, and roster_birth covers the first question of all. Ship a change as a new entry at the end, with its dump in
 * tests/unit/schema. */
#include "store.h"

static const char schema_1[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE outbox("
	" seq INTEGER PRIMARY KEY, kiosk_id TEXT NOT NULL, uuid TEXT NOT NULL, kind INTEGER NOT NULL,"
	" sealed BLOB NOT NULL, made_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
	" state INTEGER NOT NULL DEFAULT 0, UNIQUE(kiosk_id, seq));"
	"CREATE INDEX outbox_state ON outbox(state, kind);"
	"CREATE TABLE visit(uuid TEXT PRIMARY KEY, ticket TEXT NOT NULL, seq INTEGER NOT NULL, made_ms INTEGER NOT "
	"NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE ticket(day TEXT NOT NULL, prefix TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(day, prefix))"
	" WITHOUT ROWID;"
	"CREATE TABLE roster("
	" id INTEGER PRIMARY KEY, appointment_id TEXT NOT NULL UNIQUE, patient_id TEXT NOT NULL, code TEXT NOT NULL,"
	" start_ms INTEGER NOT NULL, minutes INTEGER NOT NULL, status INTEGER NOT NULL, ticket TEXT NOT NULL,"
	" practitioner TEXT NOT NULL, service_type TEXT NOT NULL, location TEXT NOT NULL, ticket_prefix TEXT NOT NULL,"
	" clinic_name TEXT NOT NULL, here INTEGER NOT NULL, birth_date TEXT NOT NULL, family TEXT NOT NULL,"
	" given TEXT NOT NULL, phone_last4 TEXT NOT NULL, phone_masked TEXT NOT NULL, email_masked TEXT NOT NULL,"
	" address_masked TEXT NOT NULL, language TEXT NOT NULL, member_hash TEXT NOT NULL, coverage_id TEXT NOT NULL,"
	" payor TEXT NOT NULL, member_last4 TEXT NOT NULL, cover_group TEXT NOT NULL, subscriber TEXT NOT NULL,"
	" active INTEGER NOT NULL, copay_cents INTEGER NOT NULL, currency TEXT NOT NULL, generation INTEGER NOT NULL,"
	" local_ticket TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX roster_birth ON roster(birth_date, patient_id, family, given, phone_last4);"
	"CREATE INDEX roster_patient ON roster(patient_id, start_ms);"
	"CREATE INDEX roster_member ON roster(member_hash, birth_date);"
	"CREATE UNIQUE INDEX roster_code ON roster(code) WHERE code <> '';";

/* What became of a visit's slip, so that a repeated message makes no second row. */
static const char schema_2[] = "ALTER TABLE visit ADD COLUMN slip INTEGER NOT NULL DEFAULT 0;";

/* Issuers of health cards. A clinic that had some already sends them to a kiosk that asks for the whole. */
static const char schema_3[] =
	"CREATE TABLE issuer(iss TEXT PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE issuer_key(kid TEXT NOT NULL, iss TEXT NOT NULL, x BLOB NOT NULL, y BLOB NOT NULL,"
	" PRIMARY KEY(kid, iss)) WITHOUT ROWID;"
	"CREATE INDEX issuer_key_iss ON issuer_key(iss);"
	"CREATE TABLE issuer_revoked(kid TEXT NOT NULL, rid TEXT NOT NULL, before_s INTEGER NOT NULL, iss TEXT NOT "
	"NULL,"
	" PRIMARY KEY(kid, rid, before_s, iss)) WITHOUT ROWID;"
	"CREATE INDEX issuer_revoked_iss ON issuer_revoked(iss);"
	"DELETE FROM meta WHERE key = 'cursor';";

/* The self-tests' reports, as JSON for the clinic. sent: 0 not yet, 1 the clinic has it, 2 the clinic refused it. */
static const char schema_4[] = "CREATE TABLE self_test(started_ms INTEGER PRIMARY KEY, finished_ms INTEGER NOT NULL,"
			       " passed INTEGER NOT NULL, report TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0);";

const char *const store_migrations[] = { schema_1, schema_2, schema_3, schema_4 };
const int store_migration_count = sizeof(store_migrations) / sizeof(store_migrations[0]);
