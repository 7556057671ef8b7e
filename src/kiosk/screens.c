/* The one list of screens. */
#include "screen.h"

#include "screens/screens.h"

const struct screen *const screens[SCREEN_COUNT] = {
	[SCREEN_WELCOME] = &screen_welcome,
	[SCREEN_BIRTHDAY] = &screen_birthday,
	[SCREEN_FAMILY] = &screen_family,
	[SCREEN_GIVEN] = &screen_given,
	[SCREEN_PHONE] = &screen_phone,
	[SCREEN_APPOINTMENTS] = &screen_appointments,
	[SCREEN_CHOOSE] = &screen_choose,
	[SCREEN_CONTACT] = &screen_contact,
	[SCREEN_CONTACT_CHANGE] = &screen_contact_change,
	[SCREEN_CONTACT_EDIT] = &screen_contact_edit,
	[SCREEN_INSURANCE] = &screen_insurance,
	[SCREEN_INSURANCE_NEW] = &screen_insurance_new,
	[SCREEN_INSURANCE_TYPE] = &screen_insurance_type,
	[SCREEN_INSURANCE_CARD] = &screen_insurance_card,
	[SCREEN_SHARE] = &screen_share,
	[SCREEN_WAIT] = &screen_wait,
	[SCREEN_DONE] = &screen_done,
	[SCREEN_ARRIVED] = &screen_arrived,
	[SCREEN_NOTICE] = &screen_notice,
	[SCREEN_DESK] = &screen_desk,
	[SCREEN_OUT_OF_ORDER] = &screen_out_of_order,
	[SCREEN_TECHNICIAN_PIN] = &screen_technician_pin,
	[SCREEN_TECHNICIAN] = &screen_technician,
	[SCREEN_TECHNICIAN_TEST] = &screen_technician_test,
};
