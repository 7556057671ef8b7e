/* Failed sign-ins must wait: nothing for the first five of one name from one address, then 1 s doubling to five
 * minutes.
 *
 * Keyed by a hash that the caller makes of name and address together, so that nobody can lock out somebody else from
 * elsewhere. A bounded table; the least recently failed is forgotten first. Any thread. */
#ifndef LOBBY_CLINIC_THROTTLE_H
#define LOBBY_CLINIC_THROTTLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_KEPT 256
#define THROTTLE_FREE 5
#define THROTTLE_MAX_MS (5 * 60 * 1000)

struct throttle {
	pthread_mutex_t lock;
	struct throttle_entry {
		unsigned char who[16];
		int count;
		int64_t last_mono_ms, until_mono_ms;
	} entries[THROTTLE_KEPT];
};

/** In zeroed storage. */
void throttle_init(struct throttle *throttle);
/** How long this one has to wait; 0: not at all. */
int64_t throttle_wait_ms(struct throttle *throttle, const unsigned char who[16]);
/** Tried: a good one is forgotten, a bad one counted. */
void throttle_note(struct throttle *throttle, const unsigned char who[16], bool good);

#endif
