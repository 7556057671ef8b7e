/* The clinic's logo, for slips: read from a PNG once, kept as one bit a dot, handed to the kiosks through the feed. */
#ifndef LOBBY_CLINIC_LOGO_H
#define LOBBY_CLINIC_LOGO_H

#include "ledger.h"

#include <jansson.h>

#define LOGO_MAX_DOTS 384 /* the width of 58 mm paper at 203 dpi: it fits every printer */
#define LOGO_MAX_ROWS 240

/** Reads the PNG at path (at most 4,096 dots each way), scaled down to fit if need be, and keeps it. NULL takes the
 * logo away. LOBBY_ERR_INVALID: no PNG, or too large; LOBBY_ERR_IO; the store's errors. Within a transaction. */
int clinic_logo_set(struct ledger *store, const char *path) MUST_CHECK;
/** {"width","rows","bits":"<base64>"}; width and rows are 0 when there is none. A new reference. */
json_t *clinic_logo_load(struct ledger *store);

#endif
