/* How long to wait before the next try: 1 s doubling to 60 s, with jitter, for ever. Monotonic time only. */
#ifndef LOBBY_SYNC_BACKOFF_H
#define LOBBY_SYNC_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t base_ms; /* 0: the next failure is the first */
};

/** The delay after one more failure: the base and up to a quarter more, at most 60 s. */
int64_t backoff_next_ms(struct backoff *backoff);
/** After a success. */
void backoff_reset(struct backoff *backoff);

#endif
