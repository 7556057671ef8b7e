/* Updates, their kiosks and their offers as rows of the store. For updates.c and updates_rows.c only. */
#ifndef LOBBY_CLINIC_UPDATES_ROWS_H
#define LOBBY_CLINIC_UPDATES_ROWS_H

#include "ledger.h"
#include "rollout.h"

struct update {
	int64_t number, size, added_ms, first;
	char sha256[65], version[25], state[12], reason[361];
	int step;
	bool downgrade;
	bool current; /* running, paused or done: there is one such */
};

/** A kiosk that it is for: an appliance, and not of a newer version unless the update goes to those, too. */
struct update_kiosk {
	struct rollout_kiosk at;
	char id[37], name[65];
	int step, percent; /* of its offer */
	char text[161];
};

struct update_offer {
	char id[37];
	enum rollout_stage stage;
	int64_t stage_ms;
};

/** LOBBY_ERR_NOT_FOUND. */
int update_load(struct ledger *store, const char *sha256, struct update *u) MUST_CHECK;
int update_current(struct ledger *store, struct update *u) MUST_CHECK;
int update_offer_load(struct ledger *store, const struct update *u, int64_t kiosk,
		      struct update_offer *offer) MUST_CHECK;
/** A kiosk that runs the update's version and says `word` of its last update: is that version there to stay? When it
 * was under way to it a moment ago (stage since stage_ms), only by its word: lobby-sync may be up before it knows
 * better. */
bool update_is_settled(const char *word, enum rollout_stage stage, int64_t stage_ms);
/** At most KIOSKS_MAX, by name; *kiosks is the caller's to free. */
int update_kiosks(struct ledger *store, const struct update *u, struct update_kiosk **kiosks, int *count) MUST_CHECK;

#endif
