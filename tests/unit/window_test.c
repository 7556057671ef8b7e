/* src/checkin/window: each boundary by a millisecond, midnight, and the day the clocks change (TZ=America/New_York). */
#include "checkin/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MIN_MS 60000LL
#define START_MS 1795444200000LL /* 2026-11-23 09:30 in New York */

static const struct window_rule usual = { 60, 15 };

static void boundaries_are_inside(void **state)
{
	static const struct {
		int64_t from_start_ms;
		enum window_state expected;
	} rows[] = {
		{ -60 * MIN_MS - 1, WINDOW_EARLY }, { -60 * MIN_MS, WINDOW_READY },   { 0, WINDOW_READY },
		{ 15 * MIN_MS, WINDOW_READY },	    { 15 * MIN_MS + 1, WINDOW_LATE },
	};
	struct window_appointment appointment = { .start_ms = START_MS, .here = true };
	int64_t opens = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(window_of(&appointment, &usual, START_MS + rows[i].from_start_ms, &opens),
				 rows[i].expected);
		assert_int_equal(opens, START_MS - 60 * MIN_MS);
	}
	assert_int_equal(window_of(&appointment, &usual, START_MS, NULL), WINDOW_READY);
}

static void first_reason_wins(void **state)
{
	struct window_appointment appointment = { .start_ms = START_MS };
	int64_t late = START_MS + 60 * MIN_MS, tomorrow = START_MS + 24 * 60 * MIN_MS;

	(void)state;
	assert_int_equal(window_of(&appointment, &usual, late, NULL), WINDOW_OTHER_CLINIC);
	assert_int_equal(window_of(&appointment, &usual, tomorrow, NULL), WINDOW_OTHER_DAY);
	appointment.arrived = true;
	assert_int_equal(window_of(&appointment, &usual, tomorrow, NULL), WINDOW_ARRIVED);
	appointment.cancelled = true;
	assert_int_equal(window_of(&appointment, &usual, tomorrow, NULL), WINDOW_CANCELLED);
}

static void the_day_is_local(void **state)
{
	/* 23:30 in New York is the next day in UTC. */
	struct window_appointment appointment = { .start_ms = START_MS + 14 * 60 * MIN_MS, .here = true };

	(void)state;
	assert_int_equal(window_of(&appointment, &usual, START_MS, NULL), WINDOW_EARLY);
	/* 01:30 EST of 2026-11-01, an hour that the clocks showed twice; asked at 01:00 EDT, 90 minutes before. */
	appointment.start_ms = 1793514600000;
	assert_int_equal(window_of(&appointment, &usual, 1793514600000 - 90 * MIN_MS, NULL), WINDOW_EARLY);
	assert_int_equal(window_of(&appointment, &usual, 1793514600000 - 60 * MIN_MS, NULL), WINDOW_READY);
}

static void a_rule_of_zero_and_of_a_day(void **state)
{
	static const struct window_rule strict = { 0, 0 }, wide = { 1440, 1440 };
	struct window_appointment appointment = { .start_ms = START_MS, .here = true };

	(void)state;
	assert_int_equal(window_of(&appointment, &strict, START_MS, NULL), WINDOW_READY);
	assert_int_equal(window_of(&appointment, &strict, START_MS - 1, NULL), WINDOW_EARLY);
	assert_int_equal(window_of(&appointment, &strict, START_MS + 1, NULL), WINDOW_LATE);
	assert_int_equal(window_of(&appointment, &wide, START_MS - 9 * 60 * MIN_MS, NULL), WINDOW_READY);
	assert_int_equal(window_of(&appointment, &wide, START_MS - 10 * 60 * MIN_MS, NULL), WINDOW_OTHER_DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries_are_inside),
		cmocka_unit_test(first_reason_wins),
		cmocka_unit_test(the_day_is_local),
		cmocka_unit_test(a_rule_of_zero_and_of_a_day),
	};

	setenv("TZ", "America/New_York", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
