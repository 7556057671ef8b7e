/* A clinic with a kiosk, a sharer's server that the clinic may reach, and an issuer that it trusts. */
#ifndef LOBBY_TESTS_LINK_BED_H
#define LOBBY_TESTS_LINK_BED_H

#include "clinic_fixture.h"
#include "shl_server.h"

#include "clinic/issuers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MARIA "demo-p01"
#define NOW_S (NOW / 1000.0)
#define CARD_TYPE "application/smart-health-card"
#define FHIR_TYPE "application/fhir+json"

struct bed {
	struct fixture *f;
	struct shl_server server;
	struct shc_test_issuer issuer, stranger;
	struct peer kiosk;
	uint8_t key[32];
	json_t *files; /* of the manifest that is being made */
};

static const struct shc_claims today = { .nbf_s = NOW_S };

static const char vaccinated[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Immunization\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Immunization\"}}]}";

/* As the CARIN Digital Insurance Card has it. */
static const char insured[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Coverage\",\"meta\":{\"profile\":["
	"\"http://hl7.org/fhir/us/insurance-card/StructureDefinition/C4DIC-Coverage\"]},\"status\":\"active\","
	"\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MB\"}]},\"value\":\"102345672-02\"}],"
	"\"subscriber\":{\"reference\":\"resource:1\"},\"subscriberId\":\"102345672-01\","
	"\"beneficiary\":{\"reference\":\"resource:2\"},\"dependent\":\"02\",\"period\":{\"start\":\"2026-01-01\","
	"\"end\":\"2026-12-31\"},\"payor\":[{\"reference\":\"resource:3\"}],\"class\":["
	"{\"type\":{\"coding\":[{\"code\":\"group\"}]},\"value\":\"993355\",\"name\":\"Stars Inc\"},"
	"{\"type\":{\"coding\":[{\"code\":\"plan\"}]},\"value\":\"11461128\",\"name\":\"Acme Gold Plus\"},"
	"{\"type\":{\"coding\":[{\"code\":\"rxbin\"}]},\"value\":\"100045\"},"
	"{\"type\":{\"coding\":[{\"code\":\"rxpcn\"}]},\"value\":\"1234000\"}],"
	"\"costToBeneficiary\":[{\"type\":{\"coding\":[{\"code\":\"gpvisit\"}]},\"valueMoney\":{\"value\":20,"
	"\"currency\":\"USD\"}}]}},"
	"{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Carlos\"]}],\"birthDate\":\"1984-01-02\"}},"
	"{\"fullUrl\":\"resource:2\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Garcia\","
	"\"given\":[\"Maria\"]}],\"birthDate\":\"1985-04-17\"}},"
	"{\"fullUrl\":\"resource:3\",\"resource\":{\"resourceType\":\"Organization\",\"name\":\"Acme Insurance Co\","
	"\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"payerid\"}]},\"value\":\"45002\"}]}}]}";

static inline void set_hosts(const struct bed *b, const char *hosts)
{
	struct ledger store;
	int err;

	assert_int_equal(ledger_open(&store, b->f->folder, false), 0);
	assert_int_equal(db_begin(&store.db), 0);
	err = clinic_settings_set(&store, "health_link_hosts", hosts);
	assert_int_equal(db_end(&store.db, err), 0);
	ledger_close(&store);
}

static inline int64_t count_of(const struct bed *b, const char *sql)
{
	struct ledger store;
	int64_t value = -1;

	assert_int_equal(ledger_open(&store, b->f->folder, false), 0);
	assert_int_equal(ledger_int(&store, &value, sql, ""), 0);
	ledger_close(&store);
	return value;
}

static inline void trust(const struct bed *b, const char *crl)
{
	json_t *directory = shc_issuer_directory(&b->issuer, crl);
	char path[128];
	const char *paths[1] = { path };
	struct ledger store;
	FILE *out = tmpfile();

	snprintf(path, sizeof(path), "%s/issuers.json", b->f->folder);
	assert_int_equal(json_dump_file(directory, path, 0), 0);
	json_decref(directory);
	assert_int_equal(ledger_open(&store, b->f->folder, false), 0);
	assert_int_equal(issuers_import(&store, paths, 1, out), 0);
	ledger_close(&store);
	fclose(out);
}

static inline int bed_begin(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	char known[160];
	void *fixture;

	assert_int_equal(fixture_begin(&fixture), 0);
	b->f = fixture;
	shl_start(&b->server);
	shl_known(&b->server, known, sizeof(known));
	set_hosts(b, known);
	shc_issuer_init(&b->issuer, "https://issuer.example.org", "Example Health");
	shc_issuer_init(&b->stranger, "https://stranger.example.org", "Stranger");
	trust(b, "[\"lost\"]");
	enrol(b->f, &b->kiosk, "Lobby 1");
	memset(b->key, 7, sizeof(b->key));
	*state = b;
	return 0;
}

static inline int bed_end(void **state)
{
	struct bed *b = *state;
	void *fixture = b->f;

	assert_int_equal(fixture_end(&fixture), 0);
	shl_stop(&b->server);
	shc_issuer_fini(&b->issuer);
	shc_issuer_fini(&b->stranger);
	json_decref(b->files);
	free(b);
	return 0;
}

/* Reads the desk until the store says so: each reading is a commit, which wakes the clinic's hub. */
#define UNTIL_STORE(b, sql, value) \
	do { \
		for (int turn_ = 0; turn_ < 3000 && count_of(b, sql) != (value); turn_++) \
			json_decref(desk_state_of((b)->f)); \
		assert_int_equal(count_of(b, sql), value); \
	} while (0)

/* ---- what is shared ---- */

/* The file of one card: {"verifiableCredential":[JWS]}; to be freed. */
static inline char *card_file(const struct shc_test_issuer *issuer, const char *bundle, struct shc_claims claims)
{
	static char jws[65536];
	char *text;
	json_t *json;

	shc_issuer_card(issuer, bundle, claims, jws, sizeof(jws));
	json = json_pack("{s:[s]}", "verifiableCredential", jws);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

/* Seals a text; takes it. */
static inline char *sealed(const struct bed *b, const char *header, char *take_text)
{
	char *jwe = shl_file_seal(b->key, header, take_text, strlen(take_text));

	free(take_text);
	return jwe;
}

static inline char *sealed_card(const struct bed *b, struct shc_claims claims)
{
	return sealed(b, SHL_HEADER_CARD, card_file(&b->issuer, vaccinated, claims));
}

static inline char *sealed_insurance(const struct bed *b)
{
	return shl_file_seal_packed(b->key, SHL_HEADER_PACKED, insured, strlen(insured));
}

/* Adds a file to the manifest: embedded (takes it), or by its address. */
static inline void add_file(struct bed *b, const char *type, char *take_embedded, const char *location)
{
	if (b->files == NULL)
		b->files = json_array();
	json_array_append_new(b->files, json_pack("{s:s,s:s*,s:s*}", "contentType", type, "embedded", take_embedded,
						  "location", location));
	free(take_embedded);
}

static inline void tell_manifest(struct bed *b, const char *path)
{
	json_t *json = json_pack("{s:s,s:o}", "status", "can-change", "files", b->files);

	b->files = NULL;
	shl_tell(&b->server, path, 200, json_dumps(json, 0));
	json_decref(json);
}

static inline void link_to(const struct bed *b, const char *path, const char *flag, char *out, size_t size)
{
	char url[200];

	shl_url(&b->server, path, url, sizeof(url));
	shl_file_link(url, b->key, flag, 0, out, size);
}

/* A direct link to a page with this file; takes it. */
static inline void share(struct bed *b, const char *path, char *take_file, char *link, size_t size)
{
	shl_tell(&b->server, path, 200, take_file);
	link_to(b, path, "U", link, size);
}

/* ---- the kiosk ---- */

static inline char *link_body(const char *link)
{
	json_t *json = json_pack("{s:s}", "link", link);
	char *text = json_dumps(json, 0);

	json_decref(json);
	return text;
}

static inline json_t *ask(const struct bed *b, const char *link)
{
	char *body = link_body(link);
	json_t *json = expect(b->f, &b->kiosk, "/kiosk/v1/health-link", body, 200);

	free(body);
	return json;
}

/* Asks, and compares the outcome. The minute for which the kiosk may ask so often is over then. */
static inline void asks_for(const struct bed *b, const char *link, const char *outcome)
{
	json_t *json = ask(b, link);

	assert_string_equal(text_of(json, "outcome"), outcome);
	json_decref(json);
	clock_advance_ms(60001);
}

/* A visit of Maria's with this link as its document; returns its id. */
static inline void visit_with(struct bed *b, const char *link, const char *ticket, char id[37])
{
	struct visit v = visit_of(b->f, &b->kiosk, MARIA, ticket);

	v.document =
		(struct visit_document){ .kind = VISIT_DOCUMENT_LINK, .title = "Link to a health record", .url = link };
	assert_string_equal(send_row(b->f, &b->kiosk, row_of_visit(b->f, &v)), "stored");
	text_copy(id, 37, v.id);
}

/* The arrival's row; the caller's. */
static inline json_t *arrival_of(const struct bed *b, const char *visit_id)
{
	json_t *desk = desk_state_of(b->f);
	json_t *row = json_incref(member_of(json_object_get(desk, "arrivals"), "visit_id", visit_id));

	assert_non_null(row);
	json_decref(desk);
	return row;
}

static inline void assert_flag(const struct bed *b, const char *visit_id, const char *kind, const char *text)
{
	json_t *row = arrival_of(b, visit_id);

	assert_string_equal(text_of(member_of(json_object_get(row, "flags"), "kind", kind), "text"), text);
	json_decref(row);
}

#endif
