/* src/checkin/visit: what is built is FHIR R4 in shape; what is not ours is refused; any JSON is survived. */
#include "visit_same.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one full visit, looked at as a FHIR server would ---- */

static struct visit full_visit(void)
{
	return (struct visit){ .id = "6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e88",
			       .kind = VISIT_ARRIVAL,
			       .kiosk_id = "kiosk-1",
			       .seq = 12,
			       .ticket = "B 14",
			       .patient_id = "pat-1",
			       .appointment_id = { "app-1", "app-2" },
			       .appointment_count = 2,
			       .identified_by = "birthday",
			       .language = "es-US",
			       .contact = VISIT_CONTACT_CHANGED,
			       .phone = "+1 555-0142",
			       .email = "maria@example.org",
			       .address_line = "14 Alder Street",
			       .address_city = "Springfield",
			       .insurance = VISIT_INSURANCE_NEW,
			       .coverage_id = "cov-9",
			       .payor = "Example Health",
			       .member_id = "XGH884104417",
			       .group = "G-7",
			       .started_ms = 1795444800000,
			       .finished_ms = 1795444860250,
			       .birth_date = "1985-04-17",
			       .touches = 11 };
}

/* Walks "a/0/b" through objects and arrays. */
static const json_t *at(const json_t *json, const char *path)
{
	char part[64];

	while (*path != '\0' && json != NULL) {
		size_t len = strcspn(path, "/");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10))
					   : json_object_get(json, part);
		path += len + (path[len] == '/');
	}
	return json;
}

static void assert_text(const json_t *json, const char *path, const char *expected)
{
	const char *text = json_string_value(at(json, path));

	if (text == NULL || strcmp(text, expected) != 0)
		fail_msg("%s is %s, not %s", path, text != NULL ? text : "absent", expected);
}

static void an_arrival_is_fhir(void **state)
{
	static const char *const rows[][2] = {
		{ "resourceType", "Bundle" },
		{ "type", "transaction" },
		{ "entry/0/request/method", "PUT" },
		{ "entry/0/request/url", "Encounter/6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e88" },
		{ "entry/0/resource/resourceType", "Encounter" },
		{ "entry/0/resource/status", "arrived" },
		{ "entry/0/resource/class/system", "http://terminology.hl7.org/CodeSystem/v3-ActCode" },
		{ "entry/0/resource/class/code", "AMB" },
		{ "entry/0/resource/subject/reference", "Patient/pat-1" },
		{ "entry/0/resource/appointment/1/reference", "Appointment/app-2" },
		{ "entry/0/resource/identifier/0/system", "urn:lobby:kiosk:kiosk-1" },
		{ "entry/0/resource/identifier/0/value", "12" },
		{ "entry/0/resource/identifier/1/system", "urn:lobby:ticket" },
		{ "entry/0/resource/identifier/1/value", "B 14" },
		{ "entry/0/resource/period/start", "2026-11-23T09:40:00.000-05:00" },
		{ "entry/0/resource/extension/0/url", "urn:lobby:check-in" },
		{ "entry/1/request/method", "PATCH" },
		{ "entry/1/request/url", "Appointment/app-1" },
		{ "entry/1/resource/resourceType", "Parameters" },
		{ "entry/1/resource/parameter/0/name", "operation" },
		{ "entry/1/resource/parameter/0/part/0/valueCode", "replace" },
		{ "entry/1/resource/parameter/0/part/1/valueString", "Appointment.status" },
		{ "entry/1/resource/parameter/0/part/2/valueCode", "arrived" },
		{ "entry/2/request/url", "Appointment/app-2" },
		{ "entry/3/request/method", "PATCH" },
		{ "entry/3/request/url", "Patient/pat-1" },
		{ "entry/3/resource/parameter/0/part/0/valueCode", "delete" },
		{ "entry/3/resource/parameter/0/part/1/valueString", "Patient.telecom.where(id='lobby-phone')" },
		{ "entry/3/resource/parameter/1/part/0/valueCode", "add" },
		{ "entry/3/resource/parameter/1/part/1/valueString", "Patient" },
		{ "entry/3/resource/parameter/1/part/2/valueString", "telecom" },
		{ "entry/3/resource/parameter/1/part/3/valueContactPoint/id", "lobby-phone" },
		{ "entry/3/resource/parameter/1/part/3/valueContactPoint/system", "phone" },
		{ "entry/3/resource/parameter/1/part/3/valueContactPoint/value", "+1 555-0142" },
		{ "entry/3/resource/parameter/5/part/3/valueAddress/line/0", "14 Alder Street" },
		{ "entry/4/request/method", "PUT" },
		{ "entry/4/request/url", "Coverage/cov-9" },
		{ "entry/4/resource/status", "draft" },
		{ "entry/4/resource/beneficiary/reference", "Patient/pat-1" },
		{ "entry/4/resource/payor/0/display", "Example Health" },
		{ "entry/4/resource/subscriberId", "XGH884104417" },
		{ "entry/4/resource/class/0/type/coding/0/code", "group" },
		{ "entry/4/resource/class/0/value", "G-7" },
		{ "entry/5/request/url", "Task/6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e88.insurance" },
		{ "entry/5/resource/status", "requested" },
		{ "entry/5/resource/intent", "order" },
		{ "entry/5/resource/code/coding/0/code", "insurance-new" },
		{ "entry/5/resource/focus/reference", "Encounter/6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e88" },
	};
	struct visit v = full_visit();
	json_t *bundle = NULL;

	(void)state;
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_text(bundle, rows[i][0], rows[i][1]);
	assert_int_equal(json_array_size(at(bundle, "entry")), 6);
	assert_null(at(bundle, "entry/3/resource/parameter/5/part/3/valueAddress/postalCode"));
	json_decref(bundle);
}

/* The same with an insurance card that was read, and a health card that the patient shares. */
static struct visit rich_visit(void)
{
	struct visit v = full_visit();

	v.card = (struct visit_card){ .source = "signed",
				      .payor_id = "45002",
				      .plan = "Gold Plus",
				      .subscriber = "Carlos Garcia",
				      .family = "Garcia",
				      .given = "Maria",
				      .birth_date = "1985-04-17",
				      .period_start = "2026-01-01",
				      .period_end = "2026-12-31",
				      .rx_bin = "100045",
				      .rx_pcn = "1234000",
				      .rx_group = "RX77",
				      .dependent = "02" };
	v.document = (struct visit_document){ .kind = VISIT_DOCUMENT_CARD,
					      .title = "2 immunizations",
					      .issuer = "Example Health",
					      .data = "eyJ2ZXJpZmlhYmxlQ3JlZGVudGlhbCI6W119" };
	return v;
}

static void a_card_and_a_document_stand_where_fhir_has_them(void **state)
{
	static const char *const rows[][2] = {
		{ "entry/4/resource/meta/tag/0/code", "signed" },
		{ "entry/4/resource/payor/0/display", "Example Health" },
		{ "entry/4/resource/payor/0/identifier/value", "45002" },
		{ "entry/4/resource/class/1/type/coding/0/code", "plan" },
		{ "entry/4/resource/class/1/value", "Gold Plus" },
		{ "entry/4/resource/class/4/type/coding/0/code", "rxgroup" },
		{ "entry/4/resource/period/end", "2026-12-31" },
		{ "entry/4/resource/subscriber/display", "Carlos Garcia" },
		{ "entry/4/resource/dependent", "02" },
		{ "entry/4/resource/beneficiary/reference", "Patient/pat-1" },
		{ "entry/6/request/url", "DocumentReference/6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e88.document" },
		{ "entry/6/resource/status", "current" },
		{ "entry/6/resource/docStatus", "final" },
		{ "entry/6/resource/subject/reference", "Patient/pat-1" },
		{ "entry/6/resource/author/0/display", "Example Health" },
		{ "entry/6/resource/content/0/attachment/contentType", "application/smart-health-card" },
		{ "entry/6/resource/content/0/attachment/data", "eyJ2ZXJpZmlhYmxlQ3JlZGVudGlhbCI6W119" },
		{ "entry/6/resource/context/encounter/0/reference", "Encounter/6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e88" },
	};
	struct visit v = rich_visit(), back;
	const char *why = "";
	json_t *bundle = NULL;

	(void)state;
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_text(bundle, rows[i][0], rows[i][1]);
	assert_int_equal(json_array_size(at(bundle, "entry")), 7);
	assert_int_equal(visit_from_bundle(bundle, &back, &why), 0);
	assert_same(&v, &back);
	json_decref(bundle);

	/* Nobody was found, and still somebody shared a link. */
	v.kind = VISIT_HANDOVER;
	v.patient_id[0] = '\0';
	v.contact = VISIT_CONTACT_NOT_ASKED;
	v.insurance = VISIT_INSURANCE_NOT_ASKED;
	v.document = (struct visit_document){ .kind = VISIT_DOCUMENT_LINK, .url = "shlink:/eyJ1cmwiOiJo" };
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	assert_text(bundle, "entry/2/resource/docStatus", "preliminary");
	assert_text(bundle, "entry/2/resource/content/0/attachment/url", "shlink:/eyJ1cmwiOiJo");
	assert_int_equal(visit_from_bundle(bundle, &back, &why), 0);
	assert_string_equal(back.document.url, v.document.url);
	assert_null(back.document.data);
	assert_string_equal(back.card.plan, "");
	json_decref(bundle);
}

static void bad_documents_are_refused(void **state)
{
	static char long_data[VISIT_DOCUMENT_MAX * 2 + 1];
	const struct visit_document bad[] = {
		{ .kind = "smart-health-cord", .data = "AAAA" },
		{ .kind = VISIT_DOCUMENT_CARD },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "AAA" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "AA=A" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "A===" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "AA-_" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "AAAA", .url = "shlink:/AAAA" },
		{ .kind = VISIT_DOCUMENT_CARD, .url = "shlink:/AAAA" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = long_data },
		{ .kind = VISIT_DOCUMENT_LINK },
		{ .kind = VISIT_DOCUMENT_LINK, .url = "shlink:/" },
		{ .kind = VISIT_DOCUMENT_LINK, .url = "https://example.org" },
		{ .kind = VISIT_DOCUMENT_LINK, .url = "shlink:/AA+A" },
		{ .kind = VISIT_DOCUMENT_LINK, .url = "shlink:/AAAA", .data = "AAAA" },
		{ .kind = VISIT_DOCUMENT_CARD, .data = "AAAA", .title = "\x01" },
	};
	json_t *bundle = NULL;

	(void)state;
	memset(long_data, 'A', sizeof(long_data) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct visit v = full_visit();

		v.document = bad[i];
		if (visit_to_bundle(&v, &bundle) != LOBBY_ERR_INVALID)
			fail_msg("document %zu", i);
	}
	/* What a newer kiosk may share is passed over, and the visit is not refused for it. */
	for (int i = 0; i < 2; i++) {
		struct visit v = rich_visit(), back;
		const char *why = "";

		assert_int_equal(visit_to_bundle(&v, &bundle), 0);
		json_object_set_new((json_t *)at(bundle, "entry/6/resource/type/coding/0"), i == 0 ? "code" : "system",
				    json_string("other"));
		assert_int_equal(visit_from_bundle(bundle, &back, &why), 0);
		assert_string_equal(back.document.kind, "");
		json_decref(bundle);
	}
}

static void a_handover_changes_no_appointment(void **state)
{
	struct visit v = full_visit();
	json_t *bundle = NULL;

	(void)state;
	v.kind = VISIT_HANDOVER;
	v.insurance = VISIT_INSURANCE_NOT_ASKED;
	v.contact = VISIT_CONTACT_CONFIRMED;
	snprintf(v.reason, sizeof(v.reason), "late");
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	assert_int_equal(json_array_size(at(bundle, "entry")), 2);
	assert_text(bundle, "entry/0/resource/status", "planned");
	assert_text(bundle, "entry/1/resource/resourceType", "Task");
	assert_text(bundle, "entry/1/resource/code/coding/0/code", "handover");
	assert_text(bundle, "entry/1/resource/reasonCode/coding/0/code", "late");
	assert_text(bundle, "entry/1/resource/for/reference", "Patient/pat-1");
	json_decref(bundle);
}

static void an_unnamed_payor_is_said_to_be_unknown(void **state)
{
	struct visit v = full_visit(), back;
	const char *why = "";
	json_t *bundle = NULL;

	(void)state;
	v.payor[0] = '\0';
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	assert_text(bundle, "entry/4/resource/payor/0/extension/0/valueCode", "unknown");
	assert_int_equal(visit_from_bundle(bundle, &back, &why), 0);
	assert_same(&v, &back);
	json_decref(bundle);
}

static void what_has_no_meaning_is_left_out(void **state)
{
	struct visit v = full_visit(), back;
	const char *why = "";
	json_t *bundle = NULL;

	(void)state;
	v.contact = VISIT_CONTACT_CONFIRMED;
	v.insurance = VISIT_INSURANCE_NONE;
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	assert_int_equal(visit_from_bundle(bundle, &back, &why), 0);
	assert_string_equal(back.phone, "");
	assert_string_equal(back.address_line, "");
	assert_string_equal(back.coverage_id, "");
	assert_string_equal(back.member_id, "");
	assert_text(bundle, "entry/3/resource/code/coding/0/code", "insurance-none");
	json_decref(bundle);
}

/* ---- what cannot be built ---- */

static void spoil(struct visit *v, int how)
{
	static const struct {
		size_t offset;
		const char *text;
	} texts[] = {
		{ offsetof(struct visit, id), "not-a-uuid" },
		{ offsetof(struct visit, id), "6f1e2c9a-0b5d-4c9e-8a44-2f3b1c0d9e8z" },
		{ offsetof(struct visit, kiosk_id), "" },
		{ offsetof(struct visit, kiosk_id), "a/b" },
		{ offsetof(struct visit, patient_id), "a b" },
		{ offsetof(struct visit, patient_id), "" }, /* changed contact details of nobody */
		{ offsetof(struct visit, appointment_id[1]), "" },
		{ offsetof(struct visit, appointment_id[0]), "../Patient" },
		{ offsetof(struct visit, coverage_id), "" },
		{ offsetof(struct visit, coverage_id), "?" },
		{ offsetof(struct visit, birth_date), "1985-13-01" },
		{ offsetof(struct visit, birth_date), "17.4.1985" },
		{ offsetof(struct visit, ticket), "\xFF" },
		{ offsetof(struct visit, phone), "\x01" },
		{ offsetof(struct visit, reason), "too late" },
		{ offsetof(struct visit, language), "é" },
		{ offsetof(struct visit, card.birth_date), "1985-4-17" },
		{ offsetof(struct visit, card.period_start), "2026" },
		{ offsetof(struct visit, card.period_end), "2026-00-01" },
		{ offsetof(struct visit, card.source), "a b" },
		{ offsetof(struct visit, card.plan), "\x01" },
	};

	if (how < (int)(sizeof(texts) / sizeof(texts[0]))) {
		memcpy((char *)v + texts[how].offset, texts[how].text, strlen(texts[how].text) + 1);
		return;
	}
	how -= (int)(sizeof(texts) / sizeof(texts[0]));
	if (how == 0)
		v->started_ms = -1;
	else if (how == 1)
		v->finished_ms = INT64_MAX;
	else if (how == 2)
		v->appointment_count = VISIT_MAX_APPOINTMENTS + 1;
	else if (how == 3)
		v->appointment_count = -1;
	else if (how == 4)
		v->touches = UINT32_MAX;
	else if (how == 5)
		v->kind = (enum visit_kind)7;
	else
		v->insurance = (enum visit_insurance)4;
}

static void bad_visits_are_refused(void **state)
{
	(void)state;
	for (int how = 0; how < 28; how++) {
		struct visit v = full_visit();
		json_t *untouched = json_null(), *bundle = untouched;

		spoil(&v, how);
		if (visit_to_bundle(&v, &bundle) != LOBBY_ERR_INVALID)
			fail_msg("spoilt %d", how);
		assert_ptr_equal(bundle, untouched);
	}
}

/* ---- garbage ---- */

/* Replaces, one after the other, every value of the Bundle by values of other types: reading must return, and what is
 * accepted must be something that can be built. */
static int torture(const json_t *whole, json_t *node, int depth)
{
	json_t *others[] = { json_null(),  json_integer(-5), json_string("x"), json_string("Patient/../../etc"),
			     json_array(), json_object() };
	int tried = 0;
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	json_object_foreach_safe(node, next, key, value)
	{
		json_incref(value);
		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
			struct visit v, again;
			const char *why = "";
			json_t *rebuilt = NULL;

			json_object_set(node, key, others[k]);
			tried++;
			if (visit_from_bundle(whole, &v, &why) == 0) {
				assert_int_equal(visit_to_bundle(&v, &rebuilt), 0);
				assert_int_equal(visit_from_bundle(rebuilt, &again, &why), 0);
				json_decref(rebuilt);
			} else {
				assert_true(*why != '\0');
			}
		}
		json_object_set(node, key, value);
		json_decref(value);
		if (depth > 0)
			tried += torture(whole, value, depth - 1);
	}
	json_array_foreach(node, i, value) if (depth > 0) tried += torture(whole, value, depth - 1);
	for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
		json_decref(others[k]);
	return tried;
}

static void any_json_is_survived(void **state)
{
	struct visit v = rich_visit();
	json_t *bundle = NULL;

	(void)state;
	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	assert_in_range(torture(bundle, bundle, 12), 500, 100000);
	json_decref(bundle);
}

static void other_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"null",
		"[]",
		"\"Bundle\"",
		"{}",
		"{\"resourceType\":\"Bundle\"}",
		"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[]}",
		"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"meta\":{\"tag\":[{\"system\":\"urn:lobby:"
		"bundle\",\"code\":\"visit\"}]},\"entry\":{}}",
		"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"meta\":{\"tag\":[{\"system\":\"urn:lobby:"
		"bundle\",\"code\":\"slip\"}]},\"entry\":[null]}",
	};
	const struct visit nothing = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *json = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		struct visit v = nothing;
		struct visit_slip slip;
		const char *why = NULL;

		assert_non_null(json);
		assert_int_equal(visit_from_bundle(json, &v, &why), LOBBY_ERR_INVALID);
		assert_non_null(why);
		assert_memory_equal(&v, &nothing, sizeof(v));
		assert_int_equal(visit_slip_from_bundle(json, &slip, &why), LOBBY_ERR_INVALID);
		json_decref(json);
	}
}

static json_t *full_bundle(void)
{
	struct visit v = full_visit();
	json_t *bundle = NULL;

	assert_int_equal(visit_to_bundle(&v, &bundle), 0);
	return bundle;
}

static void long_texts_and_lists_are_refused(void **state)
{
	json_t *bundle = full_bundle(), *encounter = (json_t *)at(bundle, "entry/0/resource");
	struct visit v;
	const char *why = "";

	(void)state;
	json_object_set_new((json_t *)at(bundle, "entry/0/resource/identifier/1"), "value",
			    json_string("thirteen letters"));
	assert_int_equal(visit_from_bundle(bundle, &v, &why), LOBBY_ERR_TOO_LONG);
	json_decref(bundle);

	bundle = full_bundle();
	encounter = (json_t *)at(bundle, "entry/0/resource");
	for (int i = 0; i < 7; i++)
		json_array_append_new(json_object_get(encounter, "appointment"),
				      json_pack("{s:s}", "reference", "Appointment/a"));
	assert_int_equal(visit_from_bundle(bundle, &v, &why), LOBBY_ERR_TOO_LONG);
	json_decref(bundle);

	bundle = full_bundle();
	for (int i = 0; i < 64; i++)
		json_array_append_new(json_object_get(bundle, "entry"), json_object());
	assert_int_equal(visit_from_bundle(bundle, &v, &why), LOBBY_ERR_TOO_LONG);
	json_decref(bundle);
}

static void two_encounters_or_a_wrong_address_are_refused(void **state)
{
	json_t *bundle = full_bundle();
	struct visit v;
	const char *why = "";

	(void)state;
	json_array_append(json_object_get(bundle, "entry"), (json_t *)at(bundle, "entry/0"));
	assert_int_equal(visit_from_bundle(bundle, &v, &why), LOBBY_ERR_INVALID);
	json_decref(bundle);

	bundle = full_bundle();
	json_object_set_new((json_t *)at(bundle, "entry/0/request"), "url",
			    json_string("Encounter/00000000-0000-4000-8000-000000000000"));
	assert_int_equal(visit_from_bundle(bundle, &v, &why), LOBBY_ERR_INVALID);
	json_decref(bundle);
}

static void what_a_newer_kiosk_adds_is_passed_over(void **state)
{
	struct visit v = full_visit(), back;
	json_t *bundle = full_bundle();
	const char *why = "";

	(void)state;
	json_array_append_new(json_object_get(bundle, "entry"),
			      json_pack("{s:{s:s,s:s},s:{s:s,s:s}}", "resource", "resourceType", "Consent", "id", "c",
					"request", "method", "PUT", "url", "Consent/c"));
	json_array_append_new((json_t *)at(bundle, "entry/0/resource/extension/0/extension"),
			      json_pack("{s:s,s:b}", "url", "paper-free", "valueBoolean", 1));
	assert_int_equal(visit_from_bundle(bundle, &back, &why), 0);
	assert_same(&v, &back);
	json_decref(bundle);
}

static void numbers_are_whole_or_refused(void **state)
{
	static const char *const bad[] = {
		"", "-1", "01", "1 ", "1e3", "18446744073709551616", "99999999999999999999"
	};
	struct visit v;
	const char *why = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *bundle = full_bundle();

		json_object_set_new((json_t *)at(bundle, "entry/0/resource/identifier/0"), "value",
				    json_string(bad[i]));
		assert_int_equal(visit_from_bundle(bundle, &v, &why), LOBBY_ERR_INVALID);
		json_decref(bundle);
	}
}

static void ids_are_random_uuids(void **state)
{
	char first[37], second[37];

	(void)state;
	visit_new_id(first);
	visit_new_id(second);
	assert_int_equal(strlen(first), 36);
	assert_int_equal(first[14], '4');
	assert_non_null(strchr("89ab", first[19]));
	assert_string_not_equal(first, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arrival_is_fhir),
		cmocka_unit_test(a_card_and_a_document_stand_where_fhir_has_them),
		cmocka_unit_test(bad_documents_are_refused),
		cmocka_unit_test(a_handover_changes_no_appointment),
		cmocka_unit_test(an_unnamed_payor_is_said_to_be_unknown),
		cmocka_unit_test(what_has_no_meaning_is_left_out),
		cmocka_unit_test(bad_visits_are_refused),
		cmocka_unit_test(any_json_is_survived),
		cmocka_unit_test(other_json_is_refused),
		cmocka_unit_test(long_texts_and_lists_are_refused),
		cmocka_unit_test(two_encounters_or_a_wrong_address_are_refused),
		cmocka_unit_test(what_a_newer_kiosk_adds_is_passed_over),
		cmocka_unit_test(numbers_are_whole_or_refused),
		cmocka_unit_test(ids_are_random_uuids),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
