/* Two of the kiosk's sockets: to lobby-sync and to lobby-devices (box.h has the third). Turns messages into calls on
 * app; resends what is pending when a peer comes back. */
#ifndef LOBBY_KIOSK_LINK_H
#define LOBBY_KIOSK_LINK_H

#include "wire/wire.h"

struct app;

struct link {
	struct wire_conn sync;
	struct wire_conn devices;
	char sync_path[108];
	char devices_path[108];
	lobby_KioskState told;
};

/** LOBBY_ERR_TOO_LONG: the run folder's path. */
int link_start(struct app *app, const char *run) MUST_CHECK;
void link_stop(struct app *app);

/** Sends; what must arrive is kept in app and sent again by link itself when the peer returns. */
void link_send_identify(struct app *app);
void link_send_visit(struct app *app);
void link_send_slip(struct app *app, const lobby_Slip *slip);
void link_send_help(struct app *app);
/** To lobby-sync and lobby-system: which screen this kiosk stands on, if that changed since it was last told (or
 * `again`). */
void link_send_state(struct app *app, bool again);
/** The device list as the desk should see it, lobby-devices' own absence included. */
void link_send_devices(struct app *app);
void link_send_read_health(struct app *app, uint32_t request, const void *card, size_t len);
void link_send_forget_health(struct app *app, uint32_t request);
void link_send_band(struct app *app, const lobby_PrintBand *band);
/** The technician's messages. LOBBY_ERR_CLOSED when the program is not there. */
int link_send_enrol(struct app *app, const char *url, const char *code) MUST_CHECK;
void link_send_technician_pin(struct app *app, uint32_t request, const char *pin);
int link_send_self_test(struct app *app, const lobby_SelfTest *wanted);
int link_send_test_report(struct app *app, const lobby_TestReport *report) MUST_CHECK;
int link_send_print(struct app *app, const lobby_Print *print) MUST_CHECK;
void link_cancel_print(struct app *app, const char *job);

#endif
