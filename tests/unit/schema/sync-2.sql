-- What schema 2 wrote: sqlite3 .dump, and its version.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('next_seq',2);
CREATE TABLE outbox( seq INTEGER PRIMARY KEY, kiosk_id TEXT NOT NULL, uuid TEXT NOT NULL, kind INTEGER NOT NULL, sealed BLOB NOT NULL, made_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0, UNIQUE(kiosk_id, seq));
INSERT INTO outbox VALUES(1,'k','00000001-0000-4000-8000-000000000000',1,X'00',1,0,0);
CREATE TABLE visit(uuid TEXT PRIMARY KEY, ticket TEXT NOT NULL, seq INTEGER NOT NULL, made_ms INTEGER NOT NULL, slip INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO visit VALUES('00000001-0000-4000-8000-000000000000','B 01',1,1,0);
CREATE TABLE ticket(day TEXT NOT NULL, prefix TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(day, prefix)) WITHOUT ROWID;
CREATE TABLE roster( id INTEGER PRIMARY KEY, appointment_id TEXT NOT NULL UNIQUE, patient_id TEXT NOT NULL, code TEXT NOT NULL, start_ms INTEGER NOT NULL, minutes INTEGER NOT NULL, status INTEGER NOT NULL, ticket TEXT NOT NULL, practitioner TEXT NOT NULL, service_type TEXT NOT NULL, location TEXT NOT NULL, ticket_prefix TEXT NOT NULL, clinic_name TEXT NOT NULL, here INTEGER NOT NULL, birth_date TEXT NOT NULL, family TEXT NOT NULL, given TEXT NOT NULL, phone_last4 TEXT NOT NULL, phone_masked TEXT NOT NULL, email_masked TEXT NOT NULL, address_masked TEXT NOT NULL, language TEXT NOT NULL, member_hash TEXT NOT NULL, coverage_id TEXT NOT NULL, payor TEXT NOT NULL, member_last4 TEXT NOT NULL, cover_group TEXT NOT NULL, subscriber TEXT NOT NULL, active INTEGER NOT NULL, copay_cents INTEGER NOT NULL, currency TEXT NOT NULL, generation INTEGER NOT NULL, local_ticket TEXT NOT NULL DEFAULT '');
CREATE INDEX outbox_state ON outbox(state, kind);
CREATE INDEX roster_birth ON roster(birth_date, patient_id, family, given, phone_last4);
CREATE INDEX roster_patient ON roster(patient_id, start_ms);
CREATE INDEX roster_member ON roster(member_hash, birth_date);
CREATE UNIQUE INDEX roster_code ON roster(code) WHERE code <> '';
COMMIT;
PRAGMA user_version=2;
