/* src/clinic, health links for a kiosk that asks: what is found, what is told, what is kept until the visit; and
 * servers that mean no good. */
#include "link_bed.h"

#include "clinic/outside.h"

#include <arpa/inet.h>

#define LINK 2048

static void a_manifest_with_a_card_and_insurance(void **state)
{
	struct bed *b = *state;
	char link[LINK], url[128], heard[512], *card = card_file(&b->issuer, vaccinated, today);
	json_t *json, *insurance;

	shl_url(&b->server, "/insurance?sig=a%2Fb", url, sizeof(url));
	shl_tell(&b->server, "/insurance", 200, sealed_insurance(b));
	add_file(b, CARD_TYPE, shl_file_seal(b->key, SHL_HEADER_CARD, card, strlen(card)), NULL);
	add_file(b, "application/smart-api-access", strdup("x"), NULL);
	add_file(b, FHIR_TYPE ";fhirVersion=4.0.1", NULL, url);
	tell_manifest(b, "/m");
	link_to(b, "/m", "L", link, sizeof(link));
	json = ask(b, link);
	assert_string_equal(text_of(json, "outcome"), "valid");
	assert_string_equal(text_of(json, "issuer"), "Example Health");
	assert_string_equal(text_of(json, "family"), "Garcia");
	assert_string_equal(text_of(json, "given"), "Maria");
	assert_string_equal(text_of(json, "birth_date"), "1985-04-17");
	assert_int_equal(number_of(json, "immunizations"), 2);
	assert_int_equal(number_of(json, "files"), 2);
	insurance = json_object_get(json, "insurance");
	assert_string_equal(text_of(insurance, "payor"), "Acme Insurance Co");
	assert_string_equal(text_of(insurance, "payor_id"), "45002");
	assert_string_equal(text_of(insurance, "member_id"), "102345672-01");
	assert_string_equal(text_of(insurance, "group"), "993355");
	assert_string_equal(text_of(insurance, "plan"), "Acme Gold Plus");
	assert_string_equal(text_of(insurance, "subscriber"), "Carlos Garcia");
	assert_string_equal(text_of(insurance, "rx_bin"), "100045");
	assert_string_equal(text_of(insurance, "period_end"), "2026-12-31");
	assert_string_equal(text_of(insurance, "dependent"), "02");
	json_decref(json);
	/* The sharer learns whose clinic it is, and what is asked for. */
	assert_int_equal(shl_asked(&b->server, "/m", heard, sizeof(heard)), 1);
	assert_non_null(strstr(heard, "POST - {\"recipient\":\"Riverside Family Clinic\",\"embeddedLengthMax\":1"));
	assert_int_equal(shl_asked(&b->server, "/insurance", heard, sizeof(heard)), 1);
	assert_string_equal(heard, "GET - ");
	/* The audit has what became of it, and nothing of what it was. */
	assert_int_equal(count_of(b, "SELECT count(*) FROM audit WHERE action = 'health-link' AND detail = 'valid' AND"
				     " subject = (SELECT id FROM kiosk)"),
			 1);
	free(card);
}

/* Nobody at the clinic can read it before the visit brings the link again; then it is the patient's. */
static void what_was_found_waits_for_the_visit(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37], path[128], *card = card_file(&b->issuer, vaccinated, today);
	json_t *patient, *documents, *document;
	struct answer a;

	share(b, "/f", shl_file_seal(b->key, SHL_HEADER_CARD, card, strlen(card)), link, sizeof(link));
	asks_for(b, link, "valid");
	asks_for(b, link, "valid"); /* scanned twice: kept once */
	assert_int_equal(count_of(b, "SELECT count(*) FROM link_kept"), 1);
	assert_int_equal(count_of(b, "SELECT count(*) FROM link_kept WHERE instr(sealed, 'verifiable') > 0 OR"
				     " instr(sealed, 'immunization') > 0"),
			 0);
	assert_int_equal(count_of(b, "SELECT count(*) FROM document"), 0);
	visit_with(b, link, "B 14", visit);
	assert_int_equal(count_of(b, "SELECT count(*) FROM link_kept"), 0);
	assert_int_equal(count_of(b, "SELECT count(*) FROM link_queue"), 0);
	assert_flag(b, visit, "document", "Health record shared");
	patient = expect(b->f, &b->f->desk, "/desk/api/patients/" MARIA, NULL, 200);
	documents = json_object_get(patient, "documents");
	assert_int_equal(json_array_size(documents), 2);
	document = member_of(documents, "kind", "smart-health-link");
	assert_string_equal(text_of(document, "state"), "resolved");
	snprintf(path, sizeof(path), "/desk/api/documents/%s", text_of(document, "id"));
	expect_only(b->f, &b->f->desk, path, NULL, 404); /* the link itself is not kept any longer than it is needed */
	document = member_of(documents, "kind", "smart-health-card");
	assert_string_equal(text_of(document, "title"), "2 immunizations");
	assert_string_equal(text_of(document, "issuer"), "Example Health");
	snprintf(path, sizeof(path), "/desk/api/documents/%s", text_of(document, "id"));
	a = call(b->f, &b->f->desk, path, NULL, NULL);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, card);
	answer_fini(&a);
	json_decref(patient);
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 2);
	free(card);
}

static void what_nobody_comes_for_is_forgotten(void **state)
{
	struct bed *b = *state;
	char link[LINK], visit[37];

	share(b, "/f", sealed_insurance(b), link, sizeof(link));
	asks_for(b, link, "valid");
	clock_advance_ms(25LL * 3600 * 1000);
	sign_in_as(b->f, &b->f->desk, "anna", "correct horse");
	UNTIL_STORE(b, "SELECT count(*) FROM link_kept", 0);
	visit_with(b, link, "B 14", visit);
	assert_int_equal(count_of(b, "SELECT count(*) FROM link_queue"), 1);
}

static void a_direct_link_says_who_asks(void **state)
{
	struct bed *b = *state;
	char link[LINK], heard[512], url[128];

	share(b, "/f", sealed_card(b, today), link, sizeof(link));
	asks_for(b, link, "valid");
	shl_asked(&b->server, "/f", heard, sizeof(heard));
	assert_string_equal(heard, "GET Riverside Family Clinic ");
	/* One that does not say what it is is looked into. */
	shl_tell(&b->server, "/f", 200, sealed(b, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", strdup(insured)));
	asks_for(b, link, "valid");
	/* Redirects on the same server are followed. */
	shl_url(&b->server, "/f", url, sizeof(url));
	shl_tell_redirect(&b->server, "/moved", 302, "/f?x=1");
	link_to(b, "/moved", "U", link, sizeof(link));
	asks_for(b, link, "valid");
	add_file(b, FHIR_TYPE, NULL, url);
	tell_manifest(b, "/m");
	shl_url(&b->server, "/m", url, sizeof(url));
	shl_tell_redirect(&b->server, "/moved", 308, url);
	link_to(b, "/moved", "", link, sizeof(link));
	asks_for(b, link, "valid");
	shl_asked(&b->server, "/m", heard, sizeof(heard));
	assert_memory_equal(heard, "POST", 4);
	shl_tell_redirect(&b->server, "/moved", 303, url);
	asks_for(b, link, "refused");
	shl_tell_redirect(&b->server, "/moved", 308, "/moved");
	asks_for(b, link, "refused");
}

static void a_card_is_judged_as_any_other(void **state)
{
	struct bed *b = *state;
	char link[LINK], *file, *jws;
	json_t *json;

	share(b, "/f", sealed_card(b, (struct shc_claims){ .nbf_s = 1e9, .exp_s = 1.1e9 }), link, sizeof(link));
	json = ask(b, link);
	assert_string_equal(text_of(json, "outcome"), "expired");
	assert_string_equal(text_of(json, "expired"), "2004-11-09");
	assert_string_equal(text_of(json, "issuer"), "Example Health");
	assert_string_equal(text_of(json, "family"), "");
	assert_int_equal(number_of(json, "files"), 0);
	json_decref(json);
	shl_tell(&b->server, "/f", 200, sealed_card(b, (struct shc_claims){ .nbf_s = 1e9, .rid = "lost" }));
	asks_for(b, link, "revoked");
	shl_tell(&b->server, "/f", 200, sealed(b, SHL_HEADER_CARD, card_file(&b->stranger, vaccinated, today)));
	asks_for(b, link, "unknown-issuer");
	file = card_file(&b->issuer, vaccinated, today);
	jws = strrchr(file, '.');
	jws[4] = jws[4] == 'A' ? 'B' : 'A';
	shl_tell(&b->server, "/f", 200, sealed(b, SHL_HEADER_CARD, file));
	asks_for(b, link, "tampered");
	assert_int_equal(count_of(b, "SELECT count(*) FROM link_kept"), 0);
}

/* As an International Patient Summary is: longer than any code. */
static void a_card_may_be_longer_than_codes(void **state)
{
	static char bundle[60000], noise[40000];
	static uint8_t bytes[28000];
	struct bed *b = *state;
	char link[LINK], *file;

	randombytes_buf_deterministic(bytes, sizeof(bytes), b->key);
	shc_issuer_base64(bytes, sizeof(bytes), noise, sizeof(noise));
	snprintf(bundle, sizeof(bundle),
		 "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":"
		 "\"Observation\",\"valueString\":\"%s\"}}]}",
		 noise);
	file = card_file(&b->issuer, bundle, today);
	assert_true(strlen(file) > 30000);
	share(b, "/f", sealed(b, SHL_HEADER_CARD, file), link, sizeof(link));
	asks_for(b, link, "valid");
}

/* ---- no ---- */

static void links_that_are_not_asked_for(void **state)
{
	struct bed *b = *state;
	char link[LINK], url[128], other[160];
	const char *const urls[] = { "http://127.0.0.1:%u/f",
				     "https://anna@127.0.0.1:%u/f",
				     "https://:x@127.0.0.1:%u/f",
				     "https://localhost:%u/f",
				     "https://[::ffff:127.0.0.1]:%u/f",
				     "ftp://127.0.0.1:%u/f",
				     "file:///etc/passwd?%u",
				     "https://10.0.0.1:%u/f",
				     "https://169.254.169.254:%u/latest",
				     "//127.0.0.1:%u/f",
				     "https://:%u/f" };

	shl_tell(&b->server, "/f", 200, sealed_insurance(b));
	link_to(b, "/f", "LP", link, sizeof(link));
	asks_for(b, link, "passcode");
	shl_url(&b->server, "/f", url, sizeof(url));
	shl_file_link(url, b->key, "U", NOW_S - 1, link, sizeof(link));
	asks_for(b, link, "gone");
	for (size_t i = 0; i < COUNT(urls); i++) {
		snprintf(url, sizeof(url), urls[i], b->server.port);
		shl_file_link(url, b->key, "U", 0, link, sizeof(link));
		asks_for(b, link, "refused");
	}
	shl_file_link_of("{\"url\":\"https://x.example.org/\"}", link, sizeof(link));
	asks_for(b, link, "refused");
	shl_file_link_of("{\"v\":2}", link, sizeof(link));
	asks_for(b, link, "refused");
	/* Known by the clinic, but it is not the server that it was. */
	snprintf(other, sizeof(other), "127.0.0.1:%u=%064d", b->server.port, 7);
	set_hosts(b, other);
	link_to(b, "/f", "U", link, sizeof(link));
	asks_for(b, link, "refused");
	set_hosts(b, "");
	asks_for(b, link, "refused");
	snprintf(url, sizeof(url), "https://2130706433:%u/f", b->server.port);
	shl_file_link(url, b->key, "U", 0, link, sizeof(link));
	asks_for(b, link, "refused");
	assert_int_equal(shl_asked(&b->server, NULL, NULL, 0), 0);
}

static void redirects_lead_nowhere_else(void **state)
{
	struct bed *b = *state;
	char link[LINK], to[128];
	const char *const tos[] = { "https://localhost:%u/f",	  "http://127.0.0.1:%u/f",
				    "https://127.0.0.1:1%u/f",	  "https://169.254.169.254/latest?%u",
				    "https://u:p@127.0.0.1:%u/f", "" };

	shl_tell(&b->server, "/f", 200, sealed_insurance(b));
	for (size_t i = 0; i < COUNT(tos); i++) {
		snprintf(to, sizeof(to), tos[i], b->server.port % 5000);
		if (i != 2)
			snprintf(to, sizeof(to), tos[i], b->server.port);
		shl_tell_redirect(&b->server, "/moved", 302, to);
		link_to(b, "/moved", "U", link, sizeof(link));
		asks_for(b, link, "refused");
	}
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 0);
	/* The manifest's files may lie elsewhere, but not just anywhere. */
	snprintf(to, sizeof(to), "https://localhost:%u/f", b->server.port);
	add_file(b, FHIR_TYPE, NULL, to);
	tell_manifest(b, "/m");
	link_to(b, "/m", "", link, sizeof(link));
	asks_for(b, link, "refused");
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 0);
}

static void what_a_status_means(void **state)
{
	static const struct {
		unsigned status;
		const char *outcome;
	} statuses[] = { { 404, "gone" },    { 410, "gone" },	{ 401, "passcode" }, { 403, "refused" },
			 { 400, "refused" }, { 429, "later" },	{ 500, "later" },    { 503, "later" },
			 { 408, "later" },   { 304, "refused" } };
	struct bed *b = *state;
	char link[LINK];

	for (int direct = 0; direct < 2; direct++) {
		link_to(b, "/m", direct ? "U" : "", link, sizeof(link));
		for (size_t i = 0; i < COUNT(statuses); i++) {
			shl_tell(&b->server, "/m", statuses[i].status, strdup("{\"remainingAttempts\":3}"));
			asks_for(b, link, statuses[i].outcome);
		}
	}
	shl_hang_up(&b->server);
	asks_for(b, link, "later");
	shl_listen(&b->server, b->server.port);
}

static void manifests_of_no_use(void **state)
{
	struct bed *b = *state;
	char link[LINK], url[128];
	json_t *files;

	link_to(b, "/m", "", link, sizeof(link));
	shl_url(&b->server, "/f", url, sizeof(url));
	shl_tell(&b->server, "/f", 200, sealed_insurance(b));
	shl_tell(&b->server, "/m", 200, strdup("<html>"));
	asks_for(b, link, "refused");
	for (int i = 0; i < 100; i++)
		add_file(b, FHIR_TYPE, NULL, url);
	tell_manifest(b, "/m");
	asks_for(b, link, "refused");
	assert_int_equal(shl_asked(&b->server, "/f", NULL, 0), 0);
	b->files = json_array();
	tell_manifest(b, "/m");
	asks_for(b, link, "refused");
	add_file(b, "application/smart-api-access", strdup("x"), NULL);
	tell_manifest(b, "/m");
	asks_for(b, link, "refused");
	add_file(b, FHIR_TYPE, NULL, url);
	files = b->files;
	json_object_set_new(json_array_get(files, 0), "status", json_string("no-longer-valid"));
	tell_manifest(b, "/m");
	asks_for(b, link, "gone");
	/* It says card, and is none. */
	add_file(b, CARD_TYPE, NULL, url);
	tell_manifest(b, "/m");
	asks_for(b, link, "refused");
	/* Half of a record is none: the other half is tried again later. */
	add_file(b, FHIR_TYPE, NULL, url);
	shl_url(&b->server, "/busy", url, sizeof(url));
	shl_tell(&b->server, "/busy", 503, NULL);
	add_file(b, FHIR_TYPE, NULL, url);
	tell_manifest(b, "/m");
	asks_for(b, link, "later");
}

static void files_of_no_use(void **state)
{
	struct bed *b = *state;
	char link[LINK], *blanks = malloc(8 << 20), *file;
	uint8_t key[32] = { 9 };

	link_to(b, "/f", "U", link, sizeof(link));
	shl_tell(&b->server, "/f", 200, shl_file_seal(key, SHL_HEADER_FHIR, insured, strlen(insured)));
	asks_for(b, link, "refused");
	file = sealed_insurance(b);
	file[strlen(file) - 3] ^= 1;
	shl_tell(&b->server, "/f", 200, file);
	asks_for(b, link, "refused");
	memset(blanks, ' ', 8 << 20);
	shl_tell(&b->server, "/f", 200, shl_file_seal_packed(b->key, SHL_HEADER_PACKED, blanks, 8 << 20));
	asks_for(b, link, "refused");
	shl_tell(&b->server, "/f", 200, shl_file_seal(b->key, SHL_HEADER_FHIR, blanks, 3 << 20));
	asks_for(b, link, "refused");
	shl_tell(&b->server, "/f", 200, sealed(b, SHL_HEADER_CARD, strdup(insured)));
	asks_for(b, link, "refused");
	shl_tell(&b->server, "/f", 200, sealed(b, SHL_HEADER_FHIR, strdup("[]")));
	asks_for(b, link, "refused");
	shl_tell(&b->server, "/f", 200, NULL);
	asks_for(b, link, "refused");
	shl_tell_way(&b->server, "/f", SHL_ENDLESS);
	asks_for(b, link, "refused");
	link_to(b, "/f", "", link, sizeof(link));
	asks_for(b, link, "refused");
	free(blanks);
}

/* Three megabytes in all, however they are cut. */
static void many_large_files_are_too_many(void **state)
{
	struct bed *b = *state;
	size_t len = (1 << 20) - 64;
	char link[LINK], path[16], url[128], *text = malloc(len + 1);

	memset(text, ' ', len);
	memcpy(text + len - strlen(insured), insured, strlen(insured) + 1);
	link_to(b, "/m", "", link, sizeof(link));
	for (int count = 3; count <= 4; count++) {
		for (int i = 0; i < count; i++) {
			snprintf(path, sizeof(path), "/%d", i);
			shl_url(&b->server, path, url, sizeof(url));
			shl_tell(&b->server, path, 200, shl_file_seal(b->key, SHL_HEADER_FHIR, text, len));
			add_file(b, FHIR_TYPE, NULL, url);
		}
		tell_manifest(b, "/m");
		/* What does not fit any more is not taken; what came before is. */
		asks_for(b, link, "valid");
		assert_int_equal(count_of(b, "SELECT count(*) FROM link_kept"), 3);
	}
	free(text);
}

/* ---- time ---- */

static void ask_open(struct stream *s, const struct bed *b, char *body)
{
	int running;

	stream_open(s, b->f, &b->kiosk, "/kiosk/v1/health-link", NULL);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, body);
	for (int i = 0; i < 400 && shl_asked((struct shl_server *)&b->server, NULL, NULL, 0) == 0; i++) {
		assert_int_equal(curl_multi_perform(s->multi, &running), CURLM_OK);
		curl_multi_poll(s->multi, NULL, 0, 20, NULL);
	}
	assert_int_equal(shl_asked((struct shl_server *)&b->server, NULL, NULL, 0), 1);
}

static void a_silent_server_holds_nobody_up(void **state)
{
	struct bed *b = *state;
	char link[LINK], *body;
	struct stream s;

	shl_tell_way(&b->server, "/f", SHL_SILENT);
	link_to(b, "/f", "U", link, sizeof(link));
	body = link_body(link);
	ask_open(&s, b, body);
	for (int i = 0; i < 20; i++)
		json_decref(desk_state_of(b->f));
	clock_advance_ms(8900);
	json_decref(desk_state_of(b->f));
	assert_false(stream_moves(&s));
	clock_advance_ms(200);
	assert_true(stream_until(&s, "\"later\""));
	stream_close(&s);
	free(body);
}

static void the_servers_end_does_not_wait(void **state)
{
	struct bed *b = *state;
	char link[LINK], *body;
	struct stream s;

	shl_tell_way(&b->server, "/f", SHL_SILENT);
	link_to(b, "/f", "U", link, sizeof(link));
	body = link_body(link);
	ask_open(&s, b, body);
	server_end(b->f); /* returns although the link has nine seconds of a clock that stands still */
	stream_close(&s);
	free(body);
	server_begin(b->f);
}

static void a_kiosk_asks_ten_times_a_minute(void **state)
{
	struct bed *b = *state;
	struct peer other = { 0 };
	char link[LINK], *body;
	struct answer a;

	link_to(b, "/f", "P", link, sizeof(link));
	body = link_body(link);
	for (int i = 0; i < 10; i++)
		expect_only(b->f, &b->kiosk, "/kiosk/v1/health-link", body, 200);
	clock_advance_ms(20000);
	a = call(b->f, &b->kiosk, "/kiosk/v1/health-link", body, NULL);
	assert_int_equal(a.status, 503);
	assert_non_null(strstr(a.headers, "Retry-After: 40"));
	answer_fini(&a);
	enrol(b->f, &other, "Lobby 2");
	expect_only(b->f, &other, "/kiosk/v1/health-link", body, 200);
	clock_advance_ms(40000);
	expect_only(b->f, &b->kiosk, "/kiosk/v1/health-link", body, 200);
	free(body);
	expect_only(b->f, NULL, "/kiosk/v1/health-link", "{\"link\":\"shlink:/e\"}", 401);
	expect_only(b->f, &b->kiosk, "/kiosk/v1/health-link", "{\"link\":\"https://x\"}", 400);
	expect_only(b->f, &b->kiosk, "/kiosk/v1/health-link", "{}", 400);
}

/* Neither the link nor whom it is about: the log has what became of it. */
static void the_log_names_nobody(void **state)
{
	static const char *const secrets[] = { "shlink", "/f", "Garcia", "1985", "102345672", "Acme", "127.0.0.1" };
	static char logged[65536];
	struct bed *b = *state;
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	char link[LINK];

	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	share(b, "/f", sealed_insurance(b), link, sizeof(link));
	asks_for(b, link, "valid");
	shl_tell(&b->server, "/f", 404, NULL);
	asks_for(b, link, "gone");
	set_hosts(b, "");
	asks_for(b, link, "refused");
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	rewind(file);
	logged[fread(logged, 1, sizeof(logged) - 1, file)] = '\0';
	fclose(file);
	assert_non_null(strstr(logged, "health-link outcome=valid"));
	assert_non_null(strstr(logged, "health-link outcome=refused"));
	for (size_t i = 0; i < COUNT(secrets); i++)
		if (strstr(logged, secrets[i]) != NULL)
			fail_msg("%s: %s", secrets[i], logged);
	assert_int_equal(count_of(b, "SELECT count(*) FROM audit WHERE action = 'health-link' AND (instr(detail, 'shl')"
				     " + instr(subject, 'shl') + instr(detail, 'Garcia')) > 0"),
			 0);
}

/* ---- addresses ---- */

static bool may_ask(const char *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return outside_address_ok((struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	return outside_address_ok((struct sockaddr *)&v6);
}

static void only_public_addresses(void **state)
{
	static const char *const public[] = { "8.8.8.8",	"93.184.216.34",    "100.63.255.255", "172.32.0.1",
					      "192.167.1.1",	"223.255.255.255",  "2606:4700::1",   "2a00:1450::8",
					      "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:4860::1" };
	static const char *const private[] = { "0.0.0.0",
					       "10.1.2.3",
					       "100.64.0.1",
					       "127.0.0.1",
					       "127.255.0.1",
					       "169.254.169.254",
					       "172.16.0.1",
					       "172.31.9.9",
					       "192.168.0.1",
					       "192.0.2.1",
					       "198.18.0.1",
					       "198.51.100.7",
					       "203.0.113.9",
					       "224.0.0.1",
					       "239.1.1.1",
					       "255.255.255.255",
					       "::",
					       "::1",
					       "fe80::1",
					       "fc00::1",
					       "fd12::1",
					       "ff02::1",
					       "2001:db8::1",
					       "2001::1",
					       "2002:7f00:1::1",
					       "3fff::1",
					       "::ffff:127.0.0.1",
					       "::ffff:10.0.0.1",
					       "64:ff9b::10.0.0.1",
					       "64:ff9b:1::1",
					       "::8.8.8.8",
					       "100::1" };
	struct sockaddr unix_socket = { .sa_family = AF_UNIX };

	(void)state;
	for (size_t i = 0; i < COUNT(public); i++)
		if (!may_ask(public[i]))
			fail_msg("%s", public[i]);
	for (size_t i = 0; i < COUNT(private); i++)
		if (may_ask(private[i]))
			fail_msg("%s", private[i]);
	assert_false(outside_address_ok(&unix_socket));
}

static void the_setting_is_checked(void **state)
{
	static const char pin[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	char text[512];

	(void)state;
	assert_true(outside_hosts_ok(""));
	assert_true(outside_hosts_ok("  "));
	snprintf(text, sizeof(text), " shl.example.org:443=%s  [::1]:8443=%s", pin, pin);
	assert_true(outside_hosts_ok(text));
	snprintf(text, sizeof(text), "shl.example.org:443=%s shl.example.org:444", pin);
	assert_false(outside_hosts_ok(text));
	snprintf(text, sizeof(text), "shl.example.org=%s", pin);
	assert_false(outside_hosts_ok(text));
	snprintf(text, sizeof(text), "shl.example.org:443=%s0", pin);
	assert_false(outside_hosts_ok(text));
	snprintf(text, sizeof(text), "shl.example.org:443=%.63sx", pin);
	assert_false(outside_hosts_ok(text));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_begin, bed_end)
	const struct CMUnitTest tests[] = {
		TEST(a_manifest_with_a_card_and_insurance),
		TEST(what_was_found_waits_for_the_visit),
		TEST(what_nobody_comes_for_is_forgotten),
		TEST(a_direct_link_says_who_asks),
		TEST(a_card_is_judged_as_any_other),
		TEST(a_card_may_be_longer_than_codes),
		TEST(links_that_are_not_asked_for),
		TEST(redirects_lead_nowhere_else),
		TEST(what_a_status_means),
		TEST(manifests_of_no_use),
		TEST(files_of_no_use),
		TEST(many_large_files_are_too_many),
		TEST(a_silent_server_holds_nobody_up),
		TEST(the_servers_end_does_not_wait),
		TEST(a_kiosk_asks_ten_times_a_minute),
		TEST(the_log_names_nobody),
		cmocka_unit_test(only_public_addresses),
		cmocka_unit_test(the_setting_is_checked),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
