/* A scan: read the card, then let the screen have it, else take it as somebody's identity. */
#include "app.h"
#include "base/log.h"
#include "base/text.h"
#include "words.h"

#include <string.h>

/* Screens on which the last patient is finished, or nobody is known yet: a card begins anew. */
static bool begins_anew(const struct app *app)
{
	switch (app->screen) {
	case SCREEN_DONE:
	case SCREEN_DESK:
	case SCREEN_ARRIVED:
	case SCREEN_NOTICE:
		return true;
	default:
		return !app->session.identified;
	}
}

static void take_licence(struct session *session, const struct card_licence *licence)
{
	text_copy(session->query.family, sizeof(session->query.family), licence->family);
	text_copy(session->query.given, sizeof(session->query.given), licence->given);
	text_copy(session->query.birth_date, sizeof(session->query.birth_date), licence->birth_date);
	session->query.from_card = true;
	session->query.cut = licence->family_cut || licence->given_cut;
	session->by = lobby_IdentifiedBy_IDENTIFIED_BY_LICENCE;
}

static void take_identity(struct app *app, const struct card *card)
{
	struct session *session = &app->session;
	char birth_date[sizeof(session->query.birth_date)];

	if (app->screen == SCREEN_DONE || app->screen == SCREEN_DESK || app->screen == SCREEN_ARRIVED)
		app_fire(app, FLOW_START_OVER);
	text_copy(birth_date, sizeof(birth_date), session->query.birth_date);
	session_forget_person(session);
	session->active = true;
	switch (card->kind) {
	case CARD_LICENCE:
		take_licence(session, &card->licence);
		break;
	case CARD_LETTER:
		text_copy(session->query.appointment_code, sizeof(session->query.appointment_code), card->code);
		session->by = lobby_IdentifiedBy_IDENTIFIED_BY_LETTER;
		break;
	case CARD_MEMBER_CODE:
		text_copy(session->query.member_id, sizeof(session->query.member_id), card->code);
		text_copy(session->query.birth_date, sizeof(session->query.birth_date), birth_date);
		session->by = lobby_IdentifiedBy_IDENTIFIED_BY_INSURANCE;
		if (birth_date[0] == '\0') {
			app_fire(app, FLOW_NEED_BIRTHDAY);
			app_notice(app, N_("Thank you. Now please enter your birthday."), UI_TINT);
			return;
		}
		break;
	case CARD_INSURANCE:
	case CARD_HEALTH_PART:
	case CARD_HEALTH_LINK:
		return;
	}
	app_identify(app);
}

/* What the patient is told of a card that could not be read: never an error without words. */
static const char *unread_text(int err)
{
	const char *text = err_patient_text(err);

	return text[0] != '\0' ? text : err_patient_text(LOBBY_ERR_CARD_UNKNOWN);
}

void app_on_scan(struct app *app, const lobby_Scan *scan)
{
	static struct card card; /* wiped below */
	int err = scan->err;

	if (app->screen == SCREEN_OUT_OF_ORDER || app->pending != PENDING_NOTHING)
		return;
	if (app->overlay == OVERLAY_STILL_THERE || app->overlay == OVERLAY_LANGUAGE)
		app->overlay = OVERLAY_NONE;
	app_awake(app);
	session_touch(&app->session);
	app->session.touches--;
	app->dirty = true;
	if (err == 0)
		err = card_parse((enum card_source)scan->source, scan->aim, scan->data.bytes, scan->data.size, &card);
	if (err != 0) {
		log_event(LOG_INFO, "scan-not-read", "err=%s bytes=%u", err_event(err), (unsigned)scan->data.size);
		app_notice(app, unread_text(err), UI_WARNING);
	} else if (screens[app->screen]->scan != NULL && screens[app->screen]->scan(app, &card)) {
		/* the screen took it */
	} else if (begins_anew(app)) {
		take_identity(app, &card);
	} else {
		app_notice(app, N_("We already know who you are. Please go on below."), UI_TINT);
	}
	explicit_bzero(&card, sizeof(card));
	app_refresh(app);
}
