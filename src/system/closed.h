/* What to do about a state partition that does not open: nothing, twice, three times; it is made anew only at the
 * fourth start in a row, because what it holds was not sent yet and most of what is in the way goes away by itself (a
 * TPM that did not answer for one boot, an EFI system partition that was not read).
 *
 * Two small files on that partition keep it: `lobby/state.opened`, which slot and version opened it last, and
 * `lobby/state.closed`, how many starts in a row of which slot and version it did not open at. A version that never
 * opened it, where another one did, may itself be what is wrong (its TPM libraries): it is on trial, so the machine is
 * started again at once, and after its three tries the loader takes the version before it. Should it be started all the
 * same, it has three more before it makes anything anew. Where these files cannot be read and written nothing is ever
 * made anew. */
#ifndef LOBBY_SYSTEM_CLOSED_H
#define LOBBY_SYSTEM_CLOSED_H

#include "esp.h"

#include "base/err.h"

#include <stdbool.h>

#define CLOSED_STARTS 3
#define CLOSED_WHO 40 /* "a 0.1.0" */

enum closed_verdict {
	CLOSED_WAIT,	/* this start is done without it */
	CLOSED_RESTART, /* the machine starts again: this version may be to blame */
	CLOSED_ANEW	/* it is made anew */
};

/** It does not open for `who`, a slot and a version. Counts this start, but for a second time since the machine started
 * (again). */
enum closed_verdict closed_count(const struct esp *esp, const char *who, bool again);
/** It opened for `who`: nothing is counted any more. */
void closed_opened(const struct esp *esp, const char *who);
/** It was wiped: nothing of it is known any more. */
void closed_forget(const struct esp *esp);

#endif
