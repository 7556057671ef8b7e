/* The technician's PIN. Its hash comes from the clinic with the settings; the count of wrong ones is in the store, so
 * that neither restarting the screen nor this program makes guessing quicker. The time of the next try is by the wall
 * clock, but never further away than the delay that this count earns: a clock that is put back locks nobody out. */
#include "sync.h"

#include "base/clock.h"
#include "base/log.h"

#include <sodium.h>
#include <string.h>

#define FREE_TRIES 3
#define FIRST_DELAY_S 10
#define MAX_DELAY_S 900

static int64_t delay_of(int64_t wrong)
{
	int64_t delay = FIRST_DELAY_S;

	if (wrong < FREE_TRIES)
		return 0;
	for (int64_t i = FREE_TRIES; i < wrong && delay < MAX_DELAY_S; i++)
		delay *= 2;
	return delay < MAX_DELAY_S ? delay : MAX_DELAY_S;
}

static int64_t wait_left_s(struct sync *sync)
{
	int64_t most = delay_of(store_get_int(&sync->store, "pin_wrong", 0));
	int64_t left = (store_get_int(&sync->store, "pin_until_ms", 0) - clock_wall_ms() + 999) / 1000;

	return left < 0 ? 0 : left < most ? left : most;
}

static void count(struct sync *sync, int64_t wrong)
{
	int err = db_begin(&sync->store.db);

	if (err == 0) {
		err = store_set_int(&sync->store, "pin_wrong", wrong);
		if (err == 0)
			err = store_set_int(&sync->store, "pin_until_ms", clock_wall_ms() + delay_of(wrong) * 1000);
		err = db_end(&sync->store.db, err);
	}
	if (err != 0)
		sync_store_failed(sync, err);
	else
		sync_written(sync);
}

void technician_check(struct sync *sync, const lobby_TechnicianPin *pin, lobby_TechnicianAnswer *answer)
{
	const char *hash = sync->settings.technician_pin;
	int64_t wrong = store_get_int(&sync->store, "pin_wrong", 0);

	*answer = (lobby_TechnicianAnswer){ .request = pin->request, .none_set = hash[0] == '\0' };
	answer->wait_s = (uint32_t)wait_left_s(sync);
	if (answer->none_set || answer->wait_s > 0)
		return;
	/* Counted before it is checked: what is killed in between was a try. */
	count(sync, wrong + 1);
	answer->ok = crypto_pwhash_str_verify(hash, pin->pin, strlen(pin->pin)) == 0;
	log_event(answer->ok ? LOG_NOTICE : LOG_WARNING, "technician-pin", "ok=%d", answer->ok);
	if (answer->ok)
		count(sync, 0);
	else
		answer->wait_s = (uint32_t)wait_left_s(sync);
}
