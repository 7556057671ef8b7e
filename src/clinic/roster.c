/* See roster.h. One SELECT serves a page of the whole and a single change. */
#include "roster.h"

#include "base/clock.h"
#include "base/text.h"
#include "checkin/mask.h"

#include <stdio.h>
#include <string.h>

enum {
	PATIENT_ID = ROSTER_START_MS + 1,
	CODE,
	MINUTES,
	STATUS,
	TICKET,
	WITH,
	SERVICE,
	DIRECTIONS,
	PREFIX,
	SITE,
	HERE,
	BIRTH_DATE,
	FAMILY,
	GIVEN,
	PHONE,
	EMAIL,
	LINE,
	CITY,
	LANGUAGE,
	COVERAGE_ID,
	PAYOR,
	MEMBER_ID,
	GROUP_ID,
	SUBSCRIBER,
	COVERAGE_STATUS,
	PERIOD_START,
	PERIOD_END,
	COPAY_CENTS,
	CURRENCY,
};

/* The clinic an appointment is in is the location that its own is part of; here, if that is the setting's clinic. */
#define ENTRY_SELECT \
	"SELECT a.number, a.id, a.start_ms, a.patient_id, a.code, a.minutes, a.status, a.ticket," \
	" coalesce(pr.name, nullif(a.with_text, ''), l.name, ''), a.service_type, coalesce(l.directions, '')," \
	" coalesce(nullif(l.prefix, ''), 'A'), coalesce(site.name, s.clinic, 'Clinic')," \
	" site.name IS NULL OR site.name = coalesce(s.clinic, 'Clinic'), p.birth_date, p.family, p.given, p.phone," \
	" p.email, p.address_line, p.address_city, p.language, c.id, c.payor, c.member_id, c.group_id, c.subscriber," \
	" c.status, c.period_start, c.period_end, c.copay_cents, c.currency" \
	" FROM appointment a JOIN patient p ON p.id = a.patient_id" \
	" LEFT JOIN practitioner pr ON pr.id = a.practitioner_id LEFT JOIN location l ON l.id = a.location_id" \
	" LEFT JOIN location site ON site.id = l.part_of" \
	" LEFT JOIN coverage c ON c.id = (SELECT id FROM coverage WHERE patient_id = a.patient_id" \
	"  AND status <> 'entered-in-error' ORDER BY status = 'active' DESC, updated_ms DESC, source = 'kiosk' DESC " \
	"LIMIT 1)" \
	" LEFT JOIN (SELECT json_extract(value, '$') AS clinic FROM setting WHERE name = 'clinic_name') s "

void roster_days(int64_t *from_ms, int64_t *to_ms)
{
	struct clock_civil end;

	*from_ms = clock_day_start_ms(clock_wall_ms());
	end = clock_civil_of(*from_ms);
	end.day += ROSTER_DAYS;
	*to_ms = clock_ms_of_civil(&end);
}

int roster_query_days(struct ledger *store, sqlite3_stmt **rows, int64_t start_ms, int64_t number, int limit)
{
	int64_t from, to;

	roster_days(&from, &to);
	return ledger_query(store, rows,
			    ENTRY_SELECT
			    "WHERE a.start_ms >= ?1 AND a.start_ms < ?2 AND (a.start_ms, a.number) > (?3, ?4)"
			    " ORDER BY a.start_ms, a.number LIMIT ?5",
			    "iiiii", start_ms > from ? start_ms : from, to, start_ms, number, (int64_t)limit);
}

void roster_member_hash(char hex[33], const char *member_id)
{
	unsigned char folded[64], hash[16];
	size_t len = 0;

	for (; *member_id != '\0' && len < sizeof(folded); member_id++) {
		if (*member_id >= 'a' && *member_id <= 'z')
			folded[len++] = (unsigned char)(*member_id - 'a' + 'A');
		else if ((*member_id >= 'A' && *member_id <= 'Z') || (*member_id >= '0' && *member_id <= '9'))
			folded[len++] = (unsigned char)*member_id;
	}
	hex[0] = '\0';
	if (len == 0)
		return;
	crypto_generichash(hash, sizeof(hash), folded, len, NULL, 0);
	sodium_bin2hex(hex, 33, hash, sizeof(hash));
}

/* "Maria Garcia" -> "Maria G." */
static void mask_whole_name(char *out, size_t size, const char *name)
{
	const char *space = strrchr(name, ' ');
	char given[64];

	text_copy_n(given, sizeof(given), name, space != NULL ? (size_t)(space - name) : strlen(name));
	mask_name(out, size, given, space != NULL ? space + 1 : "");
}

/* FHIR dates may be partial ("2026-11"): a period covers a day that either end begins with. */
static bool covers_today(const char *start, const char *end)
{
	struct clock_civil c = clock_civil_of(clock_wall_ms());
	char today[16];
	size_t len = strlen(end) < 10 ? strlen(end) : 10;

	snprintf(today, sizeof(today), "%04d-%02d-%02d", c.year, c.month, c.day);
	return strncmp(start, today, strlen(start) < 10 ? strlen(start) : 10) <= 0 && strncmp(end, today, len) >= 0;
}

static json_t *coverage_of(sqlite3_stmt *row)
{
	char member[16], subscriber[96];
	bool active = strcmp(db_text(row, COVERAGE_STATUS), "active") == 0 &&
		      covers_today(db_text(row, PERIOD_START), db_text(row, PERIOD_END));

	if (sqlite3_column_type(row, COVERAGE_ID) == SQLITE_NULL)
		return json_null();
	mask_member(member, sizeof(member), db_text(row, MEMBER_ID));
	mask_whole_name(subscriber, sizeof(subscriber), db_text(row, SUBSCRIBER));
	return json_pack("{ss ss ss ss ss sb sI ss}", "id", db_text(row, COVERAGE_ID), "payor", db_text(row, PAYOR),
			 "member_last4", member, "group", db_text(row, GROUP_ID), "subscriber", subscriber, "active",
			 active, "copay_cents", (json_int_t)sqlite3_column_int64(row, COPAY_CENTS), "currency",
			 db_text(row, CURRENCY));
}

json_t *roster_entry_of(sqlite3_stmt *row)
{
	char last4[8], phone[64], email[160], address[256], member[33];
	json_t *entry, *person;

	mask_phone_last4(last4, sizeof(last4), db_text(row, PHONE));
	mask_phone(phone, sizeof(phone), db_text(row, PHONE));
	mask_email(email, sizeof(email), db_text(row, EMAIL));
	mask_address(address, sizeof(address), db_text(row, LINE), db_text(row, CITY));
	roster_member_hash(member, db_text(row, MEMBER_ID));
	entry = json_pack("{ss ss ss sI sI ss ss ss ss ss ss ss sb}", "appointment_id", db_text(row, ROSTER_ID),
			  "patient_id", db_text(row, PATIENT_ID), "code", db_text(row, CODE), "start_ms",
			  (json_int_t)sqlite3_column_int64(row, ROSTER_START_MS), "minutes",
			  (json_int_t)sqlite3_column_int64(row, MINUTES), "status", db_text(row, STATUS), "ticket",
			  db_text(row, TICKET), "practitioner", db_text(row, WITH), "service_type",
			  db_text(row, SERVICE), "location", db_text(row, DIRECTIONS), "ticket_prefix",
			  db_text(row, PREFIX), "clinic_name", db_text(row, SITE), "here",
			  sqlite3_column_int(row, HERE));
	person = json_pack("{ss ss ss ss ss ss ss ss ss so}", "birth_date", db_text(row, BIRTH_DATE), "family",
			   db_text(row, FAMILY), "given", db_text(row, GIVEN), "phone_last4", last4, "phone_masked",
			   phone, "email_masked", email, "address_masked", address, "language", db_text(row, LANGUAGE),
			   "member_hash", member, "coverage", coverage_of(row));
	if (entry == NULL || json_object_update_new(entry, person) != 0) {
		json_decref(entry);
		return NULL;
	}
	return entry;
}

json_t *roster_entry(struct ledger *store, const char *appointment_id)
{
	sqlite3_stmt *row;
	json_t *entry = NULL;
	int64_t from, to;

	roster_days(&from, &to);
	if (ledger_query(store, &row, ENTRY_SELECT "WHERE a.id = ?1 AND a.start_ms >= ?2 AND a.start_ms < ?3", "tii",
			 appointment_id, from, to) != 0)
		return NULL;
	if (ledger_step(store, row) == 1)
		entry = roster_entry_of(row);
	sqlite3_reset(row);
	return entry;
}
