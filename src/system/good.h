/* Is the version that runs any good? As long as that is not known, each start uses up one of the slot's tries
 * (slots.h); after the last one the loader starts the other slot. So what is called good here is what will be started
 * again.
 *
 * A version on trial (that was not good in this slot before) is good when the screen has taken the kiosk's frames for
 * GOOD_STEADY_MS, lobby-devices answers, and the clinic was reached once since the start; a kiosk that is not enrolled
 * has no clinic, and one that was offline for a whole day is not to blame. A version that was good before needs only
 * the first: a clinic whose network is down, and that cuts the kiosks' power every evening, must not lose them one by
 * one.
 *
 * A version that shows nothing for GOOD_PICTURE_MS is restarted, so that the tries run out; one on trial already after
 * GOOD_TRIAL_PICTURE_MS, because there is another one that did show something. Not so when no display is plugged in:
 * that is nobody's fault, and the tries are given back; but a version on trial beside one that was good may be why no
 * display is found, and goes. A version on trial of which a part never came up in GOOD_PARTS_MS is restarted, too, when
 * nobody is at the screen.
 *
 * The last test before the tries are given back: the whole root is read once (rootread.h). */
#ifndef LOBBY_SYSTEM_GOOD_H
#define LOBBY_SYSTEM_GOOD_H

#include "system/system.h"

#define GOOD_STEADY_MS 30000
#define GOOD_PICTURE_MS (10 * 60 * 1000)
#define GOOD_TRIAL_PICTURE_MS (2 * 60 * 1000)
#define GOOD_PARTS_MS (30 * 60 * 1000)
#define GOOD_OFFLINE_MS (24 * 60 * 60 * 1000LL)

struct good_facts {
	int64_t up_ms;	    /* since the machine's start */
	bool trial;	    /* was not good in this slot before */
	bool other;	    /* the other slot holds a version that was good there */
	bool kiosk_there;   /* lobby-kiosk is connected */
	int64_t picture_ms; /* the display has been taking its frames for so long; -1: it does not */
	bool was_steady;    /* it did for GOOD_STEADY_MS once since the start */
	bool has_display;
	bool devices_up;
	bool sync_spoke;   /* lobby-sync has said how it is */
	bool devices_seen; /* once since the start */
	bool sync_seen;
	bool enrolled;
	bool reached; /* the clinic, once since the start */
};

enum good_verdict {
	GOOD_WAIT,
	GOOD_YES,
	GOOD_HOLD,    /* nobody can know; the tries are given back */
	GOOD_QUIETLY, /* restart when nobody is at the screen: it works, and parts of it do not */
	GOOD_NO	      /* restart now: nobody sees anything */
};

/** Pure. */
enum good_verdict good_judge(const struct good_facts *facts);

int good_init(struct system *sys);
void good_fini(struct system *sys);
void good_ready(struct system *sys);
void good_heard(struct system *sys);
/** The other slot is about to be written: what was good in it is there no more, even if the version is called the same.
 */
void good_forget_other(struct system *sys);
/** The running version is known to be good. */
bool good_is_known(const struct system *sys);

#endif
