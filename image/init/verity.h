/* Opening the root through dm-verity. */
#ifndef LOBBY_INIT_VERITY_H
#define LOBBY_INIT_VERITY_H

#include "fail.h"
#include "params.h"

#include <stddef.h>

/** Checks the tree's top block against the root hash, then makes a read-only device of the partition whose every block
 * is checked when it is read; a wrong one is a panic. An installer's stick is read to its end at once, since there a
 * wrong block is an error and no panic. device is its path. FAIL_DAMAGED: not the root that the parameters speak of;
 * FAIL_CHECK: the kernel would not. */
enum fail verity_open(const struct params *params, const char *partition, char *device, size_t size);

#endif
