/* src/clinic: what kiosks report and ask for: visits exactly once, the change feed, help, states. */
#include "clinic_fixture.h"

static json_t *arrival_of(const struct fixture *f, const char *visit_id)
{
	json_t *state = desk_state_of(f),
	       *row = json_incref(member_of(json_object_get(state, "arrivals"), "visit_id", visit_id));

	json_decref(state);
	return row;
}

static int64_t set_aside_count(const struct fixture *f)
{
	json_t *state = desk_state_of(f);
	int64_t count = number_of(state, "set_aside");

	json_decref(state);
	return count;
}

static void a_visit_is_stored_once(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct visit v;
	json_t *row, *sent, *entry;

	enrol(f, &kiosk, "Lobby 1");
	v = visit_of(f, &kiosk, "demo-p01", "B 14");
	v.insurance = VISIT_INSURANCE_NEW;
	visit_new_id(v.coverage_id);
	text_copy(v.payor, sizeof(v.payor), "Harborline HMO");
	text_copy(v.member_id, sizeof(v.member_id), "HLH990011223");
	assert_int_equal(v.appointment_count, 2);
	sent = row_of_visit(f, &v);
	assert_string_equal(send_row(f, &kiosk, json_incref(sent)), "stored");
	assert_string_equal(send_row(f, &kiosk, sent), "duplicate");
	assert_int_equal(set_aside_count(f), 0);
	row = arrival_of(f, v.id);
	assert_non_null(row);
	assert_string_equal(text_of(row, "number"), "B 14");
	assert_string_equal(text_of(row, "kind"), "arrival");
	assert_string_equal(text_of(row, "stage"), "arrived");
	assert_string_equal(text_of(row, "slip"), "printing");
	assert_string_equal(text_of(row, "kiosk"), "Lobby 1");
	assert_string_equal(text_of(json_object_get(row, "patient"), "name"), "Garcia, Maria");
	entry = json_array_get(json_object_get(row, "appointments"), 0);
	assert_int_equal(json_array_size(json_object_get(row, "appointments")), 2);
	assert_string_equal(text_of(entry, "with"), "Dr. Priya Shah");
	assert_string_equal(text_of(entry, "where"), "Waiting B");
	assert_non_null(member_of(json_object_get(row, "flags"), "kind", "insurance-new"));
	assert_int_equal(json_array_size(json_object_get(row, "flags")), 1);
	json_decref(row);
	row = expect(f, &f->desk, "/desk/api/patients/demo-p01", NULL, 200);
	assert_string_equal(text_of(json_array_get(json_object_get(row, "coverages"), 0), "payor"), "Harborline HMO");
	assert_string_equal(text_of(json_array_get(json_object_get(row, "coverages"), 0), "source"), "kiosk");
	assert_int_equal(json_array_size(json_object_get(row, "visits")), 1);
	json_decref(row);
}

static void what_cannot_be_opened_is_kept_aside(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	json_t *row, *list;

	enrol(f, &kiosk, "Lobby 1");
	row = json_pack("{si ss ss}", "seq", 1, "key", "k", "sealed",
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_string_equal(send_row(f, &kiosk, json_incref(row)), "never");
	assert_string_equal(send_row(f, &kiosk, row), "never"); /* the answer was lost: asked again */
	assert_int_equal(set_aside_count(f), 1);
	row = sealed_row(f, 2, "k", json_pack("{ss}", "resourceType", "Bundle"));
	assert_string_equal(send_row(f, &kiosk, row), "never");
	row = sealed_row(f, 3, "k", json_pack("[i]", 1));
	assert_string_equal(send_row(f, &kiosk, row), "never");
	list = expect(f, &f->desk, "/desk/api/set-aside", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(list, "set_aside")), 3);
	json_decref(list);
	expect_only(f, &kiosk, "/kiosk/v1/visits", "{\"rows\":[]}", 400);
	expect_only(f, &kiosk, "/kiosk/v1/visits", "{\"rows\":[{\"seq\":-1,\"key\":\"k\",\"sealed\":\"AA==\"}]}", 400);
	expect_only(f, &kiosk, "/kiosk/v1/visits", "{\"rows\":[{\"seq\":1,\"key\":\"k\",\"sealed\":\"?\"}]}", 400);
	expect_only(f, &kiosk, "/kiosk/v1/visits", "garbage", 400);
	expect_only(f, &kiosk, "/kiosk/v1/visits", "{\"rows\":[{\"seq\":1,\"key\":\"k\",\"sealed\":\"#0\"}]}", 400);
	expect_only(f, &kiosk, "/kiosk/v1/visits", "{\"rows\":[{\"seq\":1,\"key\":\"k\",\"sealed\":\"", 400);
	/* A stroke with a backslash, and a box named twice by one number. */
	json_decref(expect(f, &kiosk, "/kiosk/v1/visits",
			   "{\"rows\":[{\"seq\":5,\"key\":\"k\",\"sealed\" : \"AA\\/A\"}]}", 200));
	expect_only(f, &kiosk, "/kiosk/v1/visits",
		    "{\"rows\":[{\"seq\":6,\"key\":\"k\",\"sealed\":\"AAAA\"},{\"seq\":7,\"key\":\"k\",\"sealed\":"
		    "\"\\u00230\"}]}",
		    400);
}

static void many_visits_come_in_one_request(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	json_t *body = json_pack("{s[]}", "rows"), *json;
	char *text;

	enrol(f, &kiosk, "Lobby 1");
	for (int i = 0; i < 64; i++) {
		struct visit v = visit_of(f, &kiosk, "demo-p02", "A 01");

		json_array_append_new(json_object_get(body, "rows"), row_of_visit(f, &v));
	}
	text = json_dumps(body, JSON_INDENT(2)); /* spaces and all */
	json = expect(f, &kiosk, "/kiosk/v1/visits", text, 200);
	free(text);
	for (int i = 0; i < 64; i++)
		assert_string_equal(text_of(json_array_get(json_object_get(json, "rows"), (size_t)i), "result"),
				    "stored");
	json_decref(json);
	json = desk_state_of(f);
	assert_int_equal(json_array_size(json_object_get(json, "arrivals")), 64);
	json_decref(json);
	json_array_append(json_object_get(body, "rows"), json_array_get(json_object_get(body, "rows"), 0));
	text = json_dumps(body, 0);
	expect_only(f, &kiosk, "/kiosk/v1/visits", text, 400); /* 65 */
	free(text);
	json_decref(body);
}

static void another_visit_under_a_known_number_is_kept_aside(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct visit v, other;
	json_t *row;

	enrol(f, &kiosk, "Lobby 1");
	v = visit_of(f, &kiosk, "demo-p02", "A 01");
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "stored");
	other = visit_of(f, &kiosk, "demo-p05", "A 02");
	other.seq = v.seq;
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &other)), "duplicate");
	assert_int_equal(set_aside_count(f), 1);
	row = arrival_of(f, other.id);
	assert_null(row);
}

static void nobody_is_lost(void **state)
{
	struct fixture *f = *state;
	struct peer first = { 0 }, second = { 0 };
	struct visit v, again, stranger;
	json_t *row, *flag;

	enrol(f, &first, "Lobby 1");
	enrol(f, &second, "Lobby 2");
	v = visit_of(f, &first, "demo-p02", "A 01");
	again = visit_of(f, &second, "demo-p02", "A 51");
	assert_string_equal(send_row(f, &first, row_of_visit(f, &v)), "stored");
	clock_advance_ms(5 * 60000);
	assert_string_equal(send_row(f, &second, row_of_visit(f, &again)), "stored");
	row = arrival_of(f, again.id);
	flag = member_of(json_object_get(row, "flags"), "kind", "twice");
	assert_non_null(flag);
	assert_non_null(strstr(text_of(flag, "text"), "A 01"));
	assert_non_null(member_of(json_object_get(row, "flags"), "kind", "late-sent"));
	json_decref(row);
	row = arrival_of(f, v.id);
	assert_int_equal(json_array_size(json_object_get(row, "flags")), 0);
	json_decref(row);

	stranger = visit_of(f, &first, "demo-p05", "A 02");
	text_copy(stranger.patient_id, sizeof(stranger.patient_id), "nobody-here");
	text_copy(stranger.birth_date, sizeof(stranger.birth_date), "1985-04-17");
	text_copy(stranger.family_initial, sizeof(stranger.family_initial), "G");
	assert_string_equal(send_row(f, &first, row_of_visit(f, &stranger)), "stored");
	row = arrival_of(f, stranger.id);
	assert_string_equal(text_of(row, "kind"), "handover");
	assert_string_equal(text_of(row, "described"), "born 17 Apr 1985, G…");
	assert_true(json_is_null(json_object_get(row, "patient")));
	json_decref(row);
}

static void handovers_and_slips_show(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct visit v, late;
	struct visit_slip slip = { .seq = 9, .form = "slip", .at_ms = NOW };
	json_t *row, *bundle, *entry;

	enrol(f, &kiosk, "Lobby 1");
	late = visit_of(f, &kiosk, "demo-p14", "A 03");
	late.kind = VISIT_HANDOVER;
	text_copy(late.reason, sizeof(late.reason), "late");
	text_copy(late.step, sizeof(late.step), "appointments");
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &late)), "stored");
	row = arrival_of(f, late.id);
	assert_string_equal(text_of(member_of(json_object_get(row, "flags"), "kind", "handover"), "text"), "Late");
	assert_string_equal(text_of(json_object_get(row, "patient"), "name"), "Silva, João");
	json_decref(row);
	entry = expect(f, &f->desk, "/desk/api/search?q=Silva", NULL, 200);
	assert_string_equal(text_of(json_array_get(json_object_get(entry, "appointments"), 0), "status"), "booked");
	assert_int_equal(json_array_size(json_object_get(entry, "arrivals")), 1);
	json_decref(entry);

	v = visit_of(f, &kiosk, "demo-p03", "B 01");
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "stored");
	text_copy(slip.visit_id, sizeof(slip.visit_id), v.id);
	text_copy(slip.kiosk_id, sizeof(slip.kiosk_id), kiosk.kiosk_id);
	text_copy(slip.error, sizeof(slip.error), "paper-out");
	assert_int_equal(visit_slip_to_bundle(&slip, &bundle), 0);
	assert_string_equal(send_row(f, &kiosk, sealed_row(f, 9, v.id, bundle)), "stored");
	row = arrival_of(f, v.id);
	assert_string_equal(text_of(row, "slip"), "failed");
	assert_string_equal(text_of(row, "slip_error"), "paper-out");
	assert_non_null(member_of(json_object_get(row, "flags"), "kind", "slip-failed"));
	assert_null(member_of(json_object_get(row, "flags"), "kind", "label-failed"));
	json_decref(row);
	text_copy(slip.form, sizeof(slip.form), "wristband");
	slip.seq = 10;
	assert_int_equal(visit_slip_to_bundle(&slip, &bundle), 0);
	assert_string_equal(send_row(f, &kiosk, sealed_row(f, 10, "0b0b0b0b-0000-4000-8000-00000000000b", bundle)),
			    "stored");
	row = arrival_of(f, v.id);
	assert_string_equal(text_of(member_of(json_object_get(row, "flags"), "kind", "label-failed"), "text"),
			    "Wristband not printed");
	assert_string_equal(text_of(member_of(json_object_get(row, "flags"), "kind", "interpreter"), "text"),
			    "Needs interpreter: Vietnamese");
	json_decref(row);
}

static void changed_contacts_are_the_patients_and_kept(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct visit v;
	struct ledger *store;
	int64_t kept = 0;
	json_t *row;

	enrol(f, &kiosk, "Lobby 1");
	v = visit_of(f, &kiosk, "demo-p02", "A 01");
	v.contact = VISIT_CONTACT_CHANGED;
	text_copy(v.phone, sizeof(v.phone), "(413) 555-0199");
	assert_string_equal(send_row(f, &kiosk, row_of_visit(f, &v)), "stored");
	row = expect(f, &f->desk, "/desk/api/patients/demo-p02", NULL, 200);
	assert_string_equal(text_of(json_object_get(row, "patient"), "phone"), "(413) 555-0199");
	assert_string_equal(text_of(json_object_get(row, "patient"), "email"), "daniel.okafor@example.org");
	json_decref(row);
	store = ledger_pool_take(&f->clinic.pool);
	assert_int_equal(ledger_int(store, &kept,
				    "SELECT count(*) FROM history WHERE id = 'demo-p02' AND content LIKE '%555-0174%'",
				    ""),
			 0);
	assert_int_equal(kept, 2); /* as imported, and before this visit */
	ledger_pool_give(&f->clinic.pool, store);
}

/* ---- the feed ---- */

static json_t *feed(const struct fixture *f, const struct peer *kiosk, const char *cursor, int wait_s)
{
	char path[160];

	snprintf(path, sizeof(path), "/kiosk/v1/feed?cursor=%s&wait_s=%d", cursor, wait_s);
	return expect(f, kiosk, path, NULL, 200);
}

static void the_feed_begins_whole_and_masked(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char ids[4][65], *text;
	json_t *json, *change, *entry, *coverage, *other;

	enrol(f, &kiosk, "Lobby 1");
	json = feed(f, &kiosk, "", 30);
	assert_true(json_is_true(json_object_get(json, "reset")));
	assert_false(json_is_true(json_object_get(json, "more")));
	assert_non_null(member_of(json_object_get(json, "changes"), "type", "settings"));
	assert_int_equal(json_array_size(json_object_get(json, "changes")),
			 4 + 62); /* settings, logo, orders, update */
	assert_int_equal(appointments_of_patient(f, "demo-p01", ids, 4), 2);
	change = member_of(json_object_get(json, "changes"), "id", ids[0]);
	entry = json_object_get(change, "entry");
	assert_string_equal(text_of(entry, "phone_masked"), "••• ••• 0142");
	assert_string_equal(text_of(entry, "phone_last4"), "0142");
	assert_string_equal(text_of(entry, "email_masked"), "m•••@example.org");
	assert_string_equal(text_of(entry, "practitioner"), "Dr. Priya Shah");
	assert_string_equal(text_of(entry, "location"), "Floor 2, waiting area B");
	assert_string_equal(text_of(entry, "ticket_prefix"), "B");
	assert_string_equal(text_of(entry, "clinic_name"), "Riverside Family Clinic");
	assert_true(json_is_true(json_object_get(entry, "here")));
	assert_true(strlen(text_of(entry, "code")) >= 20);
	assert_int_equal(number_of(entry, "minutes"), 20);
	coverage = json_object_get(entry, "coverage");
	assert_string_equal(text_of(coverage, "member_last4"), "4417");
	assert_string_equal(text_of(coverage, "subscriber"), "Maria G.");
	assert_true(json_is_true(json_object_get(coverage, "active")));
	assert_int_equal(number_of(coverage, "copay_cents"), 2500);
	assert_int_equal(strlen(text_of(entry, "member_hash")), 32);
	assert_int_equal(appointments_of_patient(f, "demo-p17", ids, 4), 1);
	other = json_object_get(member_of(json_object_get(json, "changes"), "id", ids[0]), "entry");
	assert_false(json_is_true(json_object_get(other, "here")));
	assert_string_equal(text_of(other, "clinic_name"), "Hillside Family Clinic");
	assert_int_equal(appointments_of_patient(f, "demo-p12", ids, 4), 1);
	other = json_object_get(member_of(json_object_get(json, "changes"), "id", ids[0]), "entry");
	assert_true(json_is_null(json_object_get(other, "coverage")));
	/* Nothing whole leaves the clinic. */
	text = json_dumps(json, 0);
	assert_null(strstr(text, "XGH884104417"));
	assert_null(strstr(text, "555-01"));
	assert_null(strstr(text, "maria.garcia"));
	free(text);
	json_decref(json);
}

static void the_feed_tells_what_changed(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, other = { 0 };
	char cursor[64], path[128], ids[4][65];
	struct stream poll;
	struct visit v;
	json_t *json, *change;

	enrol(f, &kiosk, "Lobby 1");
	enrol(f, &other, "Lobby 2");
	json = feed(f, &kiosk, "", 0);
	snprintf(cursor, sizeof(cursor), "%s", text_of(json, "cursor"));
	json_decref(json);
	json = feed(f, &kiosk, cursor, 0);
	assert_int_equal(json_array_size(json_object_get(json, "changes")), 0);
	json_decref(json);
	/* Waits, and is woken: the request is under way before the visit is sent. */
	snprintf(path, sizeof(path), "/kiosk/v1/feed?cursor=%s&wait_s=30", cursor);
	stream_open(&poll, f, &kiosk, path, NULL);
	assert_false(stream_moves(&poll));
	v = visit_of(f, &other, "demo-p01", "B 14");
	assert_string_equal(send_row(f, &other, row_of_visit(f, &v)), "stored");
	assert_true(stream_end(&poll));
	json = json_loads(poll.got.body, 0, NULL);
	assert_false(json_is_true(json_object_get(json, "reset")));
	appointments_of_patient(f, "demo-p01", ids, 4);
	change = member_of(json_object_get(json, "changes"), "id", ids[0]);
	assert_non_null(change);
	assert_string_equal(text_of(json_object_get(change, "entry"), "status"), "arrived");
	assert_string_equal(text_of(json_object_get(change, "entry"), "ticket"), "B 14");
	snprintf(cursor, sizeof(cursor), "%s", text_of(json, "cursor"));
	json_decref(json);
	stream_close(&poll);
	/* Help is told to the kiosk that asked, alone. */
	expect_only(f, &other, "/kiosk/v1/help",
		    "{\"id\":\"h1\",\"step\":\"insurance\",\"at_ms\":1795444860000,\"cancelled\":false}", 200);
	expect_only(f, &f->desk, "/desk/api/help/h1/on-my-way", "{}", 200);
	json = feed(f, &kiosk, cursor, 0);
	assert_int_equal(json_array_size(json_object_get(json, "changes")), 0);
	json_decref(json);
	json = feed(f, &other, cursor, 0);
	assert_string_equal(text_of(json_array_get(json_object_get(json, "changes"), 0), "stage"), "on-the-way");
	json_decref(json);
	/* Nothing comes until its time is over. */
	snprintf(path, sizeof(path), "/kiosk/v1/feed?cursor=%s&wait_s=30", cursor);
	stream_open(&poll, f, &kiosk, path, NULL);
	assert_false(stream_moves(&poll));
	for (int s = 0; s < 600 && !stream_moves(&poll); s++)
		clock_advance_ms(1000);
	assert_true(stream_end(&poll));
	assert_non_null(poll.got.body);
	json = json_loads(poll.got.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "changes")), 0);
	json_decref(json);
	stream_close(&poll);
}

static void an_old_cursor_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char cursor[64];
	json_t *json;

	enrol(f, &kiosk, "Lobby 1");
	json = feed(f, &kiosk, "", 0);
	snprintf(cursor, sizeof(cursor), "%s", text_of(json, "cursor"));
	json_decref(json);
	json = feed(f, &kiosk, "20261123.99999999", 0);
	assert_true(json_is_true(json_object_get(json, "reset")));
	json_decref(json);
	json = feed(f, &kiosk, "rubbish", 0);
	assert_true(json_is_true(json_object_get(json, "reset")));
	json_decref(json);
	clock_advance_ms(15 * 3600000LL); /* past midnight */
	json = feed(f, &kiosk, cursor, 0);
	assert_true(json_is_true(json_object_get(json, "reset")));
	assert_int_equal(json_array_size(json_object_get(json, "changes")),
			 4 + 1); /* settings, logo, orders, update, tomorrow's one */
	json_decref(json);
}

static void import_many(struct fixture *f, int count)
{
	struct ledger store;
	struct import import;
	char text[512];

	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(import_begin(&import, &store, stderr, "test"), 0);
	for (int i = 0; i < count; i++) {
		json_t *json;

		snprintf(text, sizeof(text),
			 "{\"resourceType\":\"Appointment\",\"id\":\"many-%d\",\"status\":\"booked\",\"start\":\"2026-"
			 "11-24T%02d:%02d:00-05:00\","
			 "\"minutesDuration\":10,\"participant\":[{\"actor\":{\"reference\":\"Patient/demo-p01\"}}]}",
			 i, 8 + i / 60 % 12, i % 60);
		json = json_loads(text, 0, NULL);
		import_resource(&import, json, "", text, strlen(text), "line");
		json_decref(json);
	}
	assert_int_equal(import_end(&import), 0);
	ledger_close(&store);
}

static void a_long_whole_comes_in_pages(void **state)
{
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	char cursor[64] = "";
	int entries = 0, pages = 0, resets = 0;
	bool more = true;

	import_many(f, 1200);
	enrol(f, &kiosk, "Lobby 1");
	while (more && pages < 10) {
		json_t *json = feed(f, &kiosk, cursor, 30), *changes = json_object_get(json, "changes");

		for (size_t i = 0; i < json_array_size(changes); i++)
			entries += strcmp(text_of(json_array_get(changes, i), "type"), "roster") == 0;
		resets += json_is_true(json_object_get(json, "reset"));
		assert_true(json_array_size(changes) <= 504);
		snprintf(cursor, sizeof(cursor), "%s", text_of(json, "cursor"));
		more = json_is_true(json_object_get(json, "more"));
		json_decref(json);
		pages++;
	}
	assert_int_equal(entries, 1262);
	assert_int_equal(pages, 3);
	assert_int_equal(resets, 1);
}

/* ---- states ---- */

static json_t *kiosk_row_of(const struct fixture *f)
{
	json_t *state = desk_state_of(f), *row = json_incref(json_array_get(json_object_get(state, "kiosks"), 0));

	json_decref(state);
	return row;
}

static void a_silent_kiosk_is_offline(void **state)
{
	static const char status[] =
		"{\"screen\":\"ready\",\"step\":\"\",\"visits_held\":2,\"visits_set_aside\":0,\"version\":\"1\","
		"\"devices\":[{\"kind\":\"printer\",\"state\":\"paper-low\",\"name\":\"Printer\",\"detail\":\"\","
		"\"secret\":\"x\"}]}";
	struct fixture *f = *state;
	struct peer kiosk = { 0 };
	struct stream events;
	json_t *row;

	enrol(f, &kiosk, "Lobby 1");
	expect_only(f, &kiosk, "/kiosk/v1/status", status, 200);
	expect_only(f, &kiosk, "/kiosk/v1/status", "{\"screen\":\"dancing\"}", 400);
	row = kiosk_row_of(f);
	assert_string_equal(text_of(row, "state"), "ready");
	assert_int_equal(number_of(row, "visits_held"), 2);
	assert_string_equal(text_of(json_array_get(json_object_get(row, "devices"), 0), "state"), "paper-low");
	assert_null(json_object_get(json_array_get(json_object_get(row, "devices"), 0), "secret"));
	json_decref(row);
	stream_open(&events, f, &f->desk, "/desk/api/events", NULL);
	assert_true(stream_until(&events, "retry"));
	clock_advance_ms(41000);
	assert_true(stream_until(&events, "\"state\":\"offline\""));
	stream_close(&events);
	row = kiosk_row_of(f);
	assert_int_equal(number_of(row, "since_ms"), NOW);
	assert_int_equal(number_of(row, "visits_held"), 2);
	json_decref(row);
	expect_only(f, &kiosk, "/kiosk/v1/status", status, 200);
	row = kiosk_row_of(f);
	assert_string_equal(text_of(row, "state"), "ready");
	json_decref(row);
}

static void help_goes_forward_only(void **state)
{
	static const char wanted[] =
		"{\"id\":\"h1\",\"step\":\"insurance\",\"at_ms\":1795444860000,\"cancelled\":false}";
	static const char cancelled[] =
		"{\"id\":\"h1\",\"step\":\"insurance\",\"at_ms\":1795444860000,\"cancelled\":true}";
	struct fixture *f = *state;
	struct peer kiosk = { 0 }, other = { 0 };
	json_t *json;

	enrol(f, &kiosk, "Lobby 1");
	enrol(f, &other, "Lobby 2");
	json = expect(f, &kiosk, "/kiosk/v1/help", wanted, 200);
	assert_string_equal(text_of(json, "stage"), "sent");
	json_decref(json);
	expect_only(f, &other, "/kiosk/v1/help", cancelled, 404);
	json = desk_state_of(f);
	assert_string_equal(text_of(json_array_get(json_object_get(json, "help"), 0), "kiosk"), "Lobby 1");
	json_decref(json);
	json = expect(f, &f->desk, "/desk/api/help/h1/on-my-way", "{}", 200);
	assert_string_equal(text_of(json, "by"), "anna");
	json_decref(json);
	json = expect(f, &kiosk, "/kiosk/v1/help", wanted, 200);
	assert_string_equal(text_of(json, "stage"), "on-the-way");
	json_decref(json);
	json = expect(f, &kiosk, "/kiosk/v1/help", cancelled, 200);
	assert_string_equal(text_of(json, "stage"), "done");
	json_decref(json);
	json = expect(f, &f->desk, "/desk/api/help/h1/on-my-way", "{}", 200);
	assert_string_equal(text_of(json, "stage"), "done");
	json_decref(json);
	expect_only(f, &f->desk, "/desk/api/help/none/done", "{}", 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_visit_is_stored_once, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_kept_aside, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(many_visits_come_in_one_request, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(another_visit_under_a_known_number_is_kept_aside, fixture_begin,
						fixture_end),
		cmocka_unit_test_setup_teardown(nobody_is_lost, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(handovers_and_slips_show, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(changed_contacts_are_the_patients_and_kept, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(the_feed_begins_whole_and_masked, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(the_feed_tells_what_changed, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(an_old_cursor_begins_anew, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(a_long_whole_comes_in_pages, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(a_silent_kiosk_is_offline, fixture_begin, fixture_end),
		cmocka_unit_test_setup_teardown(help_goes_forward_only, fixture_begin, fixture_end),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
