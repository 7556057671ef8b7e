/* Each screen's table; the file of the same name says what it does. */
#ifndef LOBBY_KIOSK_SCREENS_SCREENS_H
#define LOBBY_KIOSK_SCREENS_SCREENS_H

#include "kiosk/screen.h"

extern const struct screen screen_welcome, screen_birthday, screen_family, screen_given, screen_phone;
extern const struct screen screen_appointments, screen_choose;
extern const struct screen screen_contact, screen_contact_change, screen_contact_edit;
extern const struct screen screen_insurance, screen_insurance_new, screen_insurance_type, screen_insurance_card,
	screen_share;
extern const struct screen screen_wait, screen_done, screen_arrived, screen_notice, screen_desk, screen_out_of_order;
extern const struct screen screen_technician_pin, screen_technician, screen_technician_test;

#endif
