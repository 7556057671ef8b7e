/* Each screen's table; the file of the same name says what it does. */
#ifndef LOBBY_KIOSK_SCREENS_SCREENS_H
#define LOBBY_KIOSK_SCREENS_SCREENS_H

#include "kiosk/app.h"
#include "kiosk/screen.h"

extern const struct screen screen_welcome, screen_birthday, screen_family, screen_given, screen_phone;
extern const struct screen screen_appointments, screen_choose;
extern const struct screen screen_contact, screen_contact_change, screen_contact_edit;
extern const struct screen screen_insurance, screen_insurance_new, screen_insurance_type, screen_insurance_card,
	screen_share;
extern const struct screen screen_wait, screen_done, screen_arrived, screen_notice, screen_desk, screen_out_of_order;
extern const struct screen screen_technician_pin, screen_technician, screen_technician_test;
extern const struct screen screen_starting, screen_out_of_service, screen_restarting;
extern const struct screen screen_setup_language, screen_setup_stick, screen_setup_done;
extern const struct screen screen_panel, screen_network, screen_wireless, screen_passphrase, screen_address;
extern const struct screen screen_clinic, screen_clinic_type, screen_enrol;
/** How an update stands, as a sentence. */
const char *update_stage_words(lobby_UpdateStage stage);
extern const struct screen screen_install, screen_install_ask;
extern const struct screen screen_box, screen_about, screen_update, screen_box_ask;

/** On a flat panel in large letters what matters must come first: the rest is on the next page. */
static inline bool screen_is_crowded(const struct app *app)
{
	return app->landscape && app->size >= UI_SIZE_LARGE;
}

#endif
