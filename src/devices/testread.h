/* What a self-test says of something that was read: its kind and size, and never a character of it. Pure. */
#ifndef LOBBY_DEVICES_TESTREAD_H
#define LOBBY_DEVICES_TESTREAD_H

#include "drivers/registry.h"

/** True if this read passes the step (TEST_SCAN, _STRIPE or _CHIP); text says what it was, or why it does not count.
 * A payment card that was recognised and refused passes. */
bool testread_judge(lobby_TestKind step, const struct driver_read *read, char *text, size_t size);

#endif
