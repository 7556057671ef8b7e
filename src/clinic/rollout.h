/* Who gets an update next: one kiosk, then a tenth of them, then all; and when to stop. Pure: rows in, a decision out.
 *
 * The caller (updates.c) keeps the step and each kiosk's stage in the store, asks again after every report and now and
 * then, and carries out what comes back. Times are wall-clock milliseconds since 1970 UTC. */
#ifndef LOBBY_CLINIC_ROLLOUT_H
#define LOBBY_CLINIC_ROLLOUT_H

#include <stdbool.h>
#include <stdint.h>

#define ROLLOUT_SILENT_MS (15LL * 60 * 1000) /* not heard of for so long: trouble once it has begun to install */
#define ROLLOUT_STUCK_MS (2LL * 3600 * 1000) /* no further for so long, but for the patient at its screen */

enum rollout_step { ROLLOUT_ONE, ROLLOUT_TENTH, ROLLOUT_ALL };
#define ROLLOUT_STEPS 3

/* In the order in which a kiosk goes through them; the last two end it. */
enum rollout_stage {
	ROLLOUT_NONE, /* not offered */
	ROLLOUT_OFFERED,
	ROLLOUT_DOWNLOADING,
	ROLLOUT_WAITING, /* for the patient at its screen */
	ROLLOUT_INSTALLING,
	ROLLOUT_INSTALLED, /* restarts when nobody is at the screen */
	ROLLOUT_TRIAL,
	ROLLOUT_GOOD, /* also: has had this version from elsewhere */
	ROLLOUT_FELL_BACK,
	ROLLOUT_REFUSED,
};

/** One kiosk that the update is for. */
struct rollout_kiosk {
	int64_t number;
	enum rollout_stage stage;
	int64_t stage_ms; /* since when; while it downloads, since it last got further */
	bool online;
	int64_t heard_ms; /* last, when it is not online */
	int64_t busy;	  /* visits lately: the least busy go first */
	bool excused;	  /* failed, and a person said to go on without it */
};

enum rollout_trouble { ROLLOUT_FINE, ROLLOUT_DID_FALL_BACK, ROLLOUT_DID_REFUSE, ROLLOUT_SILENT, ROLLOUT_STUCK };

struct rollout_plan {
	enum rollout_step step; /* where it is now */
	enum rollout_trouble trouble;
	int trouble_at; /* index of the kiosk in trouble */
	bool done;	/* every one is good */
	int offers;	/* how many of offer[] are true: offer it to them now */
};

/** step: where it was; first: the number of the kiosk that a person chose to begin with, 0 for none. offer has count
 * elements, all are set. In trouble nothing is offered. */
struct rollout_plan rollout_decide(enum rollout_step step, int64_t first, const struct rollout_kiosk *kiosks, int count,
				   int64_t now_ms, bool *offer);
/** It cannot be reached, and has not begun to install: the others go on without it until it is back. One that was on
 * its way already is given ROLLOUT_SILENT_MS. */
bool rollout_is_passed_over(const struct rollout_kiosk *kiosk, int64_t now_ms);
/** What is wrong with this one, unless it is excused. */
enum rollout_trouble rollout_trouble_of(const struct rollout_kiosk *kiosk, int64_t now_ms);
/** How many of total kiosks have it when this step ends. */
int rollout_target(enum rollout_step step, int total);

/** "fell-back"; and back: false for another word. "none" is ROLLOUT_NONE. */
const char *rollout_stage_word(enum rollout_stage stage);
bool rollout_stage_of(const char *word, enum rollout_stage *stage);
/** "one", "tenth", "all" */
const char *rollout_step_word(enum rollout_step step);

#endif
