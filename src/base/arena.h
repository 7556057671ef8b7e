/* A bump allocator for things that die together: the nodes and strings of one frame, one parsed card, one request.
 *
 * An arena owns one block of a fixed size, given at birth. Nothing is freed singly; arena_reset() forgets all. It never
 * grows: whoever sizes it bounds what its input can make it hold. */
#ifndef LOBBY_BASE_ARENA_H
#define LOBBY_BASE_ARENA_H

#include <stddef.h>

struct arena {
	unsigned char *block;
	size_t size;
	size_t used;
	size_t peak;
};

/** Allocates the block. LOBBY_ERR_NO_MEMORY. Pair with arena_fini(). */
int arena_init(struct arena *arena, size_t size);
void arena_fini(struct arena *arena);
/** Forgets all that was allocated; with `wipe`, overwrites it first (a patient's data leaves no trace). */
void arena_reset(struct arena *arena, int wipe);
/** Zeroed, aligned for any type; NULL when full. */
void *arena_alloc(struct arena *arena, size_t size);
/** A NUL-terminated copy of len bytes; NULL when full. */
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/** printf into the arena; NULL when full. */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
