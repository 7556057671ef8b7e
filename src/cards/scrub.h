/* Heap memory for libraries that unpack what a card holds (zlib, expat): overwritten when it is given back, so that
 * nothing of a patient stays behind in freed blocks, and no block larger than SCRUB_MAX, whatever the card makes them
 * ask for. */
#ifndef LOBBY_CARDS_SCRUB_H
#define LOBBY_CARDS_SCRUB_H

#include <stddef.h>

#define SCRUB_MAX 131072 /* bytes; zlib asks at most 32 KiB and 10 KiB, expat twice its input and 1 KiB */

/** NULL: too much, or no memory. Aligned for any object. */
void *scrub_alloc(size_t size);
/** As realloc(3); the old block is overwritten. */
void *scrub_resize(void *block, size_t size);
/** Overwrites and frees; NULL is fine. */
void scrub_free(void *block);

#endif
