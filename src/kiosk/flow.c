/* See flow.h. Which steps run is the clinic's setting: that is what the guards ask. "SAVE" is not a screen: it means
 * that the visit is sent to lobby-sync, and FLOW_COMMITTED or FLOW_FAILED follows from its answer. */
#include "flow.h"

#include "app.h"
#include "base/clock.h"

static bool asks_contact(const struct app *app)
{
	return app->settings.ask_contact;
}

static bool asks_insurance(const struct app *app)
{
	return app->settings.ask_insurance;
}

static bool has_new_card(const struct app *app)
{
	return app->settings.ask_insurance && session_has_new_card(&app->session);
}

static bool has_record(const struct app *app)
{
	return session_has_record(&app->session);
}

static bool can_check_in(const struct app *app)
{
	return session_ready_count(&app->session) > 0;
}

static bool has_arrived(const struct app *app)
{
	const lobby_Appointment *first = session_first(&app->session);

	return first != NULL && first->state == lobby_AppointmentState_APPOINTMENT_ARRIVED;
}

static bool is_handover(const struct app *app)
{
	return app->session.visit.kind == lobby_VisitKind_VISIT_HANDOVER;
}

static bool is_identified(const struct app *app)
{
	return app->session.identified;
}

static bool has_birthday(const struct app *app)
{
	return app->session.query.birth_date[0] != '\0';
}

static bool is_waiting(const struct app *app)
{
	return app->pending != PENDING_NOTHING;
}

static bool is_technician(const struct app *app)
{
	return app->technician.in;
}

static bool has_key(const struct app *app)
{
	return box_has_key(app);
}

static bool is_technician_at_box(const struct app *app)
{
	return app->technician.in && app->box.there;
}

static bool is_new(const struct app *app)
{
	return box_is_new(app);
}

/* Until lobby-sync has spoken a kiosk counts as enrolled, but not here. */
static bool is_enrolled(const struct app *app)
{
	return app->sync_heard && app->sync_up && app->sync.enrolled;
}

static bool has_stick(const struct app *app)
{
	return box_is_new(app) && box_can_provision(app) && !app->setup.by_hand;
}

/* An appliance that nobody guards with a PIN is nobody's: it starts there again. */
static bool has_no_clinic(const struct app *app)
{
	return box_is_appliance(app) && app->sync_up && !app->sync.enrolled && app->settings.technician_pin[0] == '\0';
}

static bool is_leaving(const struct app *app)
{
	return box_is_leaving(app);
}

static bool is_installer(const struct app *app)
{
	return box_is_installer(app);
}

/* lobby-sync has not been there yet, and may still come. */
static bool is_starting(const struct app *app)
{
	return !app->sync_up && !app->sync_was_up && clock_mono_ms() - app->started_mono_ms < APP_START_MS;
}

static bool is_out_of_service(const struct app *app)
{
	return app->orders.out_of_service[0] != '\0';
}

/* Nobody can be helped here now, whatever was started over. */
static bool is_broken(const struct app *app)
{
	return !app->sync_up || !app->sync.enrolled;
}

#define IF(guard) guard, #guard
#define ALWAYS NULL, ""
#define SAVE SCREEN_COUNT

static const struct flow_row rows[] = {
	{ SCREEN_WELCOME, FLOW_START, ALWAYS, SCREEN_BIRTHDAY },
	{ SCREEN_WELCOME, FLOW_SOMETHING_ELSE, ALWAYS, SCREEN_NOTICE },
	{ SCREEN_BIRTHDAY, FLOW_BACK, ALWAYS, SCREEN_WELCOME },
	{ SCREEN_FAMILY, FLOW_BACK, ALWAYS, SCREEN_BIRTHDAY },
	{ SCREEN_GIVEN, FLOW_BACK, ALWAYS, SCREEN_FAMILY },
	{ SCREEN_PHONE, FLOW_BACK, IF(has_birthday), SCREEN_BIRTHDAY },
	{ SCREEN_PHONE, FLOW_BACK, ALWAYS, SCREEN_WELCOME },

	{ FLOW_ANY, FLOW_NEED_BIRTHDAY, ALWAYS, SCREEN_BIRTHDAY },
	{ FLOW_ANY, FLOW_NEED_FAMILY, ALWAYS, SCREEN_FAMILY },
	{ FLOW_ANY, FLOW_NEED_GIVEN, ALWAYS, SCREEN_GIVEN },
	{ FLOW_ANY, FLOW_NEED_PHONE, ALWAYS, SCREEN_PHONE },
	{ FLOW_ANY, FLOW_FOUND, IF(can_check_in), SCREEN_APPOINTMENTS },
	{ FLOW_ANY, FLOW_FOUND, IF(has_arrived), SCREEN_ARRIVED },
	{ FLOW_ANY, FLOW_FOUND, ALWAYS, SCREEN_NOTICE },
	{ FLOW_ANY, FLOW_NOBODY, ALWAYS, SCREEN_NOTICE },

	{ SCREEN_APPOINTMENTS, FLOW_CHOOSE, ALWAYS, SCREEN_CHOOSE },
	{ SCREEN_APPOINTMENTS, FLOW_NOT_ME, ALWAYS, SCREEN_NOTICE },
	{ SCREEN_CHOOSE, FLOW_BACK, ALWAYS, SCREEN_APPOINTMENTS },
	{ SCREEN_APPOINTMENTS, FLOW_CONTINUE, IF(asks_contact), SCREEN_CONTACT },
	{ SCREEN_APPOINTMENTS, FLOW_CONTINUE, IF(has_new_card), SCREEN_INSURANCE_CARD },
	{ SCREEN_APPOINTMENTS, FLOW_CONTINUE, IF(asks_insurance), SCREEN_INSURANCE },
	{ SCREEN_APPOINTMENTS, FLOW_CONTINUE, IF(has_record), SCREEN_SHARE },
	{ SCREEN_APPOINTMENTS, FLOW_CONTINUE, ALWAYS, SAVE },
	{ SCREEN_CHOOSE, FLOW_CONTINUE, IF(asks_contact), SCREEN_CONTACT },
	{ SCREEN_CHOOSE, FLOW_CONTINUE, IF(has_new_card), SCREEN_INSURANCE_CARD },
	{ SCREEN_CHOOSE, FLOW_CONTINUE, IF(asks_insurance), SCREEN_INSURANCE },
	{ SCREEN_CHOOSE, FLOW_CONTINUE, IF(has_record), SCREEN_SHARE },
	{ SCREEN_CHOOSE, FLOW_CONTINUE, ALWAYS, SAVE },

	{ SCREEN_CONTACT, FLOW_BACK, ALWAYS, SCREEN_APPOINTMENTS },
	{ SCREEN_CONTACT, FLOW_CHANGE, ALWAYS, SCREEN_CONTACT_CHANGE },
	{ SCREEN_CONTACT, FLOW_CONTINUE, IF(has_new_card), SCREEN_INSURANCE_CARD },
	{ SCREEN_CONTACT, FLOW_CONTINUE, IF(asks_insurance), SCREEN_INSURANCE },
	{ SCREEN_CONTACT, FLOW_CONTINUE, IF(has_record), SCREEN_SHARE },
	{ SCREEN_CONTACT, FLOW_CONTINUE, ALWAYS, SAVE },
	{ SCREEN_CONTACT_CHANGE, FLOW_EDIT, ALWAYS, SCREEN_CONTACT_EDIT },
	{ SCREEN_CONTACT_CHANGE, FLOW_BACK, ALWAYS, SCREEN_CONTACT },
	{ SCREEN_CONTACT_EDIT, FLOW_BACK, ALWAYS, SCREEN_CONTACT_CHANGE },
	{ SCREEN_CONTACT_EDIT, FLOW_CONTINUE, ALWAYS, SCREEN_CONTACT },

	{ SCREEN_INSURANCE, FLOW_BACK, IF(asks_contact), SCREEN_CONTACT },
	{ SCREEN_INSURANCE, FLOW_BACK, ALWAYS, SCREEN_APPOINTMENTS },
	{ SCREEN_INSURANCE, FLOW_NEW_CARD, ALWAYS, SCREEN_INSURANCE_NEW },
	{ SCREEN_INSURANCE, FLOW_TYPE, ALWAYS, SCREEN_INSURANCE_TYPE },
	{ SCREEN_INSURANCE, FLOW_CARD_READ, ALWAYS, SCREEN_INSURANCE_CARD },
	{ SCREEN_INSURANCE, FLOW_CARD_KNOWN, ALWAYS, SCREEN_INSURANCE },
	{ SCREEN_INSURANCE, FLOW_CONTINUE, IF(has_record), SCREEN_SHARE },
	{ SCREEN_INSURANCE, FLOW_CONTINUE, ALWAYS, SAVE },
	{ SCREEN_INSURANCE_NEW, FLOW_CARD_READ, ALWAYS, SCREEN_INSURANCE_CARD },
	{ SCREEN_INSURANCE_NEW, FLOW_CARD_KNOWN, ALWAYS, SCREEN_INSURANCE },
	{ SCREEN_INSURANCE_NEW, FLOW_TYPE, ALWAYS, SCREEN_INSURANCE_TYPE },
	{ SCREEN_INSURANCE_NEW, FLOW_BACK, ALWAYS, SCREEN_INSURANCE },
	{ SCREEN_INSURANCE_CARD, FLOW_CARD_READ, ALWAYS, SCREEN_INSURANCE_CARD },
	{ SCREEN_INSURANCE_CARD, FLOW_CARD_KNOWN, ALWAYS, SCREEN_INSURANCE },
	{ SCREEN_INSURANCE_CARD, FLOW_TYPE, ALWAYS, SCREEN_INSURANCE_TYPE },
	{ SCREEN_INSURANCE_CARD, FLOW_NEW_CARD, ALWAYS, SCREEN_INSURANCE_NEW },
	{ SCREEN_INSURANCE_CARD, FLOW_BACK, ALWAYS, SCREEN_INSURANCE },
	{ SCREEN_INSURANCE_CARD, FLOW_CONTINUE, IF(has_record), SCREEN_SHARE },
	{ SCREEN_INSURANCE_CARD, FLOW_CONTINUE, ALWAYS, SAVE },
	{ SCREEN_INSURANCE_TYPE, FLOW_CARD_READ, ALWAYS, SCREEN_INSURANCE_CARD },
	{ SCREEN_INSURANCE_TYPE, FLOW_CARD_KNOWN, ALWAYS, SCREEN_INSURANCE },
	{ SCREEN_INSURANCE_TYPE, FLOW_BACK, ALWAYS, SCREEN_INSURANCE_NEW },
	{ SCREEN_INSURANCE_TYPE, FLOW_CONTINUE, IF(has_record), SCREEN_SHARE },
	{ SCREEN_INSURANCE_TYPE, FLOW_CONTINUE, ALWAYS, SAVE },

	{ SCREEN_SHARE, FLOW_CARD_READ, ALWAYS, SCREEN_INSURANCE_CARD },
	{ SCREEN_SHARE, FLOW_CONTINUE, ALWAYS, SAVE },
	{ SCREEN_SHARE, FLOW_BACK, IF(asks_insurance), SCREEN_INSURANCE },
	{ SCREEN_SHARE, FLOW_BACK, IF(asks_contact), SCREEN_CONTACT },
	{ SCREEN_SHARE, FLOW_BACK, ALWAYS, SCREEN_APPOINTMENTS },

	{ SCREEN_NOTICE, FLOW_TRY_AGAIN, ALWAYS, SCREEN_BIRTHDAY },
	{ FLOW_ANY, FLOW_DESK, ALWAYS, SAVE },
	{ FLOW_ANY, FLOW_COMMITTED, IF(is_handover), SCREEN_DESK },
	{ FLOW_ANY, FLOW_COMMITTED, ALWAYS, SCREEN_DONE },
	{ FLOW_ANY, FLOW_FAILED, ALWAYS, SCREEN_DESK },
	{ FLOW_ANY, FLOW_SLOW, ALWAYS, SCREEN_WAIT },
	{ FLOW_ANY, FLOW_BROKEN, IF(is_starting), SCREEN_STARTING },
	{ FLOW_ANY, FLOW_BROKEN, ALWAYS, SCREEN_OUT_OF_ORDER },
	{ SCREEN_OUT_OF_ORDER, FLOW_MENDED, IF(is_waiting), SCREEN_WAIT },
	{ SCREEN_OUT_OF_ORDER, FLOW_MENDED, IF(can_check_in), SCREEN_APPOINTMENTS },
	{ SCREEN_OUT_OF_ORDER, FLOW_MENDED, IF(has_arrived), SCREEN_ARRIVED },
	{ SCREEN_OUT_OF_ORDER, FLOW_MENDED, IF(is_identified), SCREEN_NOTICE },
	{ SCREEN_OUT_OF_ORDER, FLOW_MENDED, ALWAYS, SCREEN_WELCOME },

	{ SCREEN_WELCOME, FLOW_TECHNICIAN, IF(has_key), SCREEN_BOX },
	{ SCREEN_WELCOME, FLOW_TECHNICIAN, ALWAYS, SCREEN_TECHNICIAN_PIN },
	{ SCREEN_OUT_OF_ORDER, FLOW_TECHNICIAN, IF(has_key), SCREEN_BOX },
	{ SCREEN_OUT_OF_ORDER, FLOW_TECHNICIAN, ALWAYS, SCREEN_TECHNICIAN_PIN },
	{ SCREEN_OUT_OF_SERVICE, FLOW_TECHNICIAN, IF(has_key), SCREEN_BOX },
	{ SCREEN_OUT_OF_SERVICE, FLOW_TECHNICIAN, ALWAYS, SCREEN_TECHNICIAN_PIN },
	{ SCREEN_STARTING, FLOW_TECHNICIAN, IF(has_key), SCREEN_BOX },
	{ SCREEN_STARTING, FLOW_TECHNICIAN, ALWAYS, SCREEN_TECHNICIAN_PIN },
	{ SCREEN_SETUP_LANGUAGE, FLOW_TECHNICIAN, IF(has_key), SCREEN_BOX },
	{ SCREEN_CLINIC, FLOW_TECHNICIAN, IF(has_key), SCREEN_BOX },
	{ SCREEN_TECHNICIAN_PIN, FLOW_CONTINUE, IF(is_technician_at_box), SCREEN_BOX },
	{ SCREEN_TECHNICIAN_PIN, FLOW_CONTINUE, IF(is_technician), SCREEN_TECHNICIAN },
	{ SCREEN_TECHNICIAN, FLOW_TEST, IF(is_technician), SCREEN_TECHNICIAN_TEST },
	{ SCREEN_TECHNICIAN, FLOW_BACK, IF(is_technician), SCREEN_BOX },
	{ SCREEN_TECHNICIAN_TEST, FLOW_BACK, IF(is_technician), SCREEN_TECHNICIAN },
	{ SCREEN_TECHNICIAN_TEST, FLOW_BACK, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_TECHNICIAN_TEST, FLOW_CONTINUE, ALWAYS, SCREEN_SETUP_DONE },
	{ SCREEN_BOX, FLOW_DEVICES, IF(is_technician), SCREEN_TECHNICIAN },
	{ SCREEN_BOX, FLOW_ABOUT, IF(is_technician), SCREEN_ABOUT },
	{ SCREEN_BOX, FLOW_PANEL, IF(is_technician), SCREEN_PANEL },
	{ SCREEN_BOX, FLOW_NETWORK, IF(is_technician), SCREEN_NETWORK },
	{ SCREEN_BOX, FLOW_CLINIC, IF(is_technician), SCREEN_CLINIC },
	{ SCREEN_BOX, FLOW_UPDATE, IF(is_technician), SCREEN_UPDATE },
	{ SCREEN_BOX, FLOW_ASK, IF(is_technician), SCREEN_BOX_ASK },
	{ SCREEN_ABOUT, FLOW_BACK, IF(is_technician), SCREEN_BOX },
	{ SCREEN_ABOUT, FLOW_BACK, ALWAYS, SCREEN_SETUP_LANGUAGE },
	{ SCREEN_UPDATE, FLOW_BACK, ALWAYS, SCREEN_BOX },
	{ SCREEN_BOX_ASK, FLOW_BACK, ALWAYS, SCREEN_BOX },

	{ SCREEN_SETUP_STICK, FLOW_BY_HAND, ALWAYS, SCREEN_SETUP_LANGUAGE },
	{ SCREEN_SETUP_LANGUAGE, FLOW_CONTINUE, ALWAYS, SCREEN_PANEL },
	{ SCREEN_SETUP_LANGUAGE, FLOW_ABOUT, ALWAYS, SCREEN_ABOUT },
	{ SCREEN_PANEL, FLOW_BACK, IF(is_technician), SCREEN_BOX },
	{ SCREEN_PANEL, FLOW_BACK, ALWAYS, SCREEN_SETUP_LANGUAGE },
	{ SCREEN_PANEL, FLOW_CONTINUE, IF(is_technician), SCREEN_BOX },
	{ SCREEN_PANEL, FLOW_CONTINUE, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_NETWORK, FLOW_WIRELESS, ALWAYS, SCREEN_WIRELESS },
	{ SCREEN_NETWORK, FLOW_ADDRESS, ALWAYS, SCREEN_ADDRESS },
	{ SCREEN_NETWORK, FLOW_BACK, IF(is_technician), SCREEN_BOX },
	{ SCREEN_NETWORK, FLOW_BACK, IF(is_new), SCREEN_PANEL },
	{ SCREEN_NETWORK, FLOW_BACK, ALWAYS, SCREEN_CLINIC },
	{ SCREEN_NETWORK, FLOW_CONTINUE, IF(is_technician), SCREEN_BOX },
	{ SCREEN_NETWORK, FLOW_CONTINUE, IF(is_enrolled), SCREEN_TECHNICIAN_TEST },
	{ SCREEN_NETWORK, FLOW_CONTINUE, ALWAYS, SCREEN_CLINIC },
	{ SCREEN_WIRELESS, FLOW_BACK, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_WIRELESS, FLOW_CONTINUE, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_WIRELESS, FLOW_TYPE, ALWAYS, SCREEN_PASSPHRASE },
	{ SCREEN_PASSPHRASE, FLOW_BACK, ALWAYS, SCREEN_WIRELESS },
	{ SCREEN_PASSPHRASE, FLOW_CONTINUE, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_ADDRESS, FLOW_BACK, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_ADDRESS, FLOW_CONTINUE, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_CLINIC, FLOW_TYPE, ALWAYS, SCREEN_CLINIC_TYPE },
	{ SCREEN_CLINIC, FLOW_ENROL, ALWAYS, SCREEN_ENROL },
	{ SCREEN_CLINIC, FLOW_NETWORK, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_CLINIC, FLOW_BACK, IF(is_technician), SCREEN_BOX },
	{ SCREEN_CLINIC, FLOW_BACK, ALWAYS, SCREEN_NETWORK },
	{ SCREEN_CLINIC, FLOW_LATER, ALWAYS, SCREEN_TECHNICIAN_TEST },
	{ SCREEN_CLINIC_TYPE, FLOW_ENROL, ALWAYS, SCREEN_ENROL },
	{ SCREEN_CLINIC_TYPE, FLOW_BACK, ALWAYS, SCREEN_CLINIC },
	{ SCREEN_SETUP_DONE, FLOW_BACK, ALWAYS, SCREEN_TECHNICIAN_TEST },
	{ SCREEN_ENROL, FLOW_BACK, ALWAYS, SCREEN_CLINIC },
	{ SCREEN_ENROL, FLOW_CONTINUE, IF(is_technician), SCREEN_BOX },
	{ SCREEN_ENROL, FLOW_CONTINUE, IF(is_new), SCREEN_TECHNICIAN_TEST },
	{ SCREEN_ENROL, FLOW_CONTINUE, ALWAYS, SCREEN_WELCOME },

	{ SCREEN_INSTALL, FLOW_ASK, ALWAYS, SCREEN_INSTALL_ASK },
	{ SCREEN_INSTALL_ASK, FLOW_BACK, ALWAYS, SCREEN_INSTALL },
	{ SCREEN_INSTALL_ASK, FLOW_CONTINUE, ALWAYS, SCREEN_INSTALL },

	/* Where this kiosk rests, as it stands: app_settle() asks these rows, too. */
	{ FLOW_ANY, FLOW_START_OVER, IF(is_leaving), SCREEN_RESTARTING },
	{ FLOW_ANY, FLOW_START_OVER, IF(is_installer), SCREEN_INSTALL },
	{ FLOW_ANY, FLOW_START_OVER, IF(has_stick), SCREEN_SETUP_STICK },
	{ FLOW_ANY, FLOW_START_OVER, IF(is_new), SCREEN_SETUP_LANGUAGE },
	{ FLOW_ANY, FLOW_START_OVER, IF(is_starting), SCREEN_STARTING },
	{ FLOW_ANY, FLOW_START_OVER, IF(has_no_clinic), SCREEN_CLINIC },
	{ FLOW_ANY, FLOW_START_OVER, IF(is_broken), SCREEN_OUT_OF_ORDER },
	{ FLOW_ANY, FLOW_START_OVER, IF(is_out_of_service), SCREEN_OUT_OF_SERVICE },
	{ FLOW_ANY, FLOW_START_OVER, ALWAYS, SCREEN_WELCOME },
};

static const char *const screen_names[SCREEN_COUNT] = {
	[SCREEN_WELCOME] = "welcome",
	[SCREEN_BIRTHDAY] = "birthday",
	[SCREEN_FAMILY] = "first-letter",
	[SCREEN_GIVEN] = "first-name-letter",
	[SCREEN_PHONE] = "phone",
	[SCREEN_APPOINTMENTS] = "appointments",
	[SCREEN_CHOOSE] = "choose",
	[SCREEN_CONTACT] = "contact",
	[SCREEN_CONTACT_CHANGE] = "contact-change",
	[SCREEN_CONTACT_EDIT] = "contact-edit",
	[SCREEN_INSURANCE] = "insurance",
	[SCREEN_INSURANCE_NEW] = "insurance-new",
	[SCREEN_INSURANCE_CARD] = "insurance-card",
	[SCREEN_INSURANCE_TYPE] = "insurance-type",
	[SCREEN_SHARE] = "share",
	[SCREEN_WAIT] = "wait",
	[SCREEN_DONE] = "done",
	[SCREEN_ARRIVED] = "already-checked-in",
	[SCREEN_NOTICE] = "notice",
	[SCREEN_DESK] = "desk",
	[SCREEN_OUT_OF_ORDER] = "out-of-order",
	[SCREEN_TECHNICIAN_PIN] = "technician-pin",
	[SCREEN_TECHNICIAN] = "technician",
	[SCREEN_TECHNICIAN_TEST] = "technician-test",
	[SCREEN_STARTING] = "starting",
	[SCREEN_OUT_OF_SERVICE] = "out-of-service",
	[SCREEN_RESTARTING] = "restarting",
	[SCREEN_SETUP_LANGUAGE] = "setup-language",
	[SCREEN_SETUP_STICK] = "setup-stick",
	[SCREEN_PANEL] = "panel",
	[SCREEN_NETWORK] = "network",
	[SCREEN_WIRELESS] = "wireless",
	[SCREEN_PASSPHRASE] = "passphrase",
	[SCREEN_ADDRESS] = "address",
	[SCREEN_CLINIC] = "clinic",
	[SCREEN_CLINIC_TYPE] = "clinic-type",
	[SCREEN_ENROL] = "enrol",
	[SCREEN_SETUP_DONE] = "setup-done",
	[SCREEN_BOX] = "box",
	[SCREEN_ABOUT] = "about",
	[SCREEN_UPDATE] = "update",
	[SCREEN_BOX_ASK] = "box-ask",
	[SCREEN_INSTALL] = "install",
	[SCREEN_INSTALL_ASK] = "install-ask",
};

static const char *const event_names[FLOW_EVENT_COUNT] = {
	[FLOW_START] = "check in",
	[FLOW_SOMETHING_ELSE] = "something else",
	[FLOW_NEED_BIRTHDAY] = "need birthday",
	[FLOW_NEED_FAMILY] = "need last name",
	[FLOW_NEED_GIVEN] = "need first name",
	[FLOW_NEED_PHONE] = "need phone",
	[FLOW_FOUND] = "found",
	[FLOW_NOBODY] = "nobody",
	[FLOW_CONTINUE] = "continue",
	[FLOW_BACK] = "back",
	[FLOW_CHOOSE] = "only one",
	[FLOW_NOT_ME] = "not me",
	[FLOW_CHANGE] = "change",
	[FLOW_EDIT] = "edit",
	[FLOW_NEW_CARD] = "new card",
	[FLOW_CARD_READ] = "card read",
	[FLOW_CARD_KNOWN] = "card known",
	[FLOW_TYPE] = "type it",
	[FLOW_COMMITTED] = "saved",
	[FLOW_FAILED] = "not saved",
	[FLOW_SLOW] = "slow",
	[FLOW_TRY_AGAIN] = "try again",
	[FLOW_DESK] = "desk",
	[FLOW_BROKEN] = "broken",
	[FLOW_MENDED] = "mended",
	[FLOW_TECHNICIAN] = "clock held",
	[FLOW_TEST] = "test",
	[FLOW_DEVICES] = "devices",
	[FLOW_BY_HAND] = "by hand",
	[FLOW_PANEL] = "panel",
	[FLOW_NETWORK] = "network",
	[FLOW_WIRELESS] = "wireless",
	[FLOW_ADDRESS] = "address",
	[FLOW_CLINIC] = "clinic",
	[FLOW_ENROL] = "enrol",
	[FLOW_LATER] = "later",
	[FLOW_ABOUT] = "about",
	[FLOW_UPDATE] = "update",
	[FLOW_ASK] = "ask",
	[FLOW_START_OVER] = "start over",
};

const struct flow_row *flow_table(int *count)
{
	*count = (int)(sizeof(rows) / sizeof(rows[0]));
	return rows;
}

int flow_next(const struct app *app, enum screen_id from, enum flow_event event)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct flow_row *row = &rows[i];

		if (row->event == event && (row->from == from || row->from == FLOW_ANY) &&
		    (row->guard == NULL || row->guard(app)))
			return (int)row->to;
	}
	return -1;
}

const char *flow_event_name(enum flow_event event)
{
	return event_names[event];
}

const char *flow_screen_name(enum screen_id screen)
{
	return screen < SCREEN_COUNT ? screen_names[screen] : "save";
}

void flow_write_dot(FILE *out)
{
	fprintf(out,
		"digraph flow {\n\trankdir=LR;\n\tnode [shape=box, style=rounded, fontname=\"Inter\"];\n"
		"\tedge [fontname=\"Inter\", fontsize=10];\n\t\"any\" [style=dashed];\n\t\"save\" [shape=cylinder];\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out, "\t\"%s\" -> \"%s\" [label=\"%s%s%s%s\"];\n",
			rows[i].from == FLOW_ANY ? "any" : flow_screen_name(rows[i].from), flow_screen_name(rows[i].to),
			flow_event_name(rows[i].event), rows[i].guard ? "\\n[" : "", rows[i].guard_name,
			rows[i].guard ? "]" : "");
	fprintf(out, "}\n");
}
