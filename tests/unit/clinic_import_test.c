/* src/clinic: the import: what is read, what is refused and why, that nothing is half-imported; the demo's day. */
#include "base/clock.h"
#include "base/file.h"
#include "cards/card.h"
#include "clinic/demo.h"
#include "clinic/import.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1795444860000LL /* 2026-11-23 09:41 in New York */
#define PATIENT(id) \
	"{\"resourceType\":\"Patient\",\"id\":\"" id \
	"\",\"name\":[{\"family\":\"Testa\",\"given\":[\"Ada\",\"M\"]}],\"birthDate\":\"1980-01-02\"}"
#define APPOINTMENT(id, patient) \
	"{\"resourceType\":\"Appointment\",\"id\":\"" id \
	"\",\"status\":\"booked\",\"start\":\"2026-11-23T10:00:00-05:00\"," \
	"\"end\":\"2026-11-23T10:20:00-05:00\",\"participant\":[{\"actor\":{\"reference\":\"Patient/" patient "\"}}]}"

struct folder {
	char path[64], file[80];
	struct ledger store;
};

static int begin(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	assert_true(sodium_init() >= 0);
	clock_use_virtual(NOW);
	snprintf(f->path, sizeof(f->path), "/tmp/lobby-import-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	snprintf(f->file, sizeof(f->file), "%s/in", f->path);
	assert_int_equal(ledger_open(&f->store, f->path, false), 0);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(path);
}

static int end(void **state)
{
	struct folder *f = *state;

	ledger_close(&f->store);
	nftw(f->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Imports this text as a file; what was said is the caller's. */
static char *import_text(struct folder *f, const char *text, int err)
{
	char *said = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&said, &len);
	int got;

	assert_int_equal(file_replace(f->file, text, strlen(text), 0600), 0);
	got = import_file(&f->store, f->file, out);
	fclose(out);
	if (got != err)
		print_error("%s", said);
	assert_int_equal(got, err);
	return said;
}

static int64_t count_of(struct folder *f, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t count;

	assert_int_equal(db_prepare(&f->store.db, sql, &stmt), 0);
	assert_int_equal(db_step(&f->store.db, stmt), 1);
	count = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return count;
}

static void expect_refused(struct folder *f, const char *text, const char *reason)
{
	char *said = import_text(f, text, LOBBY_ERR_REFUSED);

	if (strstr(said, reason) == NULL)
		print_error("wanted: %s\ngot: %s", reason, said);
	assert_non_null(strstr(said, reason));
	assert_non_null(strstr(said, "nothing was imported"));
	assert_null(strstr(said, "Testa")); /* a reason names no patient */
	assert_int_equal(count_of(f, "SELECT count(*) FROM resource"), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM patient"), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM history"), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM feed_change"), 0);
	free(said);
}

static void bad_ones_are_refused_with_line_and_reason(void **state)
{
	static const char *const cases[][2] = {
		{ PATIENT("p1") "\n{\"resourceType\":\"Patient\",\"id\":\"p2\",\"name\":[{\"family\":\"Testa\"}],"
				"\"birthDate\":\"1980-02-30\"}\n",
		  "line 2: Patient/p2 refused: birthDate is not a date" },
		{ PATIENT("p1") "\n\nnonsense\n", "line 3: resource refused: the line is not JSON" },
		{ PATIENT("p1") "\n{\"id\":\"x\"}\n",
		  "line 2: resource refused: it is not a FHIR resource: resourceType is missing" },
		{ PATIENT("p1") "\n" PATIENT("p 2") "\n", "line 2: Patient refused: id is not 1 to 64 letters" },
		{ PATIENT("p1") "\n" APPOINTMENT("a1", "p9") "\n",
		  "line 2: Appointment/a1 refused: it names Patient/p9, who is neither" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"birthDate\":\"1980\"}\n",
		  "line 1: Patient/p1 refused: name is missing" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"Testa\"}]}\n",
		  "birthDate is missing" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":7}],\"birthDate\":\"1980\"}\n",
		  "name.family is not text" },
		{ "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"T\\u0007\"}],\"birthDate\":"
		  "\"1980\"}\n",
		  "control characters" },
		{ "{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":\"maybe\"}\n",
		  "status is none of FHIR's" },
		{ "{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":\"booked\",\"start\":\"2026-11-23T10:00:"
		  "00-05:00\"}\n",
		  "participant names no patient" },
		{ "{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":\"booked\",\"start\":\"2026-11-23T10:00\","
		  "\"participant\":[{\"actor\":{\"reference\":\"Patient/p\"}}]}\n",
		  "start is not a date and time with a zone" },
		{ "{\"resourceType\":\"Slot\",\"id\":\"s\",\"status\":\"busy\",\"schedule\":{\"reference\":\"Schedule/"
		  "1\"},\"start\":\"2026-11-23T10:00:00Z\","
		  "\"end\":\"2026-11-23T09:00:00Z\"}\n",
		  "end is not after start" },
		{ "{\"resourceType\":\"Coverage\",\"id\":\"c\",\"status\":\"active\"}\n",
		  "beneficiary names no patient" },
		{ "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":" PATIENT(
			  "p1") "},\n{\"resource\":{\"resourceType\":\"Location\",\"id\":\"l\"}}]}",
		  "entry 1: Location/l refused: name is missing" },
		{ "{\"resourceType\":\"Bundle\",\"entry\":[{}]}",
		  "entry 0: resource refused: the entry has no resource" },
		{ "{\"resourceType\":\"Bundle\",\n\"entry\":[",
		  "line 2: resource refused: the file is neither a FHIR Bundle nor NDJSON" },
		{ "hello", "the file is neither" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refused(*state, cases[i][0], cases[i][1]);
	assert_int_equal(import_file(&((struct folder *)*state)->store, "/nonexistent", stderr), LOBBY_ERR_NOT_FOUND);
}

static void types_that_are_not_used_are_named(void **state)
{
	struct folder *f = *state;
	char *said = import_text(f,
				 PATIENT("p1") "\n{\"resourceType\":\"Observation\"}\n{\"resourceType\":"
					       "\"Observation\"}\n{\"resourceType\":\"Device\"}\n",
				 0);

	assert_non_null(strstr(said, "Patient: 1 new"));
	assert_non_null(strstr(said, "Observation: 2 left out"));
	assert_non_null(strstr(said, "Device: 1 left out"));
	assert_int_equal(count_of(f, "SELECT count(*) FROM resource"), 1);
	free(said);
}

static void what_has_no_time_yet_is_left_out(void **state)
{
	static const char *const may[] = { "proposed", "pending", "waitlist" };
	struct folder *f = *state;
	char text[600], *said;

	for (int i = 0; i < 4; i++) {
		const char *status = i < 3 ? may[i] : "booked";

		snprintf(text, sizeof(text),
			 PATIENT("p1") "\n{\"resourceType\":\"Appointment\",\"id\":\"a1\",\"status\":\"%s\","
				       "\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"}}]}\n",
			 status);
		said = import_text(f, text, i < 3 ? 0 : LOBBY_ERR_REFUSED);
		assert_non_null(strstr(said, i < 3 ? "1 Appointment without a time: left out" : "start is missing"));
		free(said);
	}
	assert_int_equal(count_of(f, "SELECT count(*) FROM appointment"), 0);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
	static const char *const texts[] = {
		"\xEF\xBB\xBF" PATIENT("p1") "\n" PATIENT("p2") "\n",
		"\xEF\xBB\xBF{\"resourceType\":\"Bundle\",\n\"entry\":[\n{\"resource\":" PATIENT("p3") "}]}",
		"\xEF\xBB\xBF" PATIENT("p4"),
	};
	struct folder *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(import_text(f, texts[i], 0));
	assert_int_equal(count_of(f, "SELECT count(*) FROM patient"), 4);
	free(import_text(f, "\xEF\xBB\xBF", LOBBY_ERR_REFUSED)); /* nothing behind it */
}

static void a_bundle_of_new_things_refers_by_uuid(void **state)
{
	static const char bundle[] = "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
				     "{\"fullUrl\":\"urn:uuid:11111111-1111-4111-8111-111111111111\",\"resource\":{"
				     "\"resourceType\":\"Appointment\",\"status\":\"booked\","
				     "\"slot\":[{\"reference\":\"Slot/"
				     "s1\"}],\"participant\":[{\"actor\":{\"reference\":\"urn:uuid:22222222-2222-4222-"
				     "8222-222222222222\"}}]}},\n"
				     "{\"fullUrl\":\"urn:uuid:22222222-2222-4222-8222-222222222222\",\"resource\":{"
				     "\"resourceType\":\"Patient\",\"name\":[{\"text\":\"Ada Testa\"}],"
				     "\"birthDate\":\"1980-01-02\"}},\n"
				     "{\"resource\":{\"resourceType\":\"Slot\",\"id\":\"s1\",\"status\":\"busy\","
				     "\"schedule\":{\"reference\":\"Schedule/h1\"},"
				     "\"start\":\"2026-11-23T15:00:00Z\",\"end\":\"2026-11-23T15:20:00Z\"}},\n"
				     "{\"resource\":{\"resourceType\":\"Schedule\",\"id\":\"h1\",\"actor\":[{"
				     "\"reference\":\"https://ehr.example.org/fhir/Practitioner/d1\"}]}},\n"
				     "{\"resource\":{\"resourceType\":\"Practitioner\",\"id\":\"d1\",\"name\":[{"
				     "\"prefix\":[\"Dr.\"],\"given\":[\"Priya\"],\"family\":\"Shah\"}]}}]}";
	struct folder *f = *state;

	free(import_text(f, bundle, 0));
	assert_int_equal(
		count_of(
			f,
			"SELECT count(*) FROM appointment a JOIN patient p ON p.id = a.patient_id JOIN practitioner d "
			"ON d.id = a.practitioner_id"
			" WHERE p.family = 'Testa' AND p.given = 'Ada' AND d.name = 'Dr. Priya Shah' AND a.minutes = 20"
			" AND a.start_ms = 1795446000000"),
		1);
}

static void importing_again_updates_and_keeps_every_version(void **state)
{
	static const char moved[] = PATIENT("p1") "\n"
						  "{\"resourceType\":\"Appointment\",\"id\":\"a1\",\"status\":"
						  "\"cancelled\",\"start\":\"2026-11-23T11:00:00-05:00\","
						  "\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"}}]}\n";
	struct folder *f = *state;
	char *said;

	free(import_text(f, APPOINTMENT("a1", "p1") "\n" PATIENT("p1") "\n", 0)); /* in any order */
	assert_int_equal(count_of(f, "SELECT length(code) FROM appointment"), 20);
	assert_int_equal(db_exec(&f->store.db, "CREATE TEMP TABLE before AS SELECT code FROM appointment"), 0);
	said = import_text(f, moved, 0);
	assert_non_null(strstr(said, "Patient: 0 new, 0 changed, 1 as before"));
	assert_non_null(strstr(said, "Appointment: 0 new, 1 changed, 0 as before"));
	free(said);
	assert_int_equal(count_of(f, "SELECT count(*) FROM appointment a JOIN before b ON b.code = a.code WHERE "
				     "a.status = 'cancelled'"),
			 1);
	assert_int_equal(count_of(f, "SELECT count(*) FROM history WHERE type = 'Appointment' AND version IN (1, 2)"),
			 2);
	assert_int_equal(count_of(f, "SELECT count(*) FROM history WHERE type = 'Patient'"), 1);
	assert_int_equal(count_of(f, "SELECT count(*) FROM audit WHERE action = 'import'"), 2);
}

static void what_a_kiosk_checked_in_stays_so(void **state)
{
	struct folder *f = *state;

	free(import_text(f, PATIENT("p1") "\n" APPOINTMENT("a1", "p1") "\n", 0));
	assert_int_equal(db_exec(&f->store.db, "UPDATE appointment SET status = 'arrived', ticket = 'B 14'"), 0);
	/* The schedule system sends it again, with a comment of its own, still booked. */
	free(import_text(f,
			 "{\"resourceType\":\"Appointment\",\"id\":\"a1\",\"status\":\"booked\",\"comment\":\"x\","
			 "\"start\":\"2026-11-23T10:00:00-05:00\","
			 "\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"}}]}\n",
			 0));
	assert_int_equal(count_of(f, "SELECT count(*) FROM appointment WHERE status = 'arrived' AND ticket = 'B 14'"),
			 1);
	free(import_text(f,
			 "{\"resourceType\":\"Appointment\",\"id\":\"a1\",\"status\":\"booked\",\"start\":\"2026-11-"
			 "24T10:00:00-05:00\","
			 "\"participant\":[{\"actor\":{\"reference\":\"Patient/p1\"}}]}\n",
			 0));
	assert_int_equal(count_of(f, "SELECT count(*) FROM appointment WHERE status = 'booked' AND ticket = ''"), 1);
}

/* ---- settings, which the same command line sets ---- */

static void expect_setting(struct folder *f, const char *name, const char *text, int err, const char *stored)
{
	char sql[128], value[128] = "";

	assert_int_equal(clinic_settings_set(&f->store, name, text), err);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM setting WHERE name = '%s'", name);
	assert_int_equal(count_of(f, sql), stored != NULL);
	if (stored != NULL) {
		clinic_settings_text(&f->store, name, value, sizeof(value));
		assert_string_equal(value, stored);
	}
}

static void a_text_may_come_without_quotes(void **state)
{
	struct folder *f = *state;

	expect_setting(f, "clinic_name", "\"Foo", LOBBY_ERR_INVALID, NULL);
	expect_setting(f, "clinic_name", "Foo", 0, "Foo");
	expect_setting(f, "clinic_name", "42", 0, "42");
	expect_setting(f, "clinic_name", "\"Foo \\\"&\\\" Sons\"", 0, "Foo \"&\" Sons");
	expect_setting(f, "clinic_name", "", 0, "");
	expect_setting(f, "late_min", "soon", LOBBY_ERR_INVALID, NULL);
	expect_setting(f, "late_min", "1441", LOBBY_ERR_INVALID, NULL);
	expect_setting(f, "nothing", "1", LOBBY_ERR_NOT_FOUND, NULL);
}

static void languages_are_those_with_a_translation(void **state)
{
	DIR *folder = opendir("assets/locale");
	struct folder *f = *state;
	struct dirent *entry;
	char value[300];

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len < 4 || strcmp(entry->d_name + len - 3, ".po") != 0)
			continue;
		snprintf(value, sizeof(value), "[\"en\",\"%.*s\"]", (int)len - 3, entry->d_name);
		assert_int_equal(clinic_settings_set(&f->store, "language", value), 0);
	}
	closedir(folder);
	assert_int_equal(clinic_settings_set(&f->store, "language", "[\"en\",\"tlh\"]"), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_settings_set(&f->store, "language", "[]"), LOBBY_ERR_INVALID);
}

/* ---- the demo ---- */

static void the_demo_is_a_believable_day(void **state)
{
	struct folder *f = *state;

	assert_int_equal(demo_fill(&f->store, "assets/demo", 0), 0);
	assert_in_range(count_of(f, "SELECT count(*) FROM patient"), 55, 70);
	assert_int_equal(count_of(f, "SELECT count(*) FROM patient WHERE phone NOT LIKE '%555-01__'"), 0);
	assert_int_equal(
		count_of(f, "SELECT count(*) FROM patient WHERE email <> '' AND email NOT LIKE '%@example.org'"), 0);
	assert_true(count_of(f, "SELECT count(*) FROM (SELECT 1 FROM patient GROUP BY family, birth_date HAVING "
				"count(*) = 2)") >= 2);
	assert_true(count_of(f, "SELECT count(*) FROM patient WHERE family LIKE '%-%'") >= 2);
	assert_true(count_of(f, "SELECT count(*) FROM patient WHERE length(CAST(family || given AS BLOB)) > "
				"length(family || given)") >= 5);
	assert_true(count_of(f, "SELECT count(*) FROM patient p WHERE NOT EXISTS (SELECT 1 FROM coverage c WHERE "
				"c.patient_id = p.id)") >= 1);
	assert_true(count_of(f, "SELECT count(*) FROM appointment WHERE status = 'cancelled'") >= 1);
	assert_int_equal(count_of(f, "SELECT count(*) FROM appointment a JOIN patient p ON p.id = a.patient_id WHERE "
				     "p.family = 'Garcia' AND p.given = 'Maria'"
				     " AND p.birth_date = '1985-04-17' AND a.start_ms IN (1795446000000, 1795446000000 "
				     "+ 40 * 60000)"),
			 2);
	assert_int_equal(count_of(f, "SELECT count(*) FROM coverage c JOIN patient p ON p.id = c.patient_id WHERE "
				     "p.given = 'Maria' AND c.payor = 'Blue Ridge"
				     " Health PPO' AND c.member_id LIKE '%4417' AND c.group_id = '80-221'"),
			 1);
	assert_true(count_of(f, "SELECT count(*) FROM appointment WHERE start_ms > 1795496400000") >= 1); /* tomorrow */
	assert_true(count_of(f, "SELECT count(*) FROM appointment WHERE location_id = 'hillside-main'") >= 1);
	/* Twice on one day changes nobody's code and adds nobody. */
	assert_int_equal(db_exec(&f->store.db, "CREATE TEMP TABLE before AS SELECT id, code FROM appointment"), 0);
	clock_advance_ms(20 * 60000);
	assert_int_equal(demo_fill(&f->store, "assets/demo", 0), 0);
	assert_int_equal(
		count_of(f, "SELECT count(*) FROM appointment a JOIN before b ON b.id = a.id AND b.code = a.code"),
		count_of(f, "SELECT count(*) FROM appointment"));
}

/* Who can check in now: start within [-15, +60] minutes, today, here, booked. */
static int64_t ready_now(struct folder *f)
{
	int64_t now = clock_wall_ms(), midnight = clock_day_start_ms(now), count = 0;

	assert_int_equal(ledger_int(&f->store, &count,
				    "SELECT count(*) FROM appointment WHERE status = 'booked' AND location_id <> "
				    "'hillside-main' AND start_ms >= ?1"
				    " AND start_ms <= ?2 AND start_ms >= ?3 AND start_ms < ?4",
				    "iiii", now - 15 * 60000, now + 60 * 60000, midnight, midnight + 24 * 3600000),
			 0);
	return count;
}

static void somebody_can_check_in_at_any_hour(void **state)
{
	struct folder *f = *state;

	clock_use_virtual(clock_day_start_ms(NOW));
	for (int quarter = 0; quarter < 96; quarter += 3) {
		assert_int_equal(demo_fill(&f->store, "assets/demo", 0), 0);
		if (ready_now(f) < 5)
			print_error("at %d:%02d\n", quarter / 4, quarter % 4 * 15);
		assert_true(ready_now(f) >= 5);
		clock_advance_ms(45 * 60000);
	}
	clock_use_virtual(clock_day_start_ms(NOW) + 86340000); /* 23:59 */
	assert_int_equal(demo_fill(&f->store, "assets/demo", 0), 0);
	assert_true(ready_now(f) >= 5);
}

/* "\x1e" and the like, in place. */
static size_t unescape(char *text)
{
	char *out = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at != '\\') {
			*out++ = *at;
		} else if (*++at == 'x') {
			*out++ = '\x1e';
			at += 2;
		} else {
			*out++ = *at == 'n' ? '\n' : *at == 'r' ? '\r' : '\\';
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}

static void the_cards_can_be_read(void **state)
{
	struct folder *f = *state;
	char path[96], *text, *line, *next;
	int licences = 0, letters = 0, members = 0, insurances = 0, rubbish = 0;
	size_t len;

	snprintf(path, sizeof(path), "%s/cards.tsv", f->path);
	assert_int_equal(demo_fill(&f->store, "assets/demo", 0), 0);
	assert_int_equal(demo_cards(&f->store, "assets/demo", path), 0);
	assert_int_equal(file_read(path, 1 << 20, &text, &len), 0);
	for (line = text; *line != '\0'; line = next) {
		char *kind = line + strcspn(line, "\t") + 1, *payload = kind + strcspn(kind, "\t") + 1;
		struct card card;
		int err;

		next = line + strcspn(line, "\n") + 1;
		next[-1] = '\0';
		len = unescape(payload);
		if (strncmp(kind, "chip", 4) == 0 || strncmp(kind, "health", 6) == 0)
			continue; /* lobby-emu makes cards of them: tests/emu */
		err = card_parse(strncmp(kind, "stripe", 6) == 0 ? CARD_STRIPE : CARD_CODE,
				 strncmp(kind, "licence", 7) == 0 ? "L2" : "Q1", (const uint8_t *)payload, len, &card);
		if (strncmp(line, "A torn card", 11) == 0 || strncmp(line, "A payment card", 14) == 0) {
			assert_int_not_equal(err, 0);
			rubbish++;
			continue;
		}
		assert_int_equal(err, 0);
		licences += card.kind == CARD_LICENCE;
		letters += card.kind == CARD_LETTER;
		members += card.kind == CARD_MEMBER_CODE;
		insurances += card.kind == CARD_INSURANCE;
		if (strncmp(line, "Maria Garcia\tlicence", 20) == 0) {
			assert_string_equal(card.licence.family, "GARCIA");
			assert_string_equal(card.licence.given, "MARIA");
			assert_string_equal(card.licence.birth_date, "1985-04-17");
			assert_int_equal(card.licence.version, 10);
		}
	}
	free(text);
	assert_true(licences >= 7 && letters >= 6 && members >= 1 && insurances == 1 && rubbish == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bad_ones_are_refused_with_line_and_reason, begin, end),
		cmocka_unit_test_setup_teardown(types_that_are_not_used_are_named, begin, end),
		cmocka_unit_test_setup_teardown(what_has_no_time_yet_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(a_byte_order_mark_is_passed_over, begin, end),
		cmocka_unit_test_setup_teardown(a_bundle_of_new_things_refers_by_uuid, begin, end),
		cmocka_unit_test_setup_teardown(importing_again_updates_and_keeps_every_version, begin, end),
		cmocka_unit_test_setup_teardown(what_a_kiosk_checked_in_stays_so, begin, end),
		cmocka_unit_test_setup_teardown(a_text_may_come_without_quotes, begin, end),
		cmocka_unit_test_setup_teardown(languages_are_those_with_a_translation, begin, end),
		cmocka_unit_test_setup_teardown(the_demo_is_a_believable_day, begin, end),
		cmocka_unit_test_setup_teardown(somebody_can_check_in_at_any_hour, begin, end),
		cmocka_unit_test_setup_teardown(the_cards_can_be_read, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
