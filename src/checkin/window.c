/* See window.h: the questions in order, the first "no" decides. */
#include "window.h"

#include "base/clock.h"

#define MS_PER_MIN 60000

enum window_state window_of(const struct window_appointment *appointment, const struct window_rule *rule,
			    int64_t now_ms, int64_t *opens_ms)
{
	int64_t opens = appointment->start_ms - (int64_t)rule->early_min * MS_PER_MIN;
	int64_t closes = appointment->start_ms + (int64_t)rule->late_min * MS_PER_MIN;

	if (opens_ms != NULL)
		*opens_ms = opens;
	if (appointment->cancelled)
		return WINDOW_CANCELLED;
	if (appointment->arrived)
		return WINDOW_ARRIVED;
	if (clock_day_start_ms(appointment->start_ms) != clock_day_start_ms(now_ms))
		return WINDOW_OTHER_DAY;
	if (!appointment->here)
		return WINDOW_OTHER_CLINIC;
	if (now_ms < opens)
		return WINDOW_EARLY;
	if (now_ms > closes)
		return WINDOW_LATE;
	return WINDOW_READY;
}
