/* A QR code (ISO/IEC 18004) as rows of "0" and "1", drawn by the page. */
#ifndef LOBBY_CLINIC_QR_H
#define LOBBY_CLINIC_QR_H

#include <jansson.h>

/** The rows of the code of an ASCII text, without the quiet zone, a new reference; NULL when it does not fit or memory
 * ran out. */
json_t *qr_rows(const char *text);
#endif
