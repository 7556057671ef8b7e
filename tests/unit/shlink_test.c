/* src/cards/shlink and jwe: links, manifests and encrypted files; the specification's own examples, and everything that
 * somebody may do to them on the way. */
#include "shl_file.h"

#include "base/file.h"
#include "cards/jwe.h"
#include "cards/shc.h"
#include "cards/shlink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB (1 << 20)

static const uint8_t key[32] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const char record[] = "{\"resourceType\":\"Bundle\",\"entry\":[]}";

static char *example(const char *name)
{
	char path[128], *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), "tests/unit/shc/%s", name);
	assert_int_equal(file_read(path, 65536, &text, &len), 0);
	return text;
}

static int parse(const char *link, struct shlink *shlink)
{
	return shlink_parse(link, strlen(link), shlink);
}

/* ---- links ---- */

/* SMART Health Links, "Example SMART Health Link Generation". */
static void the_published_link(void **state)
{
	char *link = example("shlink-example.txt"), expected[44];
	struct shlink shlink;

	(void)state;
	assert_int_equal(parse(link, &shlink), 0);
	assert_string_equal(shlink.url, "https://ehr.example.org/qr/Y9xwkUdtmN9wwoJoN3ffJIhX2UGvCL1JnlPVNL3kDWM/m");
	shc_issuer_base64(shlink.key, 32, expected, sizeof(expected));
	assert_string_equal(expected, "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q");
	assert_true(shlink.passcode);
	assert_false(shlink.direct);
	assert_true(shlink.exp_s == 0);
	free(link);
}

/* The same specification, "Example Decryption": it opens to a file with the published card. */
static void the_published_file(void **state)
{
	char *link = example("shlink-example.txt"), *file = example("shlink-example.jwe");
	struct shlink shlink;
	struct jwe jwe;
	json_t *json;
	const char *jws;

	(void)state;
	assert_int_equal(parse(link, &shlink), 0);
	assert_int_equal(jwe_open(file, strlen(file), shlink.key, MIB, &jwe), 0);
	assert_string_equal(jwe.cty, "application/smart-health-card");
	assert_int_equal(shlink_type_of(jwe.cty), SHLINK_CARD);
	json = json_loadb(jwe.content, jwe.len, 0, NULL);
	jws = json_string_value(json_array_get(json_object_get(json, "verifiableCredential"), 0));
	assert_non_null(jws);
	assert_int_equal(strncmp(jws,
				 "eyJ6aXAiOiJERUYiLCJhbGciOiJFUzI1NiIsImtpZCI6IjNLZmRnLVh3UC03Z1h5eXd0VWZVQUR3Qn"
				 "VtRE9QS01ReC1pRUxMMTFX",
				 100),
			 0);
	json_decref(json);
	jwe_close(&jwe);
	jwe_close(&jwe);
	free(file);
	free(link);
}

#define URL "\"url\":\"https://x.example.org/m\""
#define KEY "\"key\":\"rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q\""

static void links_that_are_none(void **state)
{
	static const struct {
		const char *json;
		int err;
	} links[] = {
		{ "{" URL "," KEY "}", 0 },
		{ "{" URL "," KEY ",\"flag\":\"LUZ\",\"exp\":1.7e9,\"v\":1,\"_x\":{},\"label\":7}", 0 },
		{ "{" URL "}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" KEY "}", LOBBY_ERR_CARD_MALFORMED },
		{ "{\"url\":\"\"," KEY "}", LOBBY_ERR_CARD_MALFORMED },
		{ "{\"url\":7," KEY "}", LOBBY_ERR_CARD_MALFORMED },
		{ "{\"url\":\"https://x\\u0001/\"," KEY "}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL ",\"key\":\"rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7\"}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL ",\"key\":\"rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7R\"}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL ",\"key\":\"rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7!\"}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL "," KEY ",\"exp\":\"tomorrow\"}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL "," KEY ",\"exp\":0}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL "," KEY ",\"exp\":-1}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL "," KEY ",\"v\":2}", LOBBY_ERR_VERSION },
		{ "{" URL "," KEY ",\"v\":\"1\"}", LOBBY_ERR_CARD_MALFORMED },
		{ "{" URL "," URL "," KEY "}", LOBBY_ERR_CARD_MALFORMED },
		{ "[" URL "]", LOBBY_ERR_CARD_MALFORMED },
		{ "7", LOBBY_ERR_CARD_MALFORMED },
		{ "", LOBBY_ERR_CARD_MALFORMED },
	};
	char link[2048], json[1200];
	struct shlink shlink;

	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		shl_file_link_of(links[i].json, link, sizeof(link));
		if (parse(link, &shlink) != links[i].err)
			fail_msg("%s: %d", links[i].json, parse(link, &shlink));
	}
	shl_file_link_of(links[1].json, link, sizeof(link));
	memcpy(link, "SHLink:/", 8);
	assert_int_equal(parse(link, &shlink), 0);
	assert_true(shlink.direct && !shlink.passcode && shlink.exp_s == 1.7e9);
	strncat(link, "=", 2);
	assert_int_equal(parse(link, &shlink), 0);
	assert_int_equal(parse("shlink:/", &shlink), LOBBY_ERR_CARD_MALFORMED);
	assert_int_equal(parse("shlink:/????", &shlink), LOBBY_ERR_CARD_MALFORMED);
	assert_int_equal(parse("shc:/567629", &shlink), LOBBY_ERR_CARD_MALFORMED);
	snprintf(json, sizeof(json), "{\"url\":\"https://%0*d\"," KEY "}", SHLINK_MAX_URL - 8, 1);
	shl_file_link_of(json, link, sizeof(link));
	assert_int_equal(parse(link, &shlink), 0);
	assert_int_equal(strlen(shlink.url), SHLINK_MAX_URL);
	snprintf(json, sizeof(json), "{\"url\":\"https://%0*d\"," KEY "}", SHLINK_MAX_URL - 7, 1);
	shl_file_link_of(json, link, sizeof(link));
	assert_int_equal(parse(link, &shlink), LOBBY_ERR_TOO_LONG);
	assert_int_equal(shlink_parse(link, SHC_MAX_LINK + 1, &shlink), LOBBY_ERR_TOO_LONG);
}

/* ---- manifests ---- */

static int open_manifest(const char *text, struct shlink_manifest *manifest)
{
	return shlink_manifest_open(text, strlen(text), manifest);
}

static void a_manifest_lists_what_can_be_opened(void **state)
{
	static const char text[] =
		"{\"status\":\"finalized\",\"list\":{\"resourceType\":\"List\"},\"files\":["
		"{\"contentType\":\"application/smart-health-card\",\"location\":\"https://x.example.org/"
		"1?sas=a%2Fb\"},"
		"{\"contentType\":\"Application/FHIR+JSON ; fhirVersion=4.0.1\",\"embedded\":\"e..a.b.c\"},"
		"{\"contentType\":\"application/smart-api-access\",\"embedded\":\"e..a.b.c\"},"
		"{\"contentType\":\"application/fhir+json\",\"embedded\":\"e..a.b.c\",\"status\":\"no-longer-valid\"},"
		"{\"location\":\"https://x.example.org/3\",\"embedded\":\"f\",\"lastUpdated\":\"2026-01-01\"}]}";
	struct shlink_manifest m;

	(void)state;
	assert_int_equal(open_manifest(text, &m), 0);
	assert_int_equal(m.count, 3);
	assert_int_equal(m.withdrawn, 1);
	assert_int_equal(m.files[0].type, SHLINK_CARD);
	assert_string_equal(m.files[0].location, "https://x.example.org/1?sas=a%2Fb");
	assert_null(m.files[0].embedded);
	assert_int_equal(m.files[1].type, SHLINK_FHIR);
	assert_string_equal(m.files[1].embedded, "e..a.b.c");
	assert_int_equal(m.files[2].type, SHLINK_UNTOLD);
	assert_int_equal(m.files[2].embedded_len, 1);
	assert_null(m.files[2].location);
	shlink_manifest_close(&m);
	shlink_manifest_close(&m);
	assert_int_equal(
		open_manifest("{\"status\":\"retracted\",\"files\":[{\"contentType\":\"application/fhir+json\","
			      "\"embedded\":\"e\"}]}",
			      &m),
		0);
	assert_int_equal(m.count, 0);
	assert_int_equal(m.withdrawn, 1);
	shlink_manifest_close(&m);
}

static void manifests_that_are_none(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"{\"files\":7}",
		"{\"files\":[7]}",
		"{\"files\":[{}]}",
		"{\"files\":[{\"location\":\"\"}]}",
		"{\"files\":[{\"location\":\"https://x/\\u0007\"}]}",
		"{\"files\":[],\"files\":[]}",
	};
	static char many[8192], deep[4096];
	struct shlink_manifest m;
	size_t at;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(open_manifest(texts[i], &m), LOBBY_ERR_CARD_MALFORMED);
	assert_int_equal(open_manifest("{\"files\":[]}", &m), 0);
	assert_int_equal(m.count + m.withdrawn, 0);
	shlink_manifest_close(&m);
	at = (size_t)snprintf(many, sizeof(many), "{\"files\":[{\"location\":\"https://x.example.org/0\"}");
	for (int i = 1; i < 100; i++)
		at += (size_t)snprintf(many + at, sizeof(many) - at, ",{\"location\":\"https://x.example.org/%d\"}", i);
	snprintf(many + at, sizeof(many) - at, "]}");
	assert_int_equal(open_manifest(many, &m), LOBBY_ERR_TOO_LONG);
	snprintf(many, sizeof(many), "{\"files\":[{\"location\":\"https://%0*d\"}]}", SHLINK_MAX_LOCATION, 1);
	assert_int_equal(open_manifest(many, &m), LOBBY_ERR_TOO_LONG);
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"files\":", 9);
	assert_int_equal(shlink_manifest_open(deep, sizeof(deep), &m), LOBBY_ERR_CARD_MALFORMED);
}

/* ---- files ---- */

static int open_text(const char *text, const uint8_t with[32], size_t max)
{
	struct jwe jwe = { .len = 0 };
	int err = jwe_open(text, strlen(text), with, max, &jwe);

	if (err == 0)
		jwe_close(&jwe);
	return err;
}

/* Seals with this header, opens, and frees. */
static int open_header(const char *header, size_t max)
{
	char *text = shl_file_seal(key, header, record, strlen(record));
	int err = open_text(text, key, max);

	free(text);
	return err;
}

static void a_file_opens_with_its_key(void **state)
{
	char *text = shl_file_seal(key, SHL_HEADER_FHIR, record, strlen(record)), spaced[1024];
	struct jwe jwe;

	(void)state;
	assert_int_equal(jwe_open(text, strlen(text), key, MIB, &jwe), 0);
	assert_string_equal(jwe.content, record);
	assert_int_equal(jwe.len, strlen(record));
	assert_string_equal(jwe.cty, "application/fhir+json");
	jwe_close(&jwe);
	snprintf(spaced, sizeof(spaced), "\r\n %s \n", text);
	assert_int_equal(open_text(spaced, key, MIB), 0);
	free(text);
	text = shl_file_seal_packed(key, SHL_HEADER_PACKED, record, strlen(record));
	assert_int_equal(jwe_open(text, strlen(text), key, MIB, &jwe), 0);
	assert_string_equal(jwe.content, record);
	jwe_close(&jwe);
	free(text);
	text = shl_file_seal(key, "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", "", 0);
	assert_int_equal(jwe_open(text, strlen(text), key, MIB, &jwe), 0);
	assert_int_equal(jwe.len, 0);
	assert_string_equal(jwe.cty, "");
	jwe_close(&jwe);
	free(text);
}

static void headers_that_links_do_not_have(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"dir\",\"enc\":\"A128GCM\"}",
		"{\"alg\":\"none\",\"enc\":\"A256GCM\"}",
		"{\"alg\":\"A256KW\",\"enc\":\"A256GCM\"}",
		"{\"enc\":\"A256GCM\"}",
		"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"GZ\"}",
		"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"dir\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}",
		"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cty\":"
		"\"0123456789012345678901234567890123456789012345678901234567"
		"890123456789\"}",
		"[]",
		"{",
		"",
	};

	(void)state;
	assert_int_equal(open_header("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"1\",\"typ\":\"JOSE\"}", MIB), 0);
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_int_equal(open_header(headers[i], MIB), LOBBY_ERR_CARD_MALFORMED);
	/* It says that it is packed, and is not. */
	assert_int_equal(open_header(SHL_HEADER_PACKED, MIB), LOBBY_ERR_CARD_MALFORMED);
}

/* Any letter changed: never what it was, and never anything but one of the two errors. */
static void every_letter_counts(void **state)
{
	char *text = shl_file_seal(key, SHL_HEADER_FHIR, record, strlen(record));
	uint8_t other[32];
	size_t len = strlen(text);
	int tampered = 0;

	(void)state;
	memcpy(other, key, 32);
	other[31] ^= 1;
	assert_int_equal(open_text(text, other, MIB), LOBBY_ERR_CARD_TAMPERED);
	for (size_t i = 0; i < len; i++) {
		char was = text[i];
		int err;

		text[i] = was == 'A' ? 'B' : 'A';
		err = open_text(text, key, MIB);
		assert_true(err == LOBBY_ERR_CARD_TAMPERED || err == LOBBY_ERR_CARD_MALFORMED);
		tampered += err == LOBBY_ERR_CARD_TAMPERED;
		text[i] = was;
	}
	assert_true(tampered > 50);
	for (size_t i = 0; i < len; i++) {
		struct jwe jwe;

		assert_true(jwe_open(text, i, key, MIB, &jwe) != 0);
	}
	free(text);
}

static void bombs_and_bounds(void **state)
{
	char *blanks = malloc(8 * MIB), *text;

	(void)state;
	memset(blanks, ' ', 8 * MIB);
	text = shl_file_seal_packed(key, SHL_HEADER_PACKED, blanks, 8 * MIB);
	assert_true(strlen(text) < 16384);
	assert_int_equal(open_text(text, key, MIB), LOBBY_ERR_TOO_LONG);
	free(text);
	text = shl_file_seal_packed(key, SHL_HEADER_PACKED, blanks, MIB);
	assert_int_equal(open_text(text, key, MIB), 0);
	free(text);
	text = shl_file_seal_packed(key, SHL_HEADER_PACKED, blanks, MIB + 1);
	assert_int_equal(open_text(text, key, MIB), LOBBY_ERR_TOO_LONG);
	free(text);
	text = shl_file_seal(key, SHL_HEADER_FHIR, blanks, MIB);
	assert_int_equal(open_text(text, key, MIB), 0);
	free(text);
	text = shl_file_seal(key, SHL_HEADER_FHIR, blanks, MIB + 1);
	assert_int_equal(open_text(text, key, MIB), LOBBY_ERR_TOO_LONG);
	free(text);
	free(blanks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_link),
		cmocka_unit_test(the_published_file),
		cmocka_unit_test(links_that_are_none),
		cmocka_unit_test(a_manifest_lists_what_can_be_opened),
		cmocka_unit_test(manifests_that_are_none),
		cmocka_unit_test(a_file_opens_with_its_key),
		cmocka_unit_test(headers_that_links_do_not_have),
		cmocka_unit_test(every_letter_counts),
		cmocka_unit_test(bombs_and_bounds),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
