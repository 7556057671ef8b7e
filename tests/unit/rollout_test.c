/* src/clinic/rollout.c: for each row of a table, a fleet as letters and who is to be offered the update. */
#include "clinic/rollout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1795444860000LL
#define MINUTE 60000LL

/* One kiosk a letter, numbered from 1, each a little busier than the one before:
 *   . has not got it	o offered	d downloading	w waiting	i installing	s installed	t trial	g good
 *   F fell back	R refused
 *   capitals of the first eight: the same, and out of reach for 16 minutes ('-' is '.' out of reach)
 *   f, r: fell back, refused, and excused	l: on trial for three hours
 *   1 to 3: offered, downloading, waiting for three hours	4, 5: downloading, waiting, out of reach for 14 minutes
 */
static struct rollout_kiosk kiosk_of(char letter, int number)
{
	static const char plain[] = ".odwistg", away[] = "-ODWISTG";
	struct rollout_kiosk k = { .number = number,
				   .stage_ms = NOW - MINUTE,
				   .online = true,
				   .heard_ms = NOW - 16 * MINUTE,
				   .busy = number };
	const char *at;

	if ((at = strchr(plain, letter)) != NULL)
		k.stage = (enum rollout_stage)(at - plain);
	else if ((at = strchr(away, letter)) != NULL)
		k.stage = (enum rollout_stage)(at - away), k.online = false;
	else if (letter == 'F' || letter == 'f')
		k.stage = ROLLOUT_FELL_BACK, k.excused = letter == 'f';
	else if (letter == 'R' || letter == 'r')
		k.stage = ROLLOUT_REFUSED, k.excused = letter == 'r';
	else if (letter >= '1' && letter <= '3')
		k.stage = (enum rollout_stage)(ROLLOUT_OFFERED + letter - '1'), k.stage_ms = NOW - 180 * MINUTE;
	else if (letter == '4' || letter == '5')
		k.stage = letter == '4' ? ROLLOUT_DOWNLOADING : ROLLOUT_WAITING, k.online = false,
		k.heard_ms = NOW - 14 * MINUTE;
	else if (letter == 'l')
		k.stage = ROLLOUT_TRIAL, k.stage_ms = NOW - 180 * MINUTE;
	else
		fail_msg("no such letter: %c", letter);
	return k;
}

static const struct row {
	const char *why;
	enum rollout_step step;
	int first;
	const char *fleet;
	enum rollout_step after;
	const char *offers; /* '!' for those who get it now; "done", or "fell-back 3" and the like */
} rows[] = {
	{ "nobody there", ROLLOUT_ONE, 0, "", ROLLOUT_ONE, "" },
	{ "one kiosk first, the least busy", ROLLOUT_ONE, 0, "....", ROLLOUT_ONE, "!   " },
	{ "of those that can be reached", ROLLOUT_ONE, 0, "--..", ROLLOUT_ONE, "  ! " },
	{ "none can be reached", ROLLOUT_ONE, 0, "--", ROLLOUT_ONE, "  " },
	{ "the one that was chosen", ROLLOUT_ONE, 3, "....", ROLLOUT_ONE, "  ! " },
	{ "the chosen one is waited for", ROLLOUT_ONE, 3, "..-.", ROLLOUT_ONE, "    " },
	{ "also when another has it from elsewhere", ROLLOUT_ONE, 3, "g...", ROLLOUT_ONE, "  ! " },
	{ "not when it is one to go on without", ROLLOUT_ONE, 3, "..f.", ROLLOUT_ONE, "!   " },
	{ "no second while the first is on its way", ROLLOUT_ONE, 0, "d...", ROLLOUT_ONE, "    " },
	{ "nor while it is on trial", ROLLOUT_ONE, 0, "t...", ROLLOUT_ONE, "    " },
	{ "nor when it is away for a moment while it downloads", ROLLOUT_ONE, 0, "4...", ROLLOUT_ONE, "    " },
	{ "or waits for a patient", ROLLOUT_ONE, 0, "5...", ROLLOUT_ONE, "    " },
	{ "unplugged before it began: another", ROLLOUT_ONE, 0, "O...", ROLLOUT_ONE, " !  " },
	{ "unplugged while it downloads: another", ROLLOUT_ONE, 0, "D...", ROLLOUT_ONE, " !  " },
	{ "unplugged while it waits for a patient: another", ROLLOUT_ONE, 0, "W...", ROLLOUT_ONE, " !  " },
	{ "not when it is the chosen one", ROLLOUT_ONE, 1, "D...", ROLLOUT_ONE, "    " },
	{ "nor is another chosen when it is back", ROLLOUT_ONE, 0, "d...", ROLLOUT_ONE, "    " },
	{ "the tenth ends without one that was unplugged", ROLLOUT_TENTH, 0, "gDg.", ROLLOUT_ALL, "   !" },
	{ "it has not begun to download for hours", ROLLOUT_ONE, 0, "1...", ROLLOUT_ONE, "stuck 1" },
	{ "its download got no further for hours", ROLLOUT_ALL, 0, "gg2.", ROLLOUT_ALL, "stuck 3" },
	{ "patients came for hours", ROLLOUT_ONE, 0, "3...", ROLLOUT_ONE, "    " },
	{ "the first is good: two of a few", ROLLOUT_ONE, 0, "g...", ROLLOUT_TENTH, " !  " },
	{ "two of twelve", ROLLOUT_ONE, 0, "g...........", ROLLOUT_TENTH, " !          " },
	{ "a tenth of thirty", ROLLOUT_TENTH, 0, "g.............................", ROLLOUT_TENTH,
	  " !!                           " },
	{ "rounded up", ROLLOUT_TENTH, 0, "g..............................", ROLLOUT_TENTH,
	  " !!!                           " },
	{ "the tenth waits for each of its own", ROLLOUT_TENTH, 0, "gi..", ROLLOUT_TENTH, "    " },
	{ "one of the tenth is unplugged before it began", ROLLOUT_TENTH, 0, "gO..", ROLLOUT_TENTH, "  ! " },
	{ "then all, also those out of reach", ROLLOUT_TENTH, 0, "gg.-", ROLLOUT_ALL, "  !!" },
	{ "two kiosks in all", ROLLOUT_ONE, 0, "g.", ROLLOUT_TENTH, " !" },
	{ "a kiosk alone", ROLLOUT_ONE, 0, "g", ROLLOUT_ALL, "done" },
	{ "all have it", ROLLOUT_ALL, 0, "gggG", ROLLOUT_ALL, "done" },
	{ "all but one that is away", ROLLOUT_ALL, 0, "gggO", ROLLOUT_ALL, "    " },
	{ "one that came later", ROLLOUT_ALL, 0, "ggg.", ROLLOUT_ALL, "   !" },
	{ "it fell back", ROLLOUT_ONE, 0, "F...", ROLLOUT_ONE, "fell-back 1" },
	{ "one of all fell back", ROLLOUT_ALL, 0, "ggF.", ROLLOUT_ALL, "fell-back 3" },
	{ "it refused", ROLLOUT_TENTH, 0, "gR..", ROLLOUT_TENTH, "refused 2" },
	{ "it went silent while it installed", ROLLOUT_ONE, 0, "I...", ROLLOUT_ONE, "silent 1" },
	{ "before its restart", ROLLOUT_ONE, 0, "S...", ROLLOUT_ONE, "silent 1" },
	{ "on trial", ROLLOUT_TENTH, 0, "g.T.", ROLLOUT_TENTH, "silent 3" },
	{ "on trial for ever", ROLLOUT_TENTH, 0, "gl..", ROLLOUT_TENTH, "stuck 2" },
	{ "out of reach once it is good is nothing", ROLLOUT_TENTH, 0, "GG..", ROLLOUT_ALL, "  !!" },
	{ "gone on without: it does not count", ROLLOUT_ONE, 0, "f...", ROLLOUT_ONE, " !  " },
	{ "and all are done without it", ROLLOUT_ALL, 0, "gfgr", ROLLOUT_ALL, "done" },
};

static void every_fleet_gets_what_it_should(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		static const char *const troubles[] = { "", "fell-back", "refused", "silent", "stuck" };
		int count = (int)strlen(rows[r].fleet), offers = 0;
		struct rollout_kiosk kiosks[64];
		struct rollout_plan plan;
		char got[96] = "";
		bool offer[64];

		for (int i = 0; i < count; i++)
			kiosks[i] = kiosk_of(rows[r].fleet[i], i + 1);
		memset(offer, 1, sizeof(offer));
		plan = rollout_decide(rows[r].step, rows[r].first, kiosks, count, NOW, offer);
		for (int i = 0; i < count; i++) {
			got[i] = offer[i] ? '!' : ' ';
			offers += offer[i];
		}
		assert_int_equal(offers, plan.offers);
		if (plan.trouble != ROLLOUT_FINE) {
			assert_int_equal(offers, 0);
			snprintf(got, sizeof(got), "%s %d", troubles[plan.trouble], plan.trouble_at + 1);
		} else if (plan.done) {
			assert_int_equal(offers, 0);
			snprintf(got, sizeof(got), "done");
		}
		if (strcmp(got, rows[r].offers) != 0 || plan.step != rows[r].after)
			fail_msg("%s: %s at %s: \"%s\" at %s", rows[r].why, rows[r].fleet,
				 rollout_step_word(rows[r].step), got, rollout_step_word(plan.step));
	}
}

/* Silence is counted from when it was last heard of, to the minute. */
static void fourteen_minutes_of_silence_are_none(void **state)
{
	struct rollout_kiosk k = { .number = 1, .stage = ROLLOUT_INSTALLED, .heard_ms = NOW - ROLLOUT_SILENT_MS };
	bool offer;

	(void)state;
	assert_int_equal(rollout_decide(ROLLOUT_ONE, 0, &k, 1, NOW, &offer).trouble, ROLLOUT_FINE);
	assert_int_equal(rollout_decide(ROLLOUT_ONE, 0, &k, 1, NOW + 1, &offer).trouble, ROLLOUT_SILENT);
	/* A kiosk that can be reached may wait for patients as long as they come. */
	k.online = true;
	k.stage_ms = NOW - 10 * ROLLOUT_STUCK_MS;
	assert_int_equal(rollout_decide(ROLLOUT_ONE, 0, &k, 1, NOW, &offer).trouble, ROLLOUT_FINE);
}

/* From start to end, with every kiosk good at once, nobody is left out and nobody gets it twice. */
static void a_whole_fleet_is_done_in_three_steps(void **state)
{
	(void)state;
	for (int count = 1; count <= 60; count++) {
		struct rollout_kiosk kiosks[60];
		enum rollout_step step = ROLLOUT_ONE;
		int rounds = 0, given = 0;
		bool offer[60];

		for (int i = 0; i < count; i++)
			kiosks[i] = kiosk_of('.', i + 1);
		for (;; rounds++) {
			struct rollout_plan plan = rollout_decide(step, 0, kiosks, count, NOW, offer);

			step = plan.step;
			if (plan.done)
				break;
			assert_true(plan.offers > 0 && rounds < 3);
			assert_true(rounds > 0 || plan.offers == 1);
			given += plan.offers;
			for (int i = 0; i < count; i++)
				if (offer[i])
					kiosks[i].stage = ROLLOUT_GOOD;
			assert_int_equal(given, rollout_target(step, count));
		}
		assert_int_equal(given, count);
	}
}

static void words_come_back_as_they_went(void **state)
{
	enum rollout_stage stage;

	(void)state;
	for (int i = ROLLOUT_NONE; i <= ROLLOUT_REFUSED; i++) {
		assert_true(rollout_stage_of(rollout_stage_word((enum rollout_stage)i), &stage));
		assert_int_equal(stage, i);
	}
	assert_false(rollout_stage_of("perhaps", &stage));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fleet_gets_what_it_should),
		cmocka_unit_test(fourteen_minutes_of_silence_are_none),
		cmocka_unit_test(a_whole_fleet_is_done_in_three_steps),
		cmocka_unit_test(words_come_back_as_they_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
