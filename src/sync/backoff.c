/* See backoff.h. The jitter keeps a clinic's kiosks from coming back all in one moment. */
#include "backoff.h"

#include <sodium.h>

#define FIRST_MS 1000
#define LAST_MS 60000

int64_t backoff_next_ms(struct backoff *backoff)
{
	int64_t base = backoff->base_ms == 0 ? FIRST_MS : backoff->base_ms * 2;
	int64_t delay;

	if (base > LAST_MS)
		base = LAST_MS;
	backoff->base_ms = base;
	delay = base + (int64_t)randombytes_uniform((uint32_t)(base / 4) + 1);
	return delay > LAST_MS ? LAST_MS - (int64_t)randombytes_uniform(LAST_MS / 4) : delay;
}

void backoff_reset(struct backoff *backoff)
{
	backoff->base_ms = 0;
}
