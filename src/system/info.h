/* What RAUC prints, as far as it is understood (rauc 1.8): `rauc info --output-format=json` and the lines of `rauc
 * install`. Pure; what it does not know is passed over. */
#ifndef LOBBY_SYSTEM_INFO_H
#define LOBBY_SYSTEM_INFO_H

#include "base/err.h"
#include "system/version.h"

#include <stdbool.h>
#include <stddef.h>

#define INFO_REASON 257
#define INFO_TEXT 161 /* lobby_Update.text */
#define INFO_TOO_LONG "It took too long."

struct info_bundle {
	char compatible[65];
	char version[VERSION_SIZE];
};

/** Finds the line that is a JSON object among messages. LOBBY_ERR_NOT_FOUND: there is none; LOBBY_ERR_INVALID: without
 * a version and a compatible that make sense. */
int info_parse(const char *output, struct info_bundle *bundle) MUST_CHECK;
/** The number in " 20% Verifying signature"; -1: another line. */
int info_percent(const char *line);
/** The words after "LastError:"; NULL: another line. */
const char *info_last_error(const char *line);
/** The last line of an output that is not one of GLib's messages: why it failed. */
void info_reason(const char *output, char out[INFO_REASON]);
/** Plain English for the technician, from RAUC's own words for why it failed. */
void info_explain(const char *reason, char out[INFO_TEXT]);

#endif
