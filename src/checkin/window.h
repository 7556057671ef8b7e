/* When may an appointment be checked in? Early, late, wrong day, wrong clinic, cancelled: one decision, in one place.
 */
#ifndef LOBBY_CHECKIN_WINDOW_H
#define LOBBY_CHECKIN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum window_state {
	WINDOW_READY,
	WINDOW_EARLY,
	WINDOW_LATE,
	WINDOW_ARRIVED,
	WINDOW_CANCELLED,
	WINDOW_OTHER_DAY,
	WINDOW_OTHER_CLINIC,
};

struct window_rule {
	int early_min; /* minutes before the start from which a patient may check in; default 60 */
	int late_min;  /* minutes after it until which they may; default 15 */
};

struct window_appointment {
	int64_t start_ms;
	bool arrived;
	bool cancelled;
	bool here; /* at this kiosk's clinic */
};

/** Cancelled before arrived before day before clinic before early and late. "Day" is the local calendar day (clock.h).
 * *opens_ms, if not NULL, is when check-in opens. */
enum window_state window_of(const struct window_appointment *appointment, const struct window_rule *rule,
			    int64_t now_ms, int64_t *opens_ms);

#endif
