/* The end of the day: yesterday's roster, answers and ticket counters go, and from the log's file too.
 *
 * Timers are monotonic, midnight is not: the clock is looked at now and then, so that one set by hand or by the network
 * is noticed. When it falls back by days, rows that a clock running ahead had purged are asked for again. */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"
#include "ticket.h"

#include <inttypes.h>

#define DAY_MS (24 * 60 * 60 * 1000LL)
#define LOOK_MS (10 * 60 * 1000LL)

static int64_t next_midnight_ms(int64_t now_ms)
{
	struct clock_civil civil = clock_civil_of(now_ms);

	civil.hour = civil.minute = civil.second = 0;
	civil.day++;
	return clock_ms_of_civil(&civil);
}

static int purge(struct sync *sync, int64_t day_start_ms, int *removed)
{
	int err = db_begin(&sync->store.db);

	if (err != 0)
		return err;
	err = roster_purge(&sync->roster, day_start_ms, removed);
	/* Answers outlive their day by one: a visit of 23:59 may be asked about after midnight. */
	if (err == 0)
		err = outbox_forget(&sync->outbox, day_start_ms - DAY_MS);
	if (err == 0)
		err = ticket_purge(&sync->store.db);
	if (err == 0)
		err = store_set_int(&sync->store, "purged_ms", day_start_ms);
	return db_end(&sync->store.db, err);
}

static void on_day(void *arg)
{
	struct sync *sync = arg;
	int64_t now_ms = clock_wall_ms(), day_start_ms = clock_day_start_ms(now_ms);
	int64_t purged_ms = store_get_int(&sync->store, "purged_ms", 0);
	int64_t wait_ms = next_midnight_ms(now_ms) - now_ms;
	int removed = 0, err = 0;

	if (purged_ms != day_start_ms) {
		err = purge(sync, day_start_ms, &removed);
		if (err != 0) {
			sync_store_failed(sync, err);
		} else {
			log_event(LOG_INFO, "day-purged", "rows=%d", removed);
			store_checkpoint(&sync->store, true);
			if (purged_ms > day_start_ms)
				feed_forget(sync);
			sync_push_state(sync);
		}
	}
	if (wait_ms > LOOK_MS || wait_ms <= 0)
		wait_ms = LOOK_MS;
	loop_timer_set(sync->loop, &sync->day, wait_ms, on_day, sync);
}

void day_start(struct sync *sync)
{
	on_day(sync);
}

void day_stop(struct sync *sync)
{
	loop_timer_cancel(sync->loop, &sync->day);
}
