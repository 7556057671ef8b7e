/* See throttle.h. */
#include "throttle.h"

#include "base/clock.h"

#include <string.h>

void throttle_init(struct throttle *throttle)
{
	pthread_mutex_init(&throttle->lock, NULL);
}

static struct throttle_entry *entry_of(struct throttle *throttle, const unsigned char who[16], bool make)
{
	struct throttle_entry *oldest = &throttle->entries[0];

	for (int i = 0; i < THROTTLE_KEPT; i++) {
		struct throttle_entry *f = &throttle->entries[i];

		if (f->count > 0 && memcmp(f->who, who, 16) == 0)
			return f;
		if (f->count == 0 || (oldest->count > 0 && f->last_mono_ms < oldest->last_mono_ms))
			oldest = f;
	}
	if (!make)
		return NULL;
	*oldest = (struct throttle_entry){ 0 };
	memcpy(oldest->who, who, 16);
	return oldest;
}

int64_t throttle_wait_ms(struct throttle *throttle, const unsigned char who[16])
{
	const struct throttle_entry *f;
	int64_t wait = 0;

	pthread_mutex_lock(&throttle->lock);
	f = entry_of(throttle, who, false);
	if (f != NULL)
		wait = f->until_mono_ms - clock_mono_ms();
	pthread_mutex_unlock(&throttle->lock);
	return wait > 0 ? wait : 0;
}

void throttle_note(struct throttle *throttle, const unsigned char who[16], bool good)
{
	struct throttle_entry *f;
	int64_t delay = 0;

	pthread_mutex_lock(&throttle->lock);
	f = entry_of(throttle, who, !good);
	if (good && f != NULL) {
		*f = (struct throttle_entry){ 0 };
	} else if (!good) {
		f->count++;
		if (f->count >= THROTTLE_FREE)
			delay = f->count - THROTTLE_FREE >= 9 ? THROTTLE_MAX_MS : 1000LL << (f->count - THROTTLE_FREE);
		f->last_mono_ms = clock_mono_ms();
		f->until_mono_ms = f->last_mono_ms + (delay < THROTTLE_MAX_MS ? delay : THROTTLE_MAX_MS);
	}
	pthread_mutex_unlock(&throttle->lock);
}
