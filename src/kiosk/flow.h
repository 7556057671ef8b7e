/* The flow: which screen follows which, as one table. Screens fire events; only this table knows where they lead.
 *
 * A row is {from, event, guard, to}; the first row that fits, top down, wins. Rows of FLOW_ANY come after a screen's
 * own. flow_write_dot() draws it (`make flow`); flow_table() lets a test prove that every screen is reachable and that
 * each reaches help, start over and the time-out. */
#ifndef LOBBY_KIOSK_FLOW_H
#define LOBBY_KIOSK_FLOW_H

#include <stdbool.h>
#include <stdio.h>

struct app;

enum screen_id {
	SCREEN_WELCOME,
	SCREEN_BIRTHDAY,
	SCREEN_FAMILY, /* first letter of the last name */
	SCREEN_GIVEN,  /* tie-breaker: first letter of the first name */
	SCREEN_PHONE,  /* tie-breaker: last four of the phone */
	SCREEN_APPOINTMENTS,
	SCREEN_CHOOSE, /* only one of them */
	SCREEN_CONTACT,
	SCREEN_CONTACT_CHANGE,
	SCREEN_CONTACT_EDIT,
	SCREEN_INSURANCE,
	SCREEN_INSURANCE_NEW,
	SCREEN_INSURANCE_CARD, /* what a card says that was read */
	SCREEN_INSURANCE_TYPE,
	SCREEN_SHARE, /* a health record: may the clinic have it? */
	SCREEN_WAIT,  /* an answer takes longer than a blink */
	SCREEN_DONE,
	SCREEN_ARRIVED, /* already checked in */
	SCREEN_NOTICE,	/* early, late, wrong day, not found: why not here, and the way on */
	SCREEN_DESK,	/* handed over: go to the desk */
	SCREEN_OUT_OF_ORDER,
	SCREEN_TECHNICIAN_PIN, /* the clock was held */
	SCREEN_TECHNICIAN,     /* devices and kiosk, for who knows the PIN */
	SCREEN_TECHNICIAN_TEST,
	SCREEN_STARTING,       /* a part of the kiosk is not there yet */
	SCREEN_OUT_OF_SERVICE, /* the clinic says so */
	SCREEN_RESTARTING,
	SCREEN_SETUP_LANGUAGE, /* the first start */
	SCREEN_SETUP_STICK,    /* all of it from a file on the technician's stick */
	SCREEN_PANEL,	       /* how the panel hangs */
	SCREEN_NETWORK,
	SCREEN_WIRELESS,   /* which of those in reach */
	SCREEN_PASSPHRASE, /* ... and its passphrase */
	SCREEN_ADDRESS,	   /* for networks without DHCP */
	SCREEN_CLINIC,	   /* which clinic this kiosk belongs to */
	SCREEN_CLINIC_TYPE,
	SCREEN_ENROL, /* what came of it */
	SCREEN_SETUP_DONE,
	SCREEN_BOX, /* all that a technician can do to the machine */
	SCREEN_ABOUT,
	SCREEN_UPDATE,
	SCREEN_BOX_ASK, /* restart, power off, wipe: really? */
	SCREEN_INSTALL, /* this machine was started from an installer's stick */
	SCREEN_INSTALL_ASK,
	SCREEN_COUNT,
	FLOW_ANY = SCREEN_COUNT,
};

enum flow_event {
	FLOW_START, /* check in */
	FLOW_SOMETHING_ELSE,
	FLOW_NEED_BIRTHDAY,
	FLOW_NEED_FAMILY,
	FLOW_NEED_GIVEN,
	FLOW_NEED_PHONE,
	FLOW_FOUND,
	FLOW_NOBODY, /* none, ambiguous, no roster: session.reason says which */
	FLOW_CONTINUE,
	FLOW_BACK,
	FLOW_CHOOSE,
	FLOW_NOT_ME,
	FLOW_CHANGE,
	FLOW_EDIT,
	FLOW_NEW_CARD,
	FLOW_CARD_READ,	 /* an insurance card that the clinic does not have */
	FLOW_CARD_KNOWN, /* the one that the clinic has */
	FLOW_TYPE,
	FLOW_COMMITTED,
	FLOW_FAILED, /* the visit could not be saved */
	FLOW_SLOW,   /* no answer yet */
	FLOW_TRY_AGAIN,
	FLOW_DESK,
	FLOW_BROKEN, /* lobby-sync is gone */
	FLOW_MENDED,
	FLOW_TECHNICIAN,
	FLOW_TEST,
	FLOW_DEVICES,
	FLOW_BY_HAND, /* not from the stick */
	FLOW_PANEL,
	FLOW_NETWORK,
	FLOW_WIRELESS,
	FLOW_ADDRESS,
	FLOW_CLINIC,
	FLOW_ENROL,
	FLOW_LATER,
	FLOW_ABOUT,
	FLOW_UPDATE,
	FLOW_ASK,
	FLOW_START_OVER, /* the bar's, "Done", and the wipe after the time-out */
	FLOW_EVENT_COUNT,
};

struct flow_row {
	enum screen_id from; /* FLOW_ANY: every screen */
	enum flow_event event;
	bool (*guard)(const struct app *app); /* NULL: always */
	const char *guard_name;
	enum screen_id to; /* SCREEN_COUNT: no change of screen; the visit is sent (see flow.c) */
};

/** Where the event leads from here: a screen, or -1 if nowhere. Evaluates guards on app. */
int flow_next(const struct app *app, enum screen_id from, enum flow_event event);
const struct flow_row *flow_table(int *count);
const char *flow_event_name(enum flow_event event);
const char *flow_screen_name(enum screen_id screen);
void flow_write_dot(FILE *out);

#endif
