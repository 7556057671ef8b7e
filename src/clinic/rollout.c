/* See rollout.h. A step asks for so many good kiosks (rollout_target). Those that have the offer and may still become
 * good count as on their way; what is missing is chosen among the ones that can be reached, the least busy first. A
 * kiosk that cannot be reached before it began to install is passed over: it counts for nothing, so an unplugged one
 * does not hold up the rest, and goes on when it is back. A step ends when it has its number and nobody is on the way;
 * then the next is looked at at once. */
#include "rollout.h"

#include <stddef.h>
#include <string.h>

static const char *const stages[] = { "none",	   "offered", "downloading", "waiting",	  "installing",
				      "installed", "trial",   "good",	     "fell-back", "refused" };

const char *rollout_stage_word(enum rollout_stage stage)
{
	return stages[stage];
}

bool rollout_stage_of(const char *word, enum rollout_stage *stage)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (strcmp(stages[i], word) == 0) {
			*stage = (enum rollout_stage)i;
			return true;
		}
	}
	return false;
}

const char *rollout_step_word(enum rollout_step step)
{
	static const char *const words[] = { "one", "tenth", "all" };

	return words[step];
}

int rollout_target(enum rollout_step step, int total)
{
	int want = total;

	if (step == ROLLOUT_ONE)
		want = 1;
	else if (step == ROLLOUT_TENTH)
		want = total <= 20 ? 2 : (total + 9) / 10;
	return want < total ? want : total;
}

bool rollout_is_passed_over(const struct rollout_kiosk *k, int64_t now_ms)
{
	if (k->excused || k->online || k->stage < ROLLOUT_OFFERED || k->stage > ROLLOUT_WAITING)
		return false;
	return k->stage == ROLLOUT_OFFERED || now_ms - k->heard_ms > ROLLOUT_SILENT_MS;
}

static bool may_be_stuck(enum rollout_stage stage)
{
	return stage == ROLLOUT_OFFERED || stage == ROLLOUT_DOWNLOADING || stage == ROLLOUT_INSTALLING ||
	       stage == ROLLOUT_TRIAL;
}

enum rollout_trouble rollout_trouble_of(const struct rollout_kiosk *k, int64_t now_ms)
{
	bool begun = k->stage >= ROLLOUT_INSTALLING && k->stage <= ROLLOUT_TRIAL;

	if (k->excused)
		return ROLLOUT_FINE;
	if (k->stage == ROLLOUT_FELL_BACK)
		return ROLLOUT_DID_FALL_BACK;
	if (k->stage == ROLLOUT_REFUSED)
		return ROLLOUT_DID_REFUSE;
	if (begun && !k->online && now_ms - k->heard_ms > ROLLOUT_SILENT_MS)
		return ROLLOUT_SILENT;
	if (may_be_stuck(k->stage) && k->online && now_ms - k->stage_ms > ROLLOUT_STUCK_MS)
		return ROLLOUT_STUCK;
	return ROLLOUT_FINE;
}

struct tally {
	int total, good, pending;
	bool first_there, first_good;
};

static struct tally tally_of(const struct rollout_kiosk *kiosks, int count, int64_t first, int64_t now_ms)
{
	struct tally t = { 0 };

	for (int i = 0; i < count; i++) {
		const struct rollout_kiosk *k = &kiosks[i];

		if (k->excused)
			continue;
		t.total++;
		t.good += k->stage == ROLLOUT_GOOD;
		t.pending += k->stage > ROLLOUT_NONE && k->stage < ROLLOUT_GOOD && !rollout_is_passed_over(k, now_ms);
		if (k->number == first) {
			t.first_there = true;
			t.first_good = k->stage == ROLLOUT_GOOD;
		}
	}
	return t;
}

/* The least busy kiosk that may be offered it, -1 when there is none. only: its number, or 0 for any. */
static int choose(const struct rollout_kiosk *kiosks, int count, const bool *offer, int64_t only, bool offline_too)
{
	int best = -1;

	for (int i = 0; i < count; i++) {
		const struct rollout_kiosk *k = &kiosks[i];

		if (k->excused || k->stage != ROLLOUT_NONE || offer[i] || (!k->online && !offline_too) ||
		    (only != 0 && k->number != only))
			continue;
		if (best < 0 || k->busy < kiosks[best].busy ||
		    (k->busy == kiosks[best].busy && k->number < kiosks[best].number))
			best = i;
	}
	return best;
}

struct rollout_plan rollout_decide(enum rollout_step step, int64_t first, const struct rollout_kiosk *kiosks, int count,
				   int64_t now_ms, bool *offer)
{
	struct tally t = tally_of(kiosks, count, first, now_ms);
	struct rollout_plan plan = { .step = step };
	int missing;

	for (int i = 0; i < count; i++)
		offer[i] = false;
	for (int i = 0; i < count; i++) {
		plan.trouble = rollout_trouble_of(&kiosks[i], now_ms);
		plan.trouble_at = i;
		if (plan.trouble != ROLLOUT_FINE)
			return plan;
	}
	plan.trouble_at = -1; /* nobody */
	while (plan.step < ROLLOUT_ALL && t.total > 0 && t.pending == 0 &&
	       t.good >= rollout_target(plan.step, t.total) &&
	       (plan.step != ROLLOUT_ONE || !t.first_there || t.first_good))
		plan.step++;
	plan.done = t.total > 0 && t.good == t.total;
	if (plan.done)
		plan.step = ROLLOUT_ALL;
	missing = rollout_target(plan.step, t.total) - t.good - t.pending;
	if (plan.step == ROLLOUT_ONE && t.first_there && !t.first_good && t.pending == 0)
		missing = 1;
	if (plan.step == ROLLOUT_ALL)
		missing = t.total;
	while (missing-- > 0) {
		int64_t only = plan.step == ROLLOUT_ONE && t.first_there ? first : 0;
		int i = choose(kiosks, count, offer, only, plan.step == ROLLOUT_ALL);

		if (i < 0)
			break;
		offer[i] = true;
		plan.offers++;
	}
	return plan;
}
