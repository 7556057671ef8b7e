/* The first start: which clinic this kiosk belongs to, over which network; by hand or from the technician's stick.
 *
 * The clinic's address and code come as a QR code from the desk's Kiosks page, `https://HOST:PORT/#kiosk=CODE`
 * (src/clinic/api.md, "POST kiosks/code"), or are typed. lobby-sync enrols; what it says is shown. What was typed is
 * forgotten with setup_leave(). Screens: screens/setup.c, network.c, clinic.c. */
#ifndef LOBBY_KIOSK_SETUP_H
#define LOBBY_KIOSK_SETUP_H

#include "base/loop.h"
#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>

#define SETUP_STEPS 6
#define SETUP_IDLE_MS 900000
#define SETUP_STICK_S 10

struct app;

enum setup_stage {
	SETUP_NOT_ASKED,
	SETUP_ENROLLING,
	SETUP_ENROLLED,
	SETUP_FAILED,
};

struct setup {
	bool by_hand; /* the stick's file is not wanted; until the stick is taken out */
	bool begun;   /* the stick's file is being carried out, or was */
	int seconds_left;
	struct loop_timer second;
	char url[sizeof(((lobby_Enrol *)0)->url)]; /* with code: scanned or typed; empty: not known yet */
	char code[sizeof(((lobby_Enrol *)0)->code)];
	enum setup_stage stage;
	int err;
	char text[sizeof(((lobby_Enrolled *)0)->text)];
	struct loop_timer patience;
	char ssid[sizeof(((lobby_Network *)0)->ssid)]; /* the network that was chosen; empty: typed */
	bool show;				       /* the passphrase */
};

/** A QR code as the desk's page shows it. LOBBY_ERR_INVALID leaves the outputs untouched. */
int setup_parse_link(const char *text, size_t len, char *url, size_t url_size, char *code, size_t code_size);
/** A code was scanned while a technician is here; true if it was a clinic's. */
bool setup_take_scan(struct app *app, const char *text, size_t len);
/** Asks lobby-sync to enrol with url and code. */
void setup_enrol(struct app *app);
/** Carries out the stick's file. */
void setup_from_stick(struct app *app);
/** Begins to count down to that. */
void setup_count_down(struct app *app);
/** The link of this kind that there is, or NULL. */
const lobby_Link *setup_link(const struct app *app, lobby_LinkKind kind);
void setup_leave(struct app *app);

/** What was heard. */
void setup_on_enrolled(struct app *app, const lobby_Enrolled *enrolled);
void setup_on_sync_lost(struct app *app);
/** The stick was put in or taken out. */
void setup_on_stick(struct app *app);

#endif
