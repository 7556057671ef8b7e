/* Kiosks as boxes at the clinic: what it takes from their status, what a person is warned of, what the desk orders and
 * who may, and codes that enrol many. */
#include "clinic_fixture.h"

#include "clinic/kiosks.h"

/* A box in order, with version 0.1.0; the caller changes what its test is about. */
static json_t *status_of_box(void)
{
	return json_pack(
		"{ss ss si si s[] ss sI s{ss ss ss sb sb sI sI sI si ss ss sb sI s[{ss ss sb ss ss}] si ss sI ss}}",
		"screen", "ready", "step", "welcome", "visits_held", 0, "visits_set_aside", 0, "devices", "version",
		"0.1.0", "clock_ms", (json_int_t)clock_wall_ms() + 40, "system", "version", "0.1.0", "slot", "a",
		"other_version", "0.0.9", "development", 0, "secure_boot", 1, "booted_ms", (json_int_t)(NOW - 3600000),
		"state_total_kb", (json_int_t)8000000, "state_free_kb", (json_int_t)7000000, "temperature_c", 41,
		"protection", "tpm", "protection_text", "", "clock_right", 1, "clock_error_ms", (json_int_t)-12,
		"links", "name", "enp1s0", "kind", "cable", "up", 1, "address", "192.0.2.7", "ssid", "", "rotation", 90,
		"display", "HDMI-A-1 1920x1080", "memory_used_kb", (json_int_t)98304, "machine", "Example Box 3000");
}

static json_t *system_of(json_t *status)
{
	return json_object_get(status, "system");
}

/* Takes status. */
static void tell(struct fixture *f, const struct peer *kiosk, json_t *take_status)
{
	char *body = json_dumps(take_status, 0);

	expect_only(f, kiosk, "/kiosk/v1/status", body, 200);
	free(body);
	json_decref(take_status);
}

static json_t *row_of(struct fixture *f, const struct peer *kiosk)
{
	json_t *fleet = expect(f, &f->desk, "/desk/api/fleet", NULL, 200);
	json_t *row = json_incref(member_of(json_object_get(fleet, "kiosks"), "id", kiosk->kiosk_id));

	assert_non_null(row);
	json_decref(fleet);
	return row;
}

/* What the desk is warned of after this status, as "disk clock ". */
static const char *warned(struct fixture *f, const struct peer *kiosk, json_t *take_status)
{
	static char kinds[160];
	json_t *row, *list;

	tell(f, kiosk, take_status);
	row = row_of(f, kiosk);
	list = json_object_get(row, "warnings");
	kinds[0] = '\0';
	for (size_t i = 0; i < json_array_size(list); i++) {
		size_t len = strlen(kinds);

		assert_true(strlen(text_of(json_array_get(list, i), "text")) > 10);
		snprintf(kinds + len, sizeof(kinds) - len, "%s ", text_of(json_array_get(list, i), "kind"));
	}
	json_decref(row);
	return kinds;
}

static void the_desk_sees_the_whole_box(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, laptop = { 0 };
	json_t *row, *system, *status = status_of_box();

	enrol(f, &kiosk, "Lobby 1");
	row = row_of(f, &kiosk);
	assert_true(json_is_null(json_object_get(row, "system")));
	assert_true(json_is_null(json_object_get(row, "clock_error_ms")));
	json_decref(row);
	json_object_set_new(system_of(status), "secret", json_string("dropped"));
	json_object_set_new(system_of(status), "machine", json_integer(7)); /* not what it should be */
	tell(f, &kiosk, status);
	row = row_of(f, &kiosk);
	system = json_object_get(row, "system");
	assert_string_equal(text_of(system, "slot"), "a");
	assert_string_equal(text_of(system, "other_version"), "0.0.9");
	assert_int_equal(number_of(system, "temperature_c"), 41);
	assert_string_equal(text_of(json_array_get(json_object_get(system, "links"), 0), "address"), "192.0.2.7");
	assert_string_equal(text_of(system, "machine"), "");
	assert_null(json_object_get(system, "secret"));
	assert_int_equal(number_of(row, "clock_error_ms"), 40);
	assert_int_equal(json_array_size(json_object_get(row, "warnings")), 0);
	json_decref(row);
	/* Its lobby-system is being started anew: what is known of the box stays. */
	status = status_of_box();
	json_object_del(status, "system");
	assert_string_equal(warned(f, &kiosk, status), "silent ");
	row = row_of(f, &kiosk);
	assert_string_equal(text_of(json_object_get(row, "system"), "slot"), "a");
	json_decref(row);
	assert_string_equal(warned(f, &kiosk, status_of_box()), "");
	/* Without a slot it is a program on somebody's computer. */
	enrol(f, &laptop, "Laptop");
	status = status_of_box();
	json_object_set_new(system_of(status), "slot", json_string(""));
	tell(f, &laptop, status);
	row = row_of(f, &laptop);
	assert_true(json_is_null(json_object_get(row, "system")));
	json_decref(row);
}

static void what_is_wrong_is_said(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	json_t *status = status_of_box(), *row;

	enrol(f, &kiosk, "Lobby 1");
	json_object_set_new(system_of(status), "state_free_kb", json_integer(790000));
	json_object_set_new(system_of(status), "temperature_c", json_integer(81));
	json_object_set_new(system_of(status), "protection", json_string("memory"));
	json_object_set_new(system_of(status), "development", json_true());
	json_object_set_new(status, "clock_ms", json_integer(clock_wall_ms() - 185000));
	assert_string_equal(warned(f, &kiosk, status), "disk hot memory-only development clock ");
	row = row_of(f, &kiosk);
	assert_string_equal(text_of(member_of(json_object_get(row, "warnings"), "kind", "clock"), "text"),
			    "Its clock is 3 minutes behind.");
	assert_string_equal(text_of(member_of(json_object_get(row, "warnings"), "kind", "disk"), "text"),
			    "Its disk is 90 % full.");
	json_decref(row);
	status = status_of_box();
	json_object_set_new(system_of(status), "protection_text", json_string("The disk was damaged."));
	json_object_set_new(system_of(status), "display", json_string("none"));
	assert_string_equal(warned(f, &kiosk, status), "state display ");
	status = status_of_box();
	json_object_set_new(status, "clock_ms", json_integer(86400000)); /* 1970 */
	assert_string_equal(warned(f, &kiosk, status), "clock ");
	status = status_of_box();
	json_object_del(status, "clock_ms");
	json_object_set_new(system_of(status), "clock_right", json_false());
	assert_string_equal(warned(f, &kiosk, status), "clock ");
	status = status_of_box();
	json_object_set_new(system_of(status), "temperature_c", json_null());
	json_object_set_new(system_of(status), "update",
			    json_pack("{ss ss ss}", "stage", "refused", "version", "0.2.0", "text", "It is too old."));
	assert_string_equal(warned(f, &kiosk, status), "update ");
	assert_string_equal(warned(f, &kiosk, status_of_box()), "");
}

/* A kiosk that only gets a little warmer writes nothing to the clinic's disk and wakes no page. */
static void what_only_drifts_is_no_news(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct ledger *store;
	int64_t before = 0, after = 0;
	json_t *status;

	enrol(f, &kiosk, "Lobby 1");
	tell(f, &kiosk, status_of_box());
	store = ledger_pool_take(&f->clinic.pool);
	assert_int_equal(ledger_int(store, &before, "SELECT max(id) FROM desk_change", ""), 0);
	status = status_of_box();
	json_object_set_new(system_of(status), "temperature_c", json_integer(42));
	json_object_set_new(system_of(status), "state_free_kb", json_integer(6999000));
	json_object_set_new(system_of(status), "memory_used_kb", json_integer(98900));
	json_object_set_new(status, "clock_ms", json_integer(clock_wall_ms() + 65));
	tell(f, &kiosk, status);
	assert_int_equal(ledger_int(store, &after, "SELECT max(id) FROM desk_change", ""), 0);
	assert_int_equal(after, before);
	status = status_of_box();
	json_object_set_new(system_of(status), "temperature_c", json_integer(60));
	tell(f, &kiosk, status);
	assert_int_equal(ledger_int(store, &after, "SELECT max(id) FROM desk_change", ""), 0);
	assert_true(after > before);
	ledger_pool_give(&f->clinic.pool, store);
}

/* ---- orders ---- */

static json_t *feed(struct fixture *f, const struct peer *kiosk, char cursor[64])
{
	char path[160];
	json_t *json;

	snprintf(path, sizeof(path), "/kiosk/v1/feed?wait_s=0%s%s", *cursor != '\0' ? "&cursor=" : "", cursor);
	json = expect(f, kiosk, path, NULL, 200);
	snprintf(cursor, 64, "%s", text_of(json, "cursor"));
	return json;
}

static json_t *change_of(json_t *feed, const char *type)
{
	return member_of(json_object_get(feed, "changes"), "type", type);
}

static void order(struct fixture *f, const struct peer *who, const struct peer *kiosk, const char *what,
		  const char *body, long status)
{
	char path[128];

	snprintf(path, sizeof(path), "/desk/api/kiosks/%s/%s", kiosk->kiosk_id, what);
	expect_only(f, who, path, body, status);
}

static void a_kiosk_hears_its_orders_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, other = { 0 };
	char cursor[64] = "", others[64] = "", again[64] = "";
	json_t *json, *orders;

	enrol(f, &kiosk, "Lobby 1");
	enrol(f, &other, "Lobby 2");
	json_decref(feed(f, &kiosk, cursor));
	json = feed(f, &other, others);
	orders = json_object_get(change_of(json, "orders"), "orders");
	assert_string_equal(text_of(orders, "notice"), "");
	assert_string_equal(text_of(orders, "out_of_service"), "");
	assert_string_equal(text_of(orders, "name"), "Lobby 2");
	assert_true(json_is_null(json_object_get(change_of(json, "update"), "update")));
	json_decref(json);
	order(f, &f->desk, &kiosk, "orders", "{\"notice\":\"  We close at noon.\\nSorry. \"}", 200);
	order(f, &f->desk, &kiosk, "orders", "{\"out_of_service\":\"Being cleaned\"}", 200);
	order(f, &f->desk, &kiosk, "rename", "{\"name\":\"East entrance\"}", 200);
	json = feed(f, &kiosk, cursor);
	assert_int_equal(json_array_size(json_object_get(json, "changes")), 1);
	orders = json_object_get(change_of(json, "orders"), "orders");
	assert_string_equal(text_of(orders, "notice"), "We close at noon. Sorry.");
	assert_string_equal(text_of(orders, "out_of_service"), "Being cleaned");
	assert_string_equal(text_of(orders, "name"), "East entrance");
	json_decref(json);
	json = feed(f, &other, others);
	assert_int_equal(json_array_size(json_object_get(json, "changes")), 0);
	json_decref(json);
	json = feed(f, &kiosk, again); /* anew: the whole has them, too */
	assert_string_equal(text_of(json_object_get(change_of(json, "orders"), "orders"), "out_of_service"),
			    "Being cleaned");
	json_decref(json);
	order(f, &f->desk, &kiosk, "orders", "{\"out_of_service\":\"\"}", 200);
	json = feed(f, &kiosk, cursor);
	orders = json_object_get(change_of(json, "orders"), "orders");
	assert_string_equal(text_of(orders, "out_of_service"), "");
	assert_string_equal(text_of(orders, "notice"), "We close at noon. Sorry.");
	json_decref(json);
}

static void a_restart_is_asked_for_once_and_while_it_is_fresh(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char cursor[64] = "", anew[64] = "", id[64];
	json_t *json, *status;

	enrol(f, &kiosk, "Lobby 1");
	json_decref(feed(f, &kiosk, cursor));
	order(f, &f->desk, &kiosk, "restart", "{}", 400); /* no appliance: nobody there who could */
	tell(f, &kiosk, status_of_box());
	order(f, &f->desk, &kiosk, "restart", "{}", 200);
	json = feed(f, &kiosk, cursor);
	snprintf(id, sizeof(id), "%s", text_of(change_of(json, "restart"), "id"));
	assert_int_equal(strlen(id), 36);
	json_decref(json);
	json = feed(f, &kiosk, anew); /* its answer was lost, say: the same one */
	assert_string_equal(text_of(change_of(json, "restart"), "id"), id);
	json_decref(json);
	assert_string_equal(warned(f, &kiosk, status_of_box()), "");
	clock_advance_ms(11 * 60000);
	anew[0] = '\0';
	json = feed(f, &kiosk, anew);
	assert_null(change_of(json, "restart"));
	json_decref(json);
	assert_string_equal(warned(f, &kiosk, status_of_box()), "restart ");
	/* Up again; its clock is ten minutes ahead, which the clinic takes into account. */
	status = status_of_box();
	json_object_set_new(status, "clock_ms", json_integer(clock_wall_ms() + 600000));
	json_object_set_new(system_of(status), "booted_ms", json_integer(NOW + 590000));
	assert_string_equal(warned(f, &kiosk, status), "clock restart ");
	status = status_of_box();
	json_object_set_new(system_of(status), "booted_ms", json_integer(clock_wall_ms() - 1000));
	assert_string_equal(warned(f, &kiosk, status), "");
}

static void orders_are_bounded_and_only_from_whom_they_may(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, desk = { 0 }, nobody = { 0 };
	char body[400];
	json_t *audit;

	enrol(f, &kiosk, "Lobby 1");
	tell(f, &kiosk, status_of_box());
	expect_only(f, &f->desk, "/desk/api/users",
		    "{\"name\":\"ben\",\"password\":\"battery staple\",\"role\":\"desk\"}", 200);
	sign_in_as(f, &desk, "ben", "battery staple");
	order(f, &desk, &kiosk, "orders", "{\"notice\":\"Back at two.\"}", 200);
	order(f, &desk, &kiosk, "rename", "{\"name\":\"Lobby A\"}", 200);
	order(f, &desk, &kiosk, "restart", "{}", 403);
	order(f, &nobody, &kiosk, "orders", "{\"notice\":\"x\"}", 401);
	order(f, &kiosk, &kiosk, "orders", "{\"notice\":\"x\"}", 401);
	order(f, &desk, &nobody, "orders", "{\"notice\":\"x\"}", 401); /* no id, no such path */
	order(f, &desk, &kiosk, "orders", "{}", 400);
	order(f, &desk, &kiosk, "orders", "{\"notice\":7}", 400);
	order(f, &desk, &kiosk, "rename", "{\"name\":\" \"}", 400);
	snprintf(body, sizeof(body), "{\"notice\":\"%0161d\"}", 0);
	order(f, &desk, &kiosk, "orders", body, 400);
	snprintf(kiosk.kiosk_id, sizeof(kiosk.kiosk_id), "nobody");
	order(f, &desk, &kiosk, "orders", "{\"notice\":\"x\"}", 404);
	order(f, &f->desk, &kiosk, "restart", "{}", 404);
	audit = expect(f, &f->desk, "/desk/api/audit", NULL, 200);
	assert_string_equal(text_of(member_of(json_object_get(audit, "entries"), "action", "kiosk-orders"), "detail"),
			    "Back at two.");
	assert_string_equal(text_of(member_of(json_object_get(audit, "entries"), "action", "kiosk-rename"), "user"),
			    "ben");
	json_decref(audit);
}

/* ---- enrolment ---- */

static long enrol_by(struct fixture *f, const char *code, const char *name, json_t **answer)
{
	unsigned char key[32];
	char secret[24] = "", body[256];
	struct answer a;
	long status;

	for (const char *c = code + 4; *c != '\0'; c++)
		if (*c != '-')
			snprintf(secret + strlen(secret), sizeof(secret) - strlen(secret), "%c", *c);
	assert_int_equal(kiosk_code_key(secret, key), 0);
	enrol_body(f->clinic.fingerprint, code, key, name, body, sizeof(body));
	a = call(f, NULL, "/kiosk/v1/enrol", body, NULL);
	*answer = json_incref(a.json);
	status = a.status;
	answer_fini(&a);
	return status;
}

static void enrol_expect(struct fixture *f, const char *code, const char *name, const char *named)
{
	json_t *json;

	assert_int_equal(enrol_by(f, code, name, &json), strcmp(named, "(none)") != 0 ? 200 : 403);
	assert_string_equal(text_of(json, "name"), named);
	json_decref(json);
}

static void one_code_enrols_many_and_numbers_them(void **state)
{
	struct fixture *f = *state;
	struct kiosk_code code = { 0 };
	struct ledger store;
	json_t *json;

	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(kiosk_code_make_many(&code, "Lobby {n}", 3, 30), 0);
	assert_int_equal(strlen(code.code), 24);
	assert_int_equal(kiosk_code_store(&store, &code), 0);
	enrol_expect(f, code.code, "", "Lobby 1");
	clock_advance_ms(29LL * 86400000);
	enrol_expect(f, code.code, "", "Lobby 2");
	enrol_expect(f, code.code, "Hall {n}, left", "Hall 3, left");
	enrol_expect(f, code.code, "", "(none)"); /* three and no more */
	assert_int_equal(kiosk_code_make_many(&code, "Lobby {n}", 3, 30), 0);
	assert_int_equal(kiosk_code_store(&store, &code), 0);
	clock_advance_ms(31LL * 86400000);
	enrol_expect(f, code.code, "", "(none)"); /* too old */
	ledger_close(&store);
	sign_in_as(f, &f->desk, "anna", "correct horse");
	json = expect(f, &f->desk, "/desk/api/fleet", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "kiosks")), 3);
	json_decref(json);
}

/* The picture of the code is the address and the code, square, with the three finder patterns. */
static void the_code_comes_as_a_picture(void **state)
{
	struct fixture *f = *state;
	json_t *json = expect(f, &f->desk, "/desk/api/kiosks/code", "{\"name\":\"Lobby 1\"}", 200);
	const json_t *rows = json_object_get(json, "qr");
	size_t size = json_array_size(rows);
	char link[160];

	snprintf(link, sizeof(link), "%s/#kiosk=%s", f->url, text_of(json, "code"));
	assert_string_equal(text_of(json, "link"), link);
	assert_true(size >= 25 && size % 4 == 1);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(json_string_length(json_array_get(rows, i)), size);
	assert_int_equal(strncmp(json_string_value(json_array_get(rows, 0)), "11111110", 8), 0);
	assert_string_equal(json_string_value(json_array_get(rows, 0)) + size - 8, "01111111");
	assert_int_equal(strncmp(json_string_value(json_array_get(rows, size - 1)), "11111110", 8), 0);
	json_decref(json);
}

static void the_time_zone_goes_with_the_settings(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char cursor[64] = "";
	struct ledger store;
	json_t *json;

	enrol(f, &kiosk, "Lobby 1");
	json = feed(f, &kiosk, cursor);
	assert_string_equal(text_of(json_object_get(change_of(json, "settings"), "settings"), "time_zone"),
			    "America/New_York"); /* the tests' own */
	json_decref(json);
	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(clinic_settings_set(&store, "time_zone", "../../etc/passwd"), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_settings_set(&store, "time_zone", ""), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_settings_set(&store, "time_zone", "Moon/Base_1"), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_settings_set(&store, "time_zone", "Europe/Berlin"), 0);
	ledger_close(&store);
	json = feed(f, &kiosk, cursor);
	assert_string_equal(text_of(json_object_get(change_of(json, "settings"), "settings"), "time_zone"),
			    "Europe/Berlin");
	json_decref(json);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		T(the_desk_sees_the_whole_box),
		T(what_is_wrong_is_said),
		T(what_only_drifts_is_no_news),
		T(a_kiosk_hears_its_orders_and_no_others),
		T(a_restart_is_asked_for_once_and_while_it_is_fresh),
		T(orders_are_bounded_and_only_from_whom_they_may),
		T(one_code_enrols_many_and_numbers_them),
		T(the_code_comes_as_a_picture),
		T(the_time_zone_goes_with_the_settings),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
