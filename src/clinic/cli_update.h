/* lobby-clinic update, called by cli.c with the store open. The result is the exit status. */
#ifndef LOBBY_CLINIC_CLI_UPDATE_H
#define LOBBY_CLINIC_CLI_UPDATE_H

#include "ledger.h"

struct cli_update {
	const char *verb;  /* add, list, start, pause, resume, stop, remove */
	const char *word;  /* FILE or VERSION; NULL for list */
	const char *first; /* start: the kiosk to begin with, by name; or NULL */
	bool downgrade, without, as_json;
};

int cli_update(struct ledger *store, const char *data, const struct cli_update *o) MUST_CHECK;

#endif
