/* src/checkin/visit: thousands of random visits and slips, through text and back. */
#include "visit_same.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_VISITS 4000

/* xorshift, so that a failure happens again */

static uint64_t seed = 88172645463325252u;

static uint32_t random_below(uint32_t bound)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % bound;
}

/* Up to size - 1 bytes of letters from many scripts, marks that JSON must escape, and astral characters. */
static void random_text(char *out, size_t size)
{
	static const uint32_t letters[] = { 'a',  'Z',	'0',   ' ',   '"',   '\\',   '/',    '\'',    '\n',
					    0xE9, 0xDF, 0x416, 0x5D0, 0x645, 0x738B, 0xFFFD, 0x1F600, 0x10FFFD };
	size_t len = 0, wanted = random_below(3) == 0 ? 0 : random_below((uint32_t)size);

	for (;;) {
		char letter[4];
		size_t n = text_encode(letters[random_below(sizeof(letters) / sizeof(letters[0]))], letter);

		if (len + n > wanted)
			break;
		memcpy(out + len, letter, n);
		len += n;
	}
	out[len] = '\0';
}

static void random_id(char *out, size_t size)
{
	static const char letters[] = "abcXYZ019-.";
	size_t len = 1 + random_below((uint32_t)size - 1);

	for (size_t i = 0; i < len; i++)
		out[i] = letters[random_below(sizeof(letters) - 1)];
	out[len] = '\0';
}

static void random_code(char *out, size_t size)
{
	out[0] = '\0';
	if (random_below(3) != 0)
		random_id(out, size);
}

static int64_t random_time(void)
{
	return random_below(50) == 0 ? 0 : 1700000000000 + (int64_t)random_below(2000000000) * 100 + random_below(1000);
}

static void random_date(char out[11])
{
	if (random_below(2) == 0)
		snprintf(out, 11, "19%02u-%02u-%02u", random_below(100), 1 + random_below(12), 1 + random_below(28));
}

static void random_card(struct visit_card *card)
{
	random_code(card->source, sizeof(card->source));
	random_text(card->payor_id, sizeof(card->payor_id));
	random_text(card->plan, sizeof(card->plan));
	random_text(card->subscriber, sizeof(card->subscriber));
	random_text(card->family, sizeof(card->family));
	random_text(card->given, sizeof(card->given));
	random_date(card->birth_date);
	random_date(card->period_start);
	random_date(card->period_end);
	random_text(card->rx_bin, sizeof(card->rx_bin));
	random_text(card->rx_pcn, sizeof(card->rx_pcn));
	random_text(card->rx_group, sizeof(card->rx_group));
	random_text(card->dependent, sizeof(card->dependent));
}

/* One in three visits shares something; its data is as long as it may be now and then. */
static void random_document(struct visit_document *d)
{
	static char data[VISIT_DOCUMENT_MAX / 3 * 4 + 4], url[2049];
	size_t len = random_below(20) == 0 ? sizeof(data) - 4 : 4 + 4 * random_below(500);

	if (random_below(3) != 0)
		return;
	random_text(d->title, sizeof(d->title));
	random_text(d->issuer, sizeof(d->issuer));
	if (random_below(2) == 0) {
		text_copy(d->kind, sizeof(d->kind), VISIT_DOCUMENT_LINK);
		snprintf(url, sizeof(url), "shlink:/%0*u", 1 + (int)random_below(2040), random_below(1000));
		d->url = url;
	} else {
		text_copy(d->kind, sizeof(d->kind), VISIT_DOCUMENT_CARD);
		memset(data, 'A' + (int)random_below(26), len);
		data[len] = '\0';
		memcpy(data + len - 2, "==", random_below(3) == 0 ? 2 : 0);
		d->data = data;
	}
}

static void random_outcomes(struct visit *v)
{
	v->contact = (enum visit_contact)random_below(v->patient_id[0] != '\0' ? 3 : 2);
	v->insurance = (enum visit_insurance)random_below(4);
	if (v->insurance == VISIT_INSURANCE_NEW && v->patient_id[0] == '\0')
		v->insurance = VISIT_INSURANCE_NONE;
	if (v->contact == VISIT_CONTACT_CHANGED) {
		random_text(v->phone, sizeof(v->phone));
		random_text(v->email, sizeof(v->email));
		random_text(v->address_line, sizeof(v->address_line));
		random_text(v->address_city, sizeof(v->address_city));
		random_text(v->address_postal_code, sizeof(v->address_postal_code));
	}
	if (v->insurance == VISIT_INSURANCE_CONFIRMED && random_below(2) == 0)
		random_id(v->coverage_id, sizeof(v->coverage_id));
	if (v->insurance == VISIT_INSURANCE_NEW) {
		random_id(v->coverage_id, sizeof(v->coverage_id));
		random_text(v->payor, sizeof(v->payor));
		random_text(v->member_id, sizeof(v->member_id));
		random_text(v->group, sizeof(v->group));
		random_card(&v->card);
	}
}

static struct visit random_visit(void)
{
	struct visit v = { .kind = (enum visit_kind)random_below(2) };

	visit_new_id(v.id);
	random_id(v.kiosk_id, sizeof(v.kiosk_id));
	v.seq = random_below(20) == 0 ? UINT64_MAX : random_below(1000000);
	random_text(v.ticket, sizeof(v.ticket));
	if (random_below(5) != 0)
		random_id(v.patient_id, sizeof(v.patient_id));
	v.appointment_count = (int)random_below(VISIT_MAX_APPOINTMENTS + 1);
	for (int i = 0; i < v.appointment_count; i++)
		random_id(v.appointment_id[i], sizeof(v.appointment_id[i]));
	random_code(v.reason, sizeof(v.reason));
	random_code(v.identified_by, sizeof(v.identified_by));
	random_code(v.step, sizeof(v.step));
	random_code(v.language, sizeof(v.language));
	random_outcomes(&v);
	random_document(&v.document);
	v.started_ms = random_time();
	v.finished_ms = random_time();
	random_date(v.birth_date);
	random_text(v.family_initial, sizeof(v.family_initial));
	random_text(v.given_initial, sizeof(v.given_initial));
	v.touches = random_below(10) == 0 ? INT32_MAX : random_below(100);
	return v;
}

/* Through text, as it travels. */
static json_t *through_text(json_t *bundle)
{
	char *text = json_dumps(bundle, JSON_COMPACT);
	json_t *back;

	assert_non_null(text);
	json_decref(bundle);
	back = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(back);
	free(text);
	return back;
}

static void every_visit_comes_back(void **state)
{
	(void)state;
	for (int i = 0; i < RANDOM_VISITS; i++) {
		struct visit v = random_visit(), back;
		enum visit_bundle_kind kind = VISIT_BUNDLE_SLIP;
		const char *why = "";
		json_t *bundle = NULL;

		assert_int_equal(visit_to_bundle(&v, &bundle), 0);
		bundle = through_text(bundle);
		assert_int_equal(visit_bundle_kind_of(bundle, &kind), 0);
		assert_int_equal(kind, VISIT_BUNDLE_VISIT);
		if (visit_from_bundle(bundle, &back, &why) != 0)
			fail_msg("visit %d: %s", i, why);
		assert_same(&v, &back);
		json_decref(bundle);
	}
}

static void every_slip_comes_back(void **state)
{
	static const char *const forms[] = { "slip", "wristband", "label" };

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct visit_slip slip = { .seq = i == 0 ? UINT64_MAX : random_below(100000),
					   .printed = random_below(2) == 0,
					   .at_ms = random_time() },
				  back;
		enum visit_bundle_kind kind = VISIT_BUNDLE_VISIT;
		const char *why = "";
		json_t *bundle = NULL;

		visit_new_id(slip.visit_id);
		random_id(slip.kiosk_id, sizeof(slip.kiosk_id));
		text_copy(slip.form, sizeof(slip.form), forms[i % 3]);
		if (!slip.printed)
			random_code(slip.error, sizeof(slip.error));
		assert_int_equal(visit_slip_to_bundle(&slip, &bundle), 0);
		bundle = through_text(bundle);
		assert_int_equal(visit_bundle_kind_of(bundle, &kind), 0);
		assert_int_equal(kind, VISIT_BUNDLE_SLIP);
		assert_int_equal(visit_slip_from_bundle(bundle, &back, &why), 0);
		assert_string_equal(back.visit_id, slip.visit_id);
		assert_string_equal(back.kiosk_id, slip.kiosk_id);
		assert_true(back.seq == slip.seq);
		assert_int_equal(back.printed, slip.printed);
		assert_string_equal(back.form, slip.form);
		assert_string_equal(back.error, slip.error);
		assert_int_equal(back.at_ms, slip.at_ms);
		json_decref(bundle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_visit_comes_back),
		cmocka_unit_test(every_slip_comes_back),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
