/* A resource that was read becomes a row: see import.h. `resource` holds the hash of its last version, so that a file
 * that comes again every night costs one statement a resource; `history` gets every version that differs. */
#include "import.h"

#include "base/clock.h"

#include <string.h>

static const char crockford[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* The letter's code: 20 of 32 letters, 100 random bits. */
static void make_code(char code[21])
{
	unsigned char random[20];

	randombytes_buf(random, sizeof(random));
	for (int i = 0; i < 20; i++)
		code[i] = crockford[random[i] % 32];
	code[20] = '\0';
}

/* Tells kiosks of a patient's appointments. */
static int tell_of_patient(struct ledger *store, const char *patient_id, int64_t now_ms)
{
	return ledger_run(store,
			  "INSERT INTO feed_change(kind, ref, at_ms) SELECT 'roster', id, ?2 FROM appointment WHERE "
			  "patient_id = ?1 AND start_ms >= ?3",
			  "tii", patient_id, now_ms, clock_day_start_ms(now_ms));
}

/* A place or a practitioner changed: of all days that kiosks know. */
static int tell_of_all(struct ledger *store, const char *id, int64_t now_ms)
{
	return ledger_run(store,
			  "INSERT INTO feed_change(kind, ref, at_ms) SELECT 'roster', a.id, ?2 FROM appointment a LEFT "
			  "JOIN location l"
			  " ON l.id = a.location_id WHERE a.start_ms >= ?3 AND ?1 IN (a.practitioner_id, "
			  "a.location_id, l.part_of)",
			  "tii", id, now_ms, clock_day_start_ms(now_ms));
}

static int store_patient(struct ledger *store, const char *id, const struct fhir_patient *p, int64_t now_ms)
{
	int err = ledger_run(
		store,
		"INSERT INTO patient(id, family, given, birth_date, phone, email, address_line, address_city, "
		"address_postal_code,"
		" language, interpreter) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT(id) DO "
		"UPDATE SET"
		" family = excluded.family, given = excluded.given, birth_date = excluded.birth_date, phone = "
		"excluded.phone,"
		" email = excluded.email, address_line = excluded.address_line, address_city = excluded.address_city,"
		" address_postal_code = excluded.address_postal_code, language = excluded.language,"
		" interpreter = excluded.interpreter",
		"tttttttttti", id, p->family, p->given, p->birth_date, p->phone, p->email, p->address_line,
		p->address_city, p->address_postal_code, p->language, (int64_t)p->interpreter);

	return err != 0 ? err : tell_of_patient(store, id, now_ms);
}

static int store_location(struct ledger *store, const char *id, const struct fhir_location *l, int64_t now_ms)
{
	int err = ledger_run(
		store,
		"INSERT INTO location(id, name, short_name, directions, prefix, part_of) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT(id) DO UPDATE SET name = excluded.name, short_name = excluded.short_name,"
		" directions = excluded.directions, prefix = excluded.prefix, part_of = excluded.part_of",
		"tttttt", id, l->name, l->short_name, l->directions[0] != '\0' ? l->directions : l->name, l->prefix,
		l->part_of);

	return err != 0 ? err : tell_of_all(store, id, now_ms);
}

static int store_practitioner(struct ledger *store, const char *id, const char *name, int64_t now_ms)
{
	int err = ledger_run(
		store,
		"INSERT INTO practitioner(id, name) VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET name = excluded.name",
		"tt", id, name);

	return err != 0 ? err : tell_of_all(store, id, now_ms);
}

/* A patient may come later in the file: looked at again at the end. */
static int check_patient_later(struct ledger *store, const struct fhir_resource *resource, const char *patient_id,
			       const char *where)
{
	int64_t one;
	int err = ledger_int(store, &one, "SELECT 1 FROM patient WHERE id = ?1", "t", patient_id);

	if (err != LOBBY_ERR_NOT_FOUND)
		return err;
	return ledger_run(store, "INSERT INTO temp.import_check(type, id, patient_id, place) VALUES(?1, ?2, ?3, ?4)",
			  "tttt", fhir_type_name(resource->type), resource->id, patient_id, where);
}

static int store_coverage(struct ledger *store, const struct fhir_resource *resource, int64_t now_ms, const char *where)
{
	const struct fhir_coverage *c = &resource->coverage;
	int err = ledger_run(
		store,
		"INSERT INTO coverage(id, patient_id, payor, member_id, group_id, subscriber, status, period_start, "
		"period_end,"
		" copay_cents, currency, source, updated_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
		"'import', ?12)"
		" ON CONFLICT(id) DO UPDATE SET patient_id = excluded.patient_id, payor = excluded.payor,"
		" member_id = excluded.member_id, group_id = excluded.group_id, subscriber = excluded.subscriber,"
		" status = excluded.status, period_start = excluded.period_start, period_end = excluded.period_end,"
		" copay_cents = excluded.copay_cents, currency = excluded.currency, source = 'import',"
		" updated_ms = excluded.updated_ms",
		"tttttttttiti", resource->id, c->patient_id, c->payor, c->member_id, c->group, c->subscriber, c->status,
		c->period_start, c->period_end, c->copay_cents, c->currency, now_ms);

	if (err == 0)
		err = check_patient_later(store, resource, c->patient_id, where);
	return err != 0 ? err : tell_of_patient(store, c->patient_id, now_ms);
}

/* One that a kiosk checked in stays so while the schedule system still says booked for the same time. */
static int store_appointment(struct ledger *store, const struct fhir_resource *resource, int64_t now_ms,
			     const char *where)
{
	const struct fhir_appointment *a = &resource->appointment;
	char code[21];
	int err;

	make_code(code);
	err = ledger_run(
		store,
		"INSERT INTO appointment(id, code, patient_id, start_ms, minutes, status, practitioner_id, "
		"location_id, slot_id, with_text,"
		" service_type) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT(id) DO UPDATE SET"
		" status = CASE WHEN excluded.status = 'booked' AND ticket <> '' AND excluded.start_ms IN (start_ms, 0)"
		"  THEN status ELSE excluded.status END,"
		" ticket = CASE WHEN excluded.start_ms IN (start_ms, 0) THEN ticket ELSE '' END,"
		" patient_id = excluded.patient_id, start_ms = excluded.start_ms, minutes = excluded.minutes,"
		" practitioner_id = excluded.practitioner_id, location_id = excluded.location_id, slot_id = "
		"excluded.slot_id,"
		" with_text = excluded.with_text, service_type = excluded.service_type",
		"tttiitttttt", resource->id, code, a->patient_id, a->start_ms, (int64_t)a->minutes, a->status,
		a->practitioner_id, a->location_id, a->slot_id, a->with_text, a->service_type);
	if (err == 0)
		err = check_patient_later(store, resource, a->patient_id, where);
	return err != 0 ? err
			: ledger_run(store, "INSERT INTO feed_change(kind, ref, at_ms) VALUES('roster', ?1, ?2)", "ti",
				     resource->id, now_ms);
}

static int store_row(struct ledger *store, const struct fhir_resource *resource, int64_t now_ms, const char *where)
{
	switch (resource->type) {
	case FHIR_PATIENT:
		return store_patient(store, resource->id, &resource->patient, now_ms);
	case FHIR_PRACTITIONER:
		return store_practitioner(store, resource->id, resource->practitioner.name, now_ms);
	case FHIR_LOCATION:
		return store_location(store, resource->id, &resource->location, now_ms);
	case FHIR_COVERAGE:
		return store_coverage(store, resource, now_ms, where);
	case FHIR_SCHEDULE:
		return ledger_run(store,
				  "INSERT INTO schedule(id, practitioner_id, location_id) VALUES(?1, ?2, ?3) ON "
				  "CONFLICT(id) DO UPDATE SET"
				  " practitioner_id = excluded.practitioner_id, location_id = excluded.location_id",
				  "ttt", resource->id, resource->schedule.practitioner_id,
				  resource->schedule.location_id);
	case FHIR_SLOT:
		return ledger_run(store,
				  "INSERT INTO slot(id, schedule_id, start_ms, end_ms, status) VALUES(?1, ?2, ?3, ?4, "
				  "?5) ON CONFLICT(id) DO"
				  " UPDATE SET schedule_id = excluded.schedule_id, start_ms = excluded.start_ms, "
				  "end_ms = excluded.end_ms,"
				  " status = excluded.status",
				  "ttiit", resource->id, resource->slot.schedule_id, resource->slot.start_ms,
				  resource->slot.end_ms, resource->slot.status);
	case FHIR_APPOINTMENT:
		return store_appointment(store, resource, now_ms, where);
	default:
		return LOBBY_ERR_INVALID;
	}
}

int import_store(struct import *import, const struct fhir_resource *resource, const char *text, size_t len,
		 const char *where, int *what)
{
	struct ledger *store = import->store;
	unsigned char hash[16];
	int64_t version = 0;
	int err;

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, len, NULL, 0);
	err = ledger_int(store, &version,
			 "INSERT INTO resource(type, id, version, hash) VALUES(?1, ?2, 1, ?3) ON CONFLICT(type, id) DO "
			 "UPDATE SET"
			 " version = version + 1, hash = excluded.hash WHERE hash <> excluded.hash RETURNING version",
			 "ttb", resource->type_name, resource->id, hash, sizeof(hash));
	*what = err == LOBBY_ERR_NOT_FOUND ? 0 : version == 1 ? 1 : 2;
	if (err == LOBBY_ERR_NOT_FOUND)
		return 0;
	if (err == 0)
		err = ledger_run(store,
				 "INSERT INTO history(type, id, version, at_ms, source, content) VALUES(?1, ?2, ?3, "
				 "?4, ?5, CAST(?6 AS TEXT))",
				 "ttiitb", resource->type_name, resource->id, version, import->now_ms, import->source,
				 text, len);
	return err != 0 ? err : store_row(store, resource, import->now_ms, where);
}
