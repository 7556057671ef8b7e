/* src/clinic, health links that came with a visit: resolved in the background, tried again at growing distances and
 * across restarts, and the desk hears of it. */
#include "link_bed.h"

#include "clinic/link_store.h"

#define LINK 2048
#define RESOLVED "SELECT count(*) FROM document WHERE state = 'resolved' AND url = ''"
#define QUEUED "SELECT count(*) FROM link_queue"
#define TRIES "SELECT coalesce(max(tries), -1) FROM link_queue"
#define COVERAGES "SELECT count(*) FROM coverage WHERE read_from = 'link'"

/* What the hub looks at a few times a second. */
static void a_moment(void)
{
	clock_advance_ms(300);
}

static void a_link_is_opened_after_its_visit(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37];
	json_t *patient, *coverage, *card, *row;
	struct stream events;

	share(b, "/f", sealed_insurance(b), link, sizeof(link));
	stream_open(&events, b->f, &b->f->desk, "/desk/api/events", NULL);
	stream_moves(&events);
	visit_with(b, link, "B 14", visit);
	assert_true(stream_until(&events, "Health record to come"));
	a_moment();
	UNTIL_STORE(b, RESOLVED, 1);
	assert_true(stream_until(&events, "Health record shared"));
	assert_non_null(strstr(events.got.body, "Insurance changed"));
	stream_close(&events);
	assert_int_equal(count_of(b, QUEUED), 0);
	patient = expect(b->f, &b->f->desk, "/desk/api/patients/" MARIA, NULL, 200);
	coverage = json_array_get(json_object_get(patient, "coverages"), 0);
	assert_string_equal(text_of(coverage, "payor"), "Acme Insurance Co");
	assert_string_equal(text_of(coverage, "member_id"), "102345672-01");
	assert_string_equal(text_of(coverage, "subscriber"), "Carlos Garcia");
	card = json_object_get(coverage, "card");
	assert_string_equal(text_of(card, "source"), "link");
	assert_string_equal(text_of(card, "plan"), "Acme Gold Plus");
	assert_string_equal(text_of(card, "rx_pcn"), "1234000");
	assert_string_equal(text_of(card, "person"), "Maria Garcia, born 1985-04-17");
	assert_string_equal(text_of(member_of(json_object_get(patient, "documents"), "kind", "fhir-resource"), "title"),
			    "Insurance card");
	json_decref(patient);
	row = arrival_of(b, visit);
	assert_int_equal(json_array_size(json_object_get(row, "documents")), 2);
	json_decref(row);
	/* The kiosks hear of the insurance with her appointments; the audit of the link, by what became of it. */
	assert_int_equal(count_of(b, "SELECT count(*) > 0 FROM feed_change f JOIN appointment a ON a.id = f.ref"
				     " WHERE f.kind = 'roster' AND a.patient_id = '" MARIA "'"),
			 1);
	assert_int_equal(count_of(b, "SELECT count(*) FROM audit WHERE action = 'health-link' AND detail = 'valid'"),
			 1);
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 1);
}

static void a_server_that_is_away_is_tried_again(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37];

	shl_tell(&b->server, "/f", 503, NULL);
	link_to(b, "/f", "U", link, sizeof(link));
	visit_with(b, link, "B 14", visit);
	a_moment();
	UNTIL_STORE(b, TRIES, 1);
	/* A minute, two, four; and not before. */
	clock_advance_ms(55000);
	json_decref(desk_state_of(b->f));
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 1);
	clock_advance_ms(6000);
	UNTIL_STORE(b, TRIES, 2);
	clock_advance_ms(61000);
	json_decref(desk_state_of(b->f));
	assert_int_equal(count_of(b, TRIES), 2);
	/* What is due while the clinic is down is done when it is back. */
	server_end(b->f);
	clock_advance_ms(61000);
	shl_tell(&b->server, "/f", 200, sealed_card(b, today));
	server_begin(b->f);
	sign_in_as(b->f, &b->f->desk, "anna", "correct horse");
	a_moment();
	UNTIL_STORE(b, RESOLVED, 1);
	assert_flag(b, visit, "document", "Health record shared");
	assert_int_equal(count_of(b, COVERAGES), 0);
	assert_int_equal(count_of(b, "SELECT count(*) FROM document WHERE kind = 'smart-health-card' AND"
				     " issuer = 'Example Health' AND title = '2 immunizations' AND patient_id = '" MARIA
				     "'"),
			 1);
}

static void a_restart_in_the_middle_counts_as_no_try(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37];

	shl_tell_way(&b->server, "/f", SHL_SILENT);
	link_to(b, "/f", "U", link, sizeof(link));
	visit_with(b, link, "B 14", visit);
	a_moment();
	for (int i = 0; i < 3000 && shl_asked(&b->server, "/f", NULL, 0) == 0; i++)
		json_decref(desk_state_of(b->f));
	server_end(b->f);
	assert_int_equal(count_of(b, TRIES), 0);
	shl_tell(&b->server, "/f", 200, sealed_insurance(b));
	server_begin(b->f);
	sign_in_as(b->f, &b->f->desk, "anna", "correct horse");
	a_moment();
	UNTIL_STORE(b, RESOLVED, 1);
}

static void after_twenty_tries_it_is_given_up(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37];
	int64_t days = 0;

	for (int tries = 1; tries < LINK_TRIES; tries++)
		days += link_store_wait_ms(tries);
	assert_in_range(days / 86400000, 7, 14);
	assert_int_equal(link_store_wait_ms(1), 60000);
	assert_int_equal(link_store_wait_ms(11), 1024 * 60000LL);
	assert_int_equal(link_store_wait_ms(12), 86400000);
	assert_int_equal(link_store_wait_ms(1000), 86400000);
	shl_tell(&b->server, "/f", 503, NULL);
	link_to(b, "/f", "U", link, sizeof(link));
	visit_with(b, link, "B 14", visit);
	a_moment();
	for (int tries = 1; tries < LINK_TRIES; tries++) {
		UNTIL_STORE(b, TRIES, tries);
		clock_advance_ms(link_store_wait_ms(tries) + 300);
		sign_in_as(b->f, &b->f->desk, "anna", "correct horse");
	}
	UNTIL_STORE(b, QUEUED, 0);
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), LINK_TRIES);
	assert_int_equal(count_of(b, "SELECT document FROM arrival"), DOCUMENT_FLAG_UNOPENED);
	assert_int_equal(count_of(b, "SELECT count(*) FROM document WHERE state = 'later' AND url <> ''"), 1);
}

/* One visit each; what the desk reads of it, and whether the link is still there for who wants to try. */
static void what_cannot_be_opened_is_said(void **state)
{
	static const struct {
		const char *path, *flag, *kind, *text, *state;
		int link;
	} links[] = {
		{ "/gone", "U", "document-unopened", "Link could not be opened", "gone", 404 },
		{ "/f", "P", "document-unopened", "Link asks for a passcode", "passcode", 200 },
		{ "/rubbish", "", "document-unopened", "Link could not be opened", "refused", 200 },
		{ "/stranger", "U", "document-unopened", "Link could not be opened", "unknown-issuer", 200 },
	};
	struct bed *b = *state;
	char link[LINK], visit[37], path[128], ticket[13];
	json_t *row, *document;

	shl_tell(&b->server, "/rubbish", 200, strdup("{}"));
	shl_tell(&b->server, "/stranger", 200, sealed(b, SHL_HEADER_CARD, card_file(&b->stranger, vaccinated, today)));
	for (size_t i = 0; i < COUNT(links); i++) {
		link_to(b, links[i].path, links[i].flag, link, sizeof(link));
		snprintf(ticket, sizeof(ticket), "B %zu", i);
		visit_with(b, link, ticket, visit);
		assert_flag(b, visit, "document-link", "Health record to come");
		a_moment();
		UNTIL_STORE(b, QUEUED, 0);
		assert_flag(b, visit, links[i].kind, links[i].text);
		row = arrival_of(b, visit);
		document = json_array_get(json_object_get(row, "documents"), 0);
		assert_string_equal(text_of(document, "state"), links[i].state);
		snprintf(path, sizeof(path), "/desk/api/documents/%s", text_of(document, "id"));
		expect_only(b->f, &b->f->desk, path, NULL, links[i].link);
		json_decref(row);
	}
}

/* Her husband's card: kept for whoever looks at it, and not taken for her insurance. */
static void somebody_elses_insurance_is_not_hers(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37], *bundle = strdup(insured), *born = strstr(bundle, "1985-04-17");

	memcpy(born, "1981-03-05", 10);
	share(b, "/f", sealed(b, SHL_HEADER_FHIR, bundle), link, sizeof(link));
	visit_with(b, link, "B 14", visit);
	a_moment();
	UNTIL_STORE(b, RESOLVED, 1);
	assert_flag(b, visit, "document-other", "Health record of somebody else");
	assert_int_equal(count_of(b, COVERAGES), 0);
	assert_int_equal(count_of(b, "SELECT count(*) FROM document WHERE kind = 'fhir-resource'"), 1);
}

static void nobodys_link_is_opened_as_well(void **state)
{
	struct bed *b = *state;
	char link[LINK];
	struct visit v = visit_of(b->f, &b->kiosk, "", "D 1");

	share(b, "/f", sealed_insurance(b), link, sizeof(link));
	v.kind = VISIT_HANDOVER;
	text_copy(v.reason, sizeof(v.reason), "not-found");
	v.document = (struct visit_document){ .kind = VISIT_DOCUMENT_LINK, .title = "Link", .url = link };
	assert_string_equal(send_row(b->f, &b->kiosk, row_of_visit(b->f, &v)), "stored");
	a_moment();
	UNTIL_STORE(b, RESOLVED, 1);
	assert_int_equal(count_of(b, COVERAGES), 0);
	assert_flag(b, v.id, "document", "Health record shared");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_begin, bed_end)
	const struct CMUnitTest tests[] = {
		TEST(a_link_is_opened_after_its_visit),
		TEST(a_server_that_is_away_is_tried_again),
		TEST(a_restart_in_the_middle_counts_as_no_try),
		TEST(after_twenty_tries_it_is_given_up),
		TEST(what_cannot_be_opened_is_said),
		TEST(somebody_elses_insurance_is_not_hers),
		TEST(nobodys_link_is_opened_as_well),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
