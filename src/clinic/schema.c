/* The clinic's schema: forward only, one element a version. What the clinic was told is never changed: `bundle`,
 * `history` and `audit` refuse UPDATE and DELETE by trigger. The other tables hold the current state, derived from
 * those.
 *
 * `desk_change` and `feed_change` are the logs that desk pages and kiosks follow with a cursor: AUTOINCREMENT, so that
 * a number is never used twice even after old rows are pruned. All times are milliseconds since 1970 UTC. */
#include "ledger.h"

/* Resources as imported (FHIR R4): the current row of each, and every version of each in `history`. */
static const char version_1[] =
	"CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE resource(type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,"
	" PRIMARY KEY(type, id)) WITHOUT ROWID;"
	"CREATE TABLE history(number INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT "
	"NULL,"
	" at_ms INTEGER NOT NULL, source TEXT NOT NULL, content TEXT NOT NULL);"
	"CREATE INDEX history_resource ON history(type, id);"
	"CREATE TABLE patient(id TEXT PRIMARY KEY, family TEXT NOT NULL, given TEXT NOT NULL, birth_date TEXT NOT NULL,"
	" phone TEXT NOT NULL, email TEXT NOT NULL, address_line TEXT NOT NULL, address_city TEXT NOT NULL,"
	" address_postal_code TEXT NOT NULL, language TEXT NOT NULL, interpreter INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE practitioner(id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE location(id TEXT PRIMARY KEY, name TEXT NOT NULL, short_name TEXT NOT NULL, directions TEXT NOT "
	"NULL,"
	" prefix TEXT NOT NULL, part_of TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE schedule(id TEXT PRIMARY KEY, practitioner_id TEXT NOT NULL, location_id TEXT NOT NULL) WITHOUT "
	"ROWID;"
	"CREATE TABLE slot(id TEXT PRIMARY KEY, schedule_id TEXT NOT NULL, start_ms INTEGER NOT NULL,"
	" end_ms INTEGER NOT NULL, status TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE coverage(id TEXT PRIMARY KEY, patient_id TEXT NOT NULL, payor TEXT NOT NULL, member_id TEXT NOT "
	"NULL,"
	" group_id TEXT NOT NULL, subscriber TEXT NOT NULL, status TEXT NOT NULL, period_start TEXT NOT NULL,"
	" period_end TEXT NOT NULL, copay_cents INTEGER NOT NULL, currency TEXT NOT NULL, source TEXT NOT NULL,"
	" updated_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX coverage_patient ON coverage(patient_id);"
	"CREATE TABLE appointment(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL,"
	" patient_id TEXT NOT NULL, start_ms INTEGER NOT NULL, minutes INTEGER NOT NULL, status TEXT NOT NULL,"
	" ticket TEXT NOT NULL DEFAULT '', practitioner_id TEXT NOT NULL, location_id TEXT NOT NULL, slot_id TEXT NOT "
	"NULL,"
	" with_text TEXT NOT NULL, service_type TEXT NOT NULL);"
	"CREATE INDEX appointment_start ON appointment(start_ms);"
	"CREATE INDEX appointment_patient ON appointment(patient_id);"

	"CREATE TABLE kiosk(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
	" credential_hash BLOB NOT NULL, enrolled_ms INTEGER NOT NULL, removed_ms INTEGER, heard_ms INTEGER NOT NULL,"
	" state TEXT NOT NULL, since_ms INTEGER NOT NULL, step TEXT NOT NULL DEFAULT '', visits_held INTEGER NOT NULL "
	"DEFAULT 0,"
	" set_aside INTEGER NOT NULL DEFAULT 0, devices TEXT NOT NULL DEFAULT '[]', version TEXT NOT NULL DEFAULT '');"
	"CREATE TABLE kiosk_code(number INTEGER PRIMARY KEY, code_id TEXT NOT NULL, name TEXT NOT NULL, key BLOB NOT "
	"NULL,"
	" expires_ms INTEGER NOT NULL, wrong INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX kiosk_code_id ON kiosk_code(code_id);"

	/* What kiosks sent, as it came. kind: 0 visit, 1 slip. */
	"CREATE TABLE bundle(number INTEGER PRIMARY KEY, kiosk INTEGER NOT NULL, seq INTEGER NOT NULL, key TEXT NOT "
	"NULL,"
	" kind INTEGER NOT NULL, received_ms INTEGER NOT NULL, hash BLOB NOT NULL, content BLOB NOT NULL,"
	" UNIQUE(kiosk, seq));"
	"CREATE TABLE set_aside(number INTEGER PRIMARY KEY, kiosk INTEGER NOT NULL, seq INTEGER NOT NULL, key TEXT NOT "
	"NULL,"
	" at_ms INTEGER NOT NULL, reason TEXT NOT NULL, hash BLOB NOT NULL, content BLOB NOT NULL, UNIQUE(kiosk, seq, "
	"hash));"
	"CREATE TABLE arrival(number INTEGER PRIMARY KEY, visit_id TEXT NOT NULL UNIQUE, kiosk INTEGER NOT NULL,"
	" ticket TEXT NOT NULL, kind INTEGER NOT NULL, reason TEXT NOT NULL, step TEXT NOT NULL, patient_id TEXT NOT "
	"NULL,"
	" known INTEGER NOT NULL, described TEXT NOT NULL, language TEXT NOT NULL, contact INTEGER NOT NULL,"
	" insurance INTEGER NOT NULL, twice TEXT NOT NULL, arrived_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,"
	" stage INTEGER NOT NULL DEFAULT 0, stage_by TEXT NOT NULL DEFAULT '', stage_ms INTEGER NOT NULL,"
	" slip TEXT NOT NULL, slip_error TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX arrival_received ON arrival(received_ms);"
	"CREATE INDEX arrival_patient ON arrival(patient_id);"
	"CREATE TABLE arrival_appointment(arrival INTEGER NOT NULL, appointment_id TEXT NOT NULL,"
	" PRIMARY KEY(arrival, appointment_id)) WITHOUT ROWID;"
	"CREATE TABLE help(id TEXT PRIMARY KEY, kiosk INTEGER NOT NULL, step TEXT NOT NULL, at_ms INTEGER NOT NULL,"
	" stage TEXT NOT NULL, by TEXT NOT NULL DEFAULT '', stage_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX help_at ON help(at_ms);"

	"CREATE TABLE desk_change(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, ref TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL);"
	"CREATE TABLE feed_change(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, ref TEXT NOT NULL,"
	" kiosk INTEGER NOT NULL DEFAULT 0, at_ms INTEGER NOT NULL);"

	"CREATE TABLE user(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, password TEXT NOT "
	"NULL,"
	" role TEXT NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE setup(hash BLOB NOT NULL, made_ms INTEGER NOT NULL);"
	"CREATE TABLE session(hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES user(number), made_ms INTEGER "
	"NOT NULL,"
	" used_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE audit(number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, user TEXT NOT NULL,"
	" action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL);"

	"CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"
	"CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;"
	"CREATE TRIGGER history_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); "
	"END;"
	"CREATE TRIGGER history_delete BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); "
	"END;"
	"CREATE TRIGGER bundle_update BEFORE UPDATE ON bundle BEGIN SELECT RAISE(ABORT, 'bundle is append-only'); END;"
	"CREATE TRIGGER bundle_delete BEFORE DELETE ON bundle BEGIN SELECT RAISE(ABORT, 'bundle is append-only'); END;";

/* What a technician found at a kiosk. lines: JSON, as the kiosk sent it, bounded. */
static const char version_2[] =
	"CREATE TABLE self_test(number INTEGER PRIMARY KEY, kiosk INTEGER NOT NULL, started_ms INTEGER NOT NULL,"
	" finished_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, passed INTEGER NOT NULL, by TEXT NOT NULL,"
	" version TEXT NOT NULL, lines TEXT NOT NULL, UNIQUE(kiosk, started_ms));";

/* Whom the clinic trusts to issue health cards, all that an insurance card says, and what patients share. */
static const char version_3[] =
	"CREATE TABLE issuer(number INTEGER PRIMARY KEY, iss TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
	" content TEXT NOT NULL, at_ms INTEGER NOT NULL);"
	"ALTER TABLE coverage ADD COLUMN payor_id TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE coverage ADD COLUMN plan TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE coverage ADD COLUMN rx_bin TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE coverage ADD COLUMN rx_pcn TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE coverage ADD COLUMN rx_group TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE coverage ADD COLUMN dependent TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE coverage ADD COLUMN read_from TEXT NOT NULL DEFAULT '';"	/* visit_card.source */
	"ALTER TABLE coverage ADD COLUMN card_person TEXT NOT NULL DEFAULT '';" /* whom the card names */
	/* state: here (content is what was shared), held (a link that is still to be resolved), or what became of it.
	 */
	"CREATE TABLE document(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, visit_id TEXT NOT NULL,"
	" patient_id TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, issuer TEXT NOT NULL,"
	" content_type TEXT NOT NULL, content BLOB NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL);"
	"CREATE INDEX document_patient ON document(patient_id);"
	"CREATE INDEX document_visit ON document(visit_id);"
	"ALTER TABLE arrival ADD COLUMN document INTEGER NOT NULL DEFAULT 0;";

/* Links that are still to be resolved, and what others led to until their visit comes (link_store.h). arrival.document
 * is from here on an enum document_flag. */
static const char version_4[] =
	"CREATE TABLE link_queue(document TEXT PRIMARY KEY, tries INTEGER NOT NULL, due_ms INTEGER NOT NULL) WITHOUT "
	"ROWID;"
	"CREATE INDEX link_queue_due ON link_queue(due_ms);"
	"CREATE TABLE link_kept(link BLOB NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL, sealed BLOB NOT "
	"NULL,"
	" PRIMARY KEY(link, number)) WITHOUT ROWID;"
	"INSERT INTO link_queue(document, tries, due_ms) SELECT id, 0, 0 FROM document WHERE state = 'held';"
	"UPDATE arrival SET document = 2 WHERE visit_id IN (SELECT visit_id FROM document WHERE state = 'held');";

/* What became of a visit's wristband and label: '', 'printed' or 'failed'. */
static const char version_5[] = "ALTER TABLE arrival ADD COLUMN wristband TEXT NOT NULL DEFAULT '';"
				"ALTER TABLE arrival ADD COLUMN label TEXT NOT NULL DEFAULT '';";

/* Kiosks as boxes: what each last told of itself (system: JSON, as fleet.c cuts it; '' for no appliance), what it is to
 * say, and updates with whom they were offered to. offer.stage is the word of rollout_stage_word(); number, not name,
 * ties an update to its kiosks. */
static const char version_6[] =
	"ALTER TABLE kiosk ADD COLUMN system TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE kiosk ADD COLUMN clock_error_ms INTEGER;"
	"ALTER TABLE kiosk ADD COLUMN notice TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE kiosk ADD COLUMN out_of_service TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE kiosk ADD COLUMN restart_id TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE kiosk ADD COLUMN restart_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE kiosk_code ADD COLUMN uses INTEGER NOT NULL DEFAULT 1;"
	"CREATE TABLE software(number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, version TEXT NOT NULL UNIQUE,"
	" size INTEGER NOT NULL, added_ms INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'idle',"
	" reason TEXT NOT NULL DEFAULT '', step INTEGER NOT NULL DEFAULT 0, first INTEGER NOT NULL DEFAULT 0,"
	" downgrade INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE software_offer(software INTEGER NOT NULL, kiosk INTEGER NOT NULL, id TEXT NOT NULL,"
	" step INTEGER NOT NULL, stage TEXT NOT NULL, stage_ms INTEGER NOT NULL, percent INTEGER NOT NULL DEFAULT 0,"
	" text TEXT NOT NULL DEFAULT '', excused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(software, kiosk)) WITHOUT "
	"ROWID;"
	"CREATE INDEX software_offer_kiosk ON software_offer(kiosk);"
	"CREATE INDEX arrival_kiosk ON arrival(kiosk, received_ms);";

const char *const ledger_migrations[] = { version_1, version_2, version_3, version_4, version_5, version_6 };
const int ledger_migration_count = (int)(sizeof(ledger_migrations) / sizeof(ledger_migrations[0]));
