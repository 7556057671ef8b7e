/* src/clinic: whom it trusts to issue health cards, how kiosks hear of it, and what patients share. */
#include "clinic_fixture.h"
#include "schema_same.h"
#include "shc_issuer.h"

#include "clinic/issuers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void every_old_schema_migrates_to_the_newest(void **state)
{
	char folder[] = "/tmp/lobby-clinic-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_all_migrate(folder, "clinic", ledger_migrations, ledger_migration_count,
			   "SELECT key FROM bundle UNION ALL SELECT id || payor_id FROM coverage",
			   "00000001-0000-4000-8000-000000000000\ncover-maria\n");
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- files ---- */

static void write_file(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

/* Takes json. */
static void write_json(const struct fixture *f, const char *name, json_t *take_json)
{
	char *text = json_dumps(take_json, 0);

	write_file(f, name, text);
	free(text);
	json_decref(take_json);
}

/* Imports files of the fixture's folder; what was said is in *said. */
static int import(const struct fixture *f, const char *const *names, int count, char *said, size_t size)
{
	char paths[4][128];
	const char *all[4];
	struct ledger store;
	FILE *out = tmpfile();
	int err;

	for (int i = 0; i < count; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", f->folder, names[i]);
		all[i] = paths[i];
	}
	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	err = issuers_import(&store, all, count, out);
	ledger_close(&store);
	rewind(out);
	said[fread(said, 1, size - 1, out)] = '\0';
	fclose(out);
	return err;
}

static int64_t count_of(const struct fixture *f, const char *sql)
{
	struct ledger store;
	int64_t value = -1;

	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(ledger_int(&store, &value, sql, ""), 0);
	ledger_close(&store);
	return value;
}

#define CHANGES "SELECT count(*) FROM feed_change WHERE kind = 'issuer'"

static void three_kinds_of_files_make_one_list(void **state)
{
	static const char *const all[] = { "vci.json", "ours.json", "keys.json" };
	struct fixture *f = *state;
	struct shc_test_issuer a, b, c;
	char said[4096];

	shc_issuer_init(&a, "https://a.example.org", "A Health");
	shc_issuer_init(&b, "https://b.example.org/issuer", "B Health");
	shc_issuer_init(&c, "https://a.example.org", "A's second key");
	write_json(f, "vci.json",
		   json_pack("{s:s,s:[{s:{s:s,s:s},s:[o]}]}", "directory", "https://example.org", "issuerInfo",
			     "issuer", "iss", a.iss, "name", a.name, "keys", shc_issuer_jwk(&a)));
	write_json(f, "ours.json", shc_issuer_directory(&b, "[\"lost\", \"old.1700000000\"]"));
	write_json(f, "keys.json", json_pack("{s:s,s:[o]}", "iss", c.iss, "keys", shc_issuer_jwk(&c)));
	assert_int_equal(import(f, all, 3, said, sizeof(said)), 0);
	assert_string_equal(said, "Issuers: 2 new, 0 changed, 0 as before, 0 removed\n");
	assert_int_equal(count_of(f, "SELECT json_array_length(content, '$.keys') FROM issuer ORDER BY iss LIMIT 1"),
			 2);
	assert_int_equal(count_of(f, CHANGES), 2);
	/* Again, and nobody is told. */
	assert_int_equal(import(f, all, 3, said, sizeof(said)), 0);
	assert_string_equal(said, "Issuers: 0 new, 0 changed, 2 as before, 0 removed\n");
	assert_int_equal(count_of(f, CHANGES), 2);
	/* Who is in no file is trusted no more. */
	assert_int_equal(import(f, all, 1, said, sizeof(said)), 0);
	assert_string_equal(said, "Issuers: 0 new, 1 changed, 0 as before, 1 removed\n");
	assert_int_equal(count_of(f, CHANGES), 4);
	assert_int_equal(count_of(f, "SELECT count(*) FROM audit WHERE action = 'issuers'"), 3);
	shc_issuer_fini(&a);
	shc_issuer_fini(&b);
	shc_issuer_fini(&c);
}

static void what_is_refused_is_told_and_the_rest_taken(void **state)
{
	static const char *const file[] = { "issuers.json" };
	static const struct {
		const char *member, *json, *told;
	} spoilt[] = {
		{ "iss", "\"http://x.example.org\"", "does not begin with https://" },
		{ "iss", "\"https://x.example.org/\"", "ends with a slash" },
		{ "iss", "7", "it has no address" },
		{ "keys", "[]", "it comes without keys" },
		{ "keys", "[{\"kty\":\"RSA\",\"kid\":\"k7\"}]", "its key k7: it is not a key on the curve P-256" },
		{ "keys", "[{\"kty\":\"RSA\"}]", "none of its keys can be used" },
		{ "crls", "[{\"kid\":\"k8\",\"rids\":[]}]", "for a key that is not its own (k8)" },
	};
	struct fixture *f = *state;
	struct shc_test_issuer good;
	char said[4096];

	shc_issuer_init(&good, "https://good.example.org", "Good Health");
	for (size_t i = 0; i < COUNT(spoilt); i++) {
		json_t *list = shc_issuer_directory(&good, NULL), *bad = shc_issuer_directory(&good, NULL);
		json_t *one = json_array_get(json_object_get(bad, "issuers"), 0);

		json_object_set_new(one, "iss", json_string("https://bad.example.org"));
		json_object_set_new(one, spoilt[i].member, json_loads(spoilt[i].json, JSON_DECODE_ANY, NULL));
		json_array_append(json_object_get(list, "issuers"), one);
		json_decref(bad);
		write_json(f, "issuers.json", list);
		assert_int_equal(import(f, file, 1, said, sizeof(said)), 0);
		if (strstr(said, spoilt[i].told) == NULL)
			fail_msg("%s: %s", spoilt[i].told, said);
		assert_non_null(strstr(said, "issuers.json: "));
		assert_int_equal(count_of(f, "SELECT count(*) FROM issuer WHERE iss = 'https://good.example.org'"), 1);
		assert_int_equal(count_of(f, "SELECT count(*) FROM issuer"),
				 strcmp(spoilt[i].member, "crls") == 0 ? 2 : 1);
	}
	shc_issuer_fini(&good);
}

static void a_file_that_is_none_changes_nothing(void **state)
{
	static const char *const files[] = { "good.json", "bad.json" };
	static const char *const texts[] = { "", "{", "[]", "{\"resourceType\":\"Bundle\"}", "{\"issuers\":7}" };
	struct fixture *f = *state;
	struct shc_test_issuer good;
	char said[4096];

	shc_issuer_init(&good, "https://good.example.org", "Good Health");
	write_json(f, "good.json", shc_issuer_directory(&good, NULL));
	for (size_t i = 0; i < COUNT(texts); i++) {
		write_file(f, "bad.json", texts[i]);
		assert_int_equal(import(f, files, 2, said, sizeof(said)), LOBBY_ERR_REFUSED);
		assert_non_null(strstr(said, "bad.json: "));
		assert_non_null(strstr(said, "as they were"));
	}
	assert_int_equal(count_of(f, "SELECT count(*) FROM issuer"), 0);
	write_file(f, "bad.json", "{\"issuers\":[]}");
	assert_int_equal(import(f, files, 2, said, sizeof(said)), 0);
	assert_int_equal(count_of(f, "SELECT count(*) FROM issuer"), 1);
	shc_issuer_fini(&good);
}

/* ---- the feed ---- */

static json_t *feed(const struct fixture *f, const struct peer *kiosk, const char *cursor)
{
	char path[200];

	snprintf(path, sizeof(path), "/kiosk/v1/feed?cursor=%s&wait_s=0", cursor);
	return expect(f, kiosk, path, NULL, 200);
}

/* Asks until there is no more; *answers counts them, issuers (an object) gets every one, by iss. */
static void feed_all(const struct fixture *f, const struct peer *kiosk, char cursor[100], json_t *issuers, int *answers)
{
	bool more = true;

	for (*answers = 0; more && *answers < 100; (*answers)++) {
		json_t *json = feed(f, kiosk, cursor), *changes = json_object_get(json, "changes");

		for (size_t i = 0; i < json_array_size(changes); i++)
			if (strcmp(text_of(json_array_get(changes, i), "type"), "issuer") == 0)
				json_object_set(issuers, text_of(json_array_get(changes, i), "iss"),
						json_array_get(changes, i));
		snprintf(cursor, 100, "%s", text_of(json, "cursor"));
		more = json_is_true(json_object_get(json, "more"));
		json_decref(json);
	}
}

static void kiosks_hear_of_issuers(void **state)
{
	static const char *const file[] = { "issuers.json" };
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct shc_test_issuer one;
	char said[256], cursor[100] = "";
	json_t *issuers = json_object(), *change;
	int answers;

	enrol(f, &kiosk, "Lobby 1");
	feed_all(f, &kiosk, cursor, issuers, &answers);
	assert_int_equal(json_object_size(issuers), 0);
	shc_issuer_init(&one, "https://one.example.org", "One Health");
	write_json(f, "issuers.json", shc_issuer_directory(&one, "[\"lost\"]"));
	assert_int_equal(import(f, file, 1, said, sizeof(said)), 0);
	feed_all(f, &kiosk, cursor, issuers, &answers);
	change = json_object_get(issuers, one.iss);
	assert_string_equal(text_of(change, "name"), "One Health");
	assert_string_equal(text_of(json_array_get(json_object_get(change, "keys"), 0), "kid"), one.kid);
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(json_array_get(json_object_get(change, "crls"), 0), "rids"), 0)),
			    "lost");
	/* A kiosk that is new gets it with the whole. */
	json_object_clear(issuers);
	snprintf(cursor, sizeof(cursor), "%s", "");
	feed_all(f, &kiosk, cursor, issuers, &answers);
	assert_non_null(json_object_get(issuers, one.iss));
	write_file(f, "issuers.json", "{\"issuers\":[]}");
	assert_int_equal(import(f, file, 1, said, sizeof(said)), 0);
	feed_all(f, &kiosk, cursor, issuers, &answers);
	assert_true(json_is_true(json_object_get(json_object_get(issuers, one.iss), "deleted")));
	json_decref(issuers);
	shc_issuer_fini(&one);
}

/* 1,200 issuers, ten of them with long lists of revoked cards: pages of a bounded size, each issuer once. */
static void a_large_list_goes_out_in_pages(void **state)
{
	static const char *const file[] = { "issuers.json" };
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct shc_test_issuer one;
	json_t *list = json_array(), *issuers = json_object(), *rids = json_array();
	char said[256], cursor[100] = "", text[64];
	int answers;

	shc_issuer_init(&one, "https://one.example.org", "One Health");
	for (int i = 0; i < 8000; i++) {
		snprintf(text, sizeof(text), "%024d.1700000000", i);
		json_array_append_new(rids, json_string(text));
	}
	for (int i = 0; i < 1200; i++) {
		json_t *issuer;

		snprintf(text, sizeof(text), "https://issuer-%d.example.org", i);
		issuer = json_pack("{s:s,s:s,s:[o]}", "iss", text, "name", "Some Health", "keys", shc_issuer_jwk(&one));
		if (i % 120 == 0)
			json_object_set_new(
				issuer, "crls",
				json_pack("[{s:s,s:s,s:O}]", "kid", one.kid, "method", "rid", "rids", rids));
		json_array_append_new(list, issuer);
	}
	json_decref(rids);
	write_json(f, "issuers.json", json_pack("{s:o}", "issuers", list));
	enrol(f, &kiosk, "Lobby 1");
	feed_all(f, &kiosk, cursor, issuers, &answers);
	assert_int_equal(import(f, file, 1, said, sizeof(said)), 0);
	assert_string_equal(said, "Issuers: 1200 new, 0 changed, 0 as before, 0 removed\n");
	for (int way = 0; way < 2; way++) { /* as changes, then as a whole */
		json_object_clear(issuers);
		feed_all(f, &kiosk, cursor, issuers, &answers);
		assert_int_equal(json_object_size(issuers), 1200);
		assert_in_range(answers, 3, 12);
		snprintf(cursor, sizeof(cursor), "%s", "");
	}
	json_decref(issuers);
	shc_issuer_fini(&one);
}

/* ---- documents ---- */

static void a_shared_card_is_kept_and_handed_out(void **state)
{
	static const char shared[] = "{\"verifiableCredential\":[\"eyJh.b.c\"]}";
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char base64[128], path[128];
	json_t *patient, *document, *row, *coverage, *desk;
	struct answer a;
	struct visit v;

	enrol(f, &kiosk, "Lobby 1");
	sodium_bin2base64(base64, sizeof(base64), (const unsigned char *)shared, strlen(shared),
			  sodium_base64_VARIANT_ORIGINAL);
	v = visit_of(f, &kiosk, "demo-p01", "B 14");
	v.insurance = VISIT_INSURANCE_NEW;
	visit_new_id(v.coverage_id);
	text_copy(v.payor, sizeof(v.payor), "Harborline HMO");
	text_copy(v.member_id, sizeof(v.member_id), "HLH990011223");
	v.card = (struct visit_card){ .source = "signed",
				      .payor_id = "45002",
				      .plan = "Gold Plus",
				      .subscriber = "Carlos Garcia",
				      .family = "Garcia",
				      .given = "Maria",
				      .birth_date = "1985-04-17",
				      .period_end = "2026-12-31",
				      .rx_bin = "100045",
				      .dependent = "02" };
	v.document = (struct visit_document){
		.kind = VISIT_DOCUMENT_CARD, .title = "2 immunizations", .issuer = "Example Health", .data = base64
	};
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "stored");
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "duplicate");

	patient = expect(f, &f->desk, "/desk/api/patients/demo-p01", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(patient, "documents")), 1);
	document = json_array_get(json_object_get(patient, "documents"), 0);
	assert_string_equal(text_of(document, "title"), "2 immunizations");
	assert_string_equal(text_of(document, "kind"), "smart-health-card");
	assert_string_equal(text_of(document, "issuer"), "Example Health");
	assert_string_equal(text_of(document, "state"), "here");
	coverage = json_array_get(json_object_get(patient, "coverages"), 0);
	assert_string_equal(text_of(coverage, "subscriber"), "Carlos Garcia");
	assert_string_equal(text_of(json_object_get(coverage, "card"), "source"), "signed");
	assert_string_equal(text_of(json_object_get(coverage, "card"), "payor_id"), "45002");
	assert_string_equal(text_of(json_object_get(coverage, "card"), "plan"), "Gold Plus");
	assert_string_equal(text_of(json_object_get(coverage, "card"), "rx_bin"), "100045");
	assert_string_equal(text_of(json_object_get(coverage, "card"), "dependent"), "02");
	assert_string_equal(text_of(json_object_get(coverage, "card"), "person"), "Maria Garcia, born 1985-04-17");
	desk = desk_state_of(f);
	row = member_of(json_object_get(desk, "arrivals"), "visit_id", v.id);
	assert_string_equal(text_of(member_of(json_object_get(row, "flags"), "kind", "document"), "text"),
			    "Health record shared");
	assert_int_equal(json_array_size(json_object_get(row, "documents")), 1);
	json_decref(desk);

	snprintf(path, sizeof(path), "/desk/api/documents/%s", text_of(document, "id"));
	a = call(f, &f->desk, path, NULL, NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, shared);
	assert_non_null(strstr(a.headers, "application/smart-health-card"));
	assert_non_null(strstr(a.headers, "attachment"));
	answer_fini(&a);
	assert_int_equal(count_of(f, "SELECT count(*) FROM audit WHERE action = 'read-document' AND user = 'anna' AND"
				     " detail = 'demo-p01'"),
			 1);
	expect_only(f, NULL, path, NULL, 401);
	expect_only(f, &f->desk, "/desk/api/documents/nothing", NULL, 404);
	json_decref(patient);
}

/* Nobody was found, and what they shared is there for whoever finds them. */
static void a_link_of_nobody_is_held(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char path[128];
	json_t *desk, *row, *document, *json;
	struct visit v;

	enrol(f, &kiosk, "Lobby 1");
	v = visit_of(f, &kiosk, "", "D 1");
	v.kind = VISIT_HANDOVER;
	text_copy(v.reason, sizeof(v.reason), "not-found");
	v.document = (struct visit_document){ .kind = VISIT_DOCUMENT_LINK,
					      .title = "Link to a health record",
					      .url = "shlink:/eyJ1cmwiOiJo" };
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "stored");
	desk = desk_state_of(f);
	row = member_of(json_object_get(desk, "arrivals"), "visit_id", v.id);
	document = json_array_get(json_object_get(row, "documents"), 0);
	assert_string_equal(text_of(document, "state"), "held");
	snprintf(path, sizeof(path), "/desk/api/documents/%s", text_of(document, "id"));
	json = expect(f, &f->desk, path, NULL, 200);
	assert_string_equal(text_of(json, "link"), "shlink:/eyJ1cmwiOiJo");
	json_decref(json);
	json_decref(desk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_old_schema_migrates_to_the_newest),
		TEST(three_kinds_of_files_make_one_list),
		TEST(what_is_refused_is_told_and_the_rest_taken),
		TEST(a_file_that_is_none_changes_nothing),
		TEST(kiosks_hear_of_issuers),
		TEST(a_large_list_goes_out_in_pages),
		TEST(a_shared_card_is_kept_and_handed_out),
		TEST(a_link_of_nobody_is_held),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
