/* Two visits, member by member: what both tests of src/checkin/visit assert. */
#ifndef LOBBY_TESTS_VISIT_SAME_H
#define LOBBY_TESTS_VISIT_SAME_H

#include "checkin/visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void assert_same(const struct visit *a, const struct visit *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->kind, b->kind);
	assert_string_equal(a->reason, b->reason);
	assert_string_equal(a->kiosk_id, b->kiosk_id);
	assert_true(a->seq == b->seq);
	assert_string_equal(a->ticket, b->ticket);
	assert_string_equal(a->patient_id, b->patient_id);
	assert_int_equal(a->appointment_count, b->appointment_count);
	for (int i = 0; i < a->appointment_count; i++)
		assert_string_equal(a->appointment_id[i], b->appointment_id[i]);
	assert_string_equal(a->identified_by, b->identified_by);
	assert_string_equal(a->step, b->step);
	assert_string_equal(a->language, b->language);
	assert_int_equal(a->contact, b->contact);
	assert_string_equal(a->phone, b->phone);
	assert_string_equal(a->email, b->email);
	assert_string_equal(a->address_line, b->address_line);
	assert_string_equal(a->address_city, b->address_city);
	assert_string_equal(a->address_postal_code, b->address_postal_code);
	assert_int_equal(a->insurance, b->insurance);
	assert_string_equal(a->coverage_id, b->coverage_id);
	assert_string_equal(a->payor, b->payor);
	assert_string_equal(a->member_id, b->member_id);
	assert_string_equal(a->group, b->group);
	assert_string_equal(a->card.source, b->card.source);
	assert_string_equal(a->card.payor_id, b->card.payor_id);
	assert_string_equal(a->card.plan, b->card.plan);
	assert_string_equal(a->card.subscriber, b->card.subscriber);
	assert_string_equal(a->card.family, b->card.family);
	assert_string_equal(a->card.given, b->card.given);
	assert_string_equal(a->card.birth_date, b->card.birth_date);
	assert_string_equal(a->card.period_start, b->card.period_start);
	assert_string_equal(a->card.period_end, b->card.period_end);
	assert_string_equal(a->card.rx_bin, b->card.rx_bin);
	assert_string_equal(a->card.rx_pcn, b->card.rx_pcn);
	assert_string_equal(a->card.rx_group, b->card.rx_group);
	assert_string_equal(a->card.dependent, b->card.dependent);
	assert_string_equal(a->document.kind, b->document.kind);
	assert_string_equal(a->document.title, b->document.title);
	assert_string_equal(a->document.issuer, b->document.issuer);
	assert_string_equal(a->document.data ? a->document.data : "none", b->document.data ? b->document.data : "none");
	assert_string_equal(a->document.url ? a->document.url : "none", b->document.url ? b->document.url : "none");
	assert_int_equal(a->started_ms, b->started_ms);
	assert_int_equal(a->finished_ms, b->finished_ms);
	assert_string_equal(a->birth_date, b->birth_date);
	assert_string_equal(a->family_initial, b->family_initial);
	assert_string_equal(a->given_initial, b->given_initial);
	assert_int_equal(a->touches, b->touches);
}

#endif
