/* A scan: read the card, then let the screen have it, else take it as somebody's identity. */
#include "app.h"

#include "base/log.h"
#include "base/text.h"
#include "health.h"
#include "idle.h"
#include "words.h"

#include <string.h>

/* Screens on which the last patient is finished, or nobody is known yet: a card begins anew. */
bool scan_begins_anew(const struct app *app)
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

/* The card names a person, mostly; its number finds them where the name is spelt otherwise. */
static void take_insurance(struct session *session, const struct card_insurance *insurance)
{
	text_copy(session->query.member_id, sizeof(session->query.member_id), insurance->member_id);
	session->by =
		insurance->chip ? lobby_IdentifiedBy_IDENTIFIED_BY_CHIP : lobby_IdentifiedBy_IDENTIFIED_BY_INSURANCE;
	if (insurance->birth_date[0] == '\0' || insurance->family[0] == '\0')
		return;
	text_copy(session->query.family, sizeof(session->query.family), insurance->family);
	text_copy(session->query.given, sizeof(session->query.given), insurance->given);
	text_copy(session->query.birth_date, sizeof(session->query.birth_date), insurance->birth_date);
	session->query.from_card = true;
	session->query.cut = insurance->family_cut || insurance->given_cut;
}

static void keep_card(struct session *session, const struct card_insurance *from, lobby_ScanSource source)
{
	lobby_InsuranceCard *card = &session->card;

	session->has_card = true;
	card->source = source == lobby_ScanSource_SCAN_CHIP	? lobby_InsuranceSource_INSURANCE_SOURCE_CHIP
		       : source == lobby_ScanSource_SCAN_STRIPE ? lobby_InsuranceSource_INSURANCE_SOURCE_STRIPE
								: lobby_InsuranceSource_INSURANCE_SOURCE_CODE;
#define KEEP(field) text_copy(card->field, sizeof(card->field), from->field)
	KEEP(payor);
	KEEP(payor_id);
	KEEP(member_id);
	KEEP(group);
	KEEP(plan);
	KEEP(subscriber);
	KEEP(family);
	KEEP(given);
	KEEP(birth_date);
	KEEP(period_start);
	KEEP(period_end);
	KEEP(rx_bin);
	KEEP(rx_pcn);
	KEEP(rx_group);
	KEEP(dependent);
#undef KEEP
}

/* The birthday that was typed before helps a card that has none. */
static void identify_or_ask(struct app *app, const char *typed)
{
	struct session *session = &app->session;

	if (session->query.birth_date[0] == '\0' && session->query.appointment_code[0] == '\0')
		text_copy(session->query.birth_date, sizeof(session->query.birth_date), typed);
	if (session->query.birth_date[0] != '\0' || session->query.appointment_code[0] != '\0') {
		app_identify(app);
		return;
	}
	app_fire(app, FLOW_NEED_BIRTHDAY);
	app_notice(app, N_("Thank you. Now please enter your birthday."), UI_TINT);
}

static void begin_anew(struct app *app, char typed[11])
{
	struct session *session = &app->session;

	if (app->screen == SCREEN_DONE || app->screen == SCREEN_DESK || app->screen == SCREEN_ARRIVED)
		app_fire(app, FLOW_START_OVER);
	text_copy(typed, 11, session->query.birth_date);
	if (app->screen ==
	    SCREEN_NOTICE) { /* whoever read that may have left: what they typed or asked is not for the next */
		health_drop(app);
		ui_wipe(app->ui);
	}
	session_forget_person(session);
	session->active = true;
}

static void take_identity(struct app *app, const struct card *card, lobby_ScanSource source)
{
	struct session *session = &app->session;
	char typed[11];

	begin_anew(app, typed);
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
		session->by = lobby_IdentifiedBy_IDENTIFIED_BY_INSURANCE;
		break;
	case CARD_INSURANCE:
		take_insurance(session, &card->insurance);
		keep_card(session, &card->insurance, source);
		break;
	case CARD_HEALTH_PART:
	case CARD_HEALTH_LINK:
		return; /* health.c */
	}
	identify_or_ask(app, typed);
}

void scan_take_health(struct app *app)
{
	struct session *session = &app->session;
	lobby_HealthRead read = session->health;
	lobby_InsuranceCard card = session->card;
	bool has_card = session->has_card;
	char typed[11];

	begin_anew(app, typed);
	session->health = read;
	session->card = card;
	session->has_card = has_card;
	text_copy(session->query.family, sizeof(session->query.family), read.family);
	text_copy(session->query.given, sizeof(session->query.given), read.given);
	text_copy(session->query.birth_date, sizeof(session->query.birth_date), read.birth_date);
	session->query.from_card = read.family[0] != '\0';
	session->by = read.family[0] != '\0' ? lobby_IdentifiedBy_IDENTIFIED_BY_HEALTH_CARD
					     : lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY; /* a link says nothing yet */
	identify_or_ask(app, typed);
	explicit_bzero(&read, sizeof(read));
	explicit_bzero(&card, sizeof(card));
}

/* Somebody is known: an insurance card is kept for the insurance step, whichever screen this is. */
static bool offer_to_screen(struct app *app, const struct card *card, lobby_ScanSource source)
{
	const struct screen *screen = screens[app->screen];

	if (card->kind == CARD_INSURANCE && !scan_begins_anew(app)) {
		session_forget_card(&app->session);
		keep_card(&app->session, &card->insurance, source);
	}
	if (screen->scan != NULL && screen->scan(app, card))
		return true;
	if (card->kind != CARD_INSURANCE || scan_begins_anew(app) || !app->settings.ask_insurance)
		return false;
	if (app->screen == SCREEN_SHARE) {
		app_notice(app, N_("That is the card that we have. You can go on below."), UI_SUCCESS);
		return true;
	}
	app_notice(app, N_("Thank you. We will ask about your insurance in a moment."), UI_TINT);
	return true;
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

	if (scan->err == 0 && scan->source == lobby_ScanSource_SCAN_CODE &&
	    setup_take_scan(app, (const char *)scan->data.bytes, scan->data.size)) {
		app_refresh(app);
		return;
	}
	if (screens[app->screen]->rests && app->screen != SCREEN_WELCOME)
		return;
	if (app->screen == SCREEN_OUT_OF_ORDER || screens[app->screen]->staff || app->pending != PENDING_NOTHING)
		return;
	if (app->overlay == OVERLAY_STILL_THERE)
		idle_answered(app);
	else if (app->overlay == OVERLAY_LANGUAGE)
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
	} else if (card.kind == CARD_HEALTH_PART || card.kind == CARD_HEALTH_LINK) {
		health_take(app, &card, scan->data.bytes, scan->data.size);
	} else if (offer_to_screen(app, &card, scan->source)) {
		/* the screen took it */
	} else if (scan_begins_anew(app)) {
		take_identity(app, &card, scan->source);
	} else {
		app_notice(app, N_("We already know who you are. Please go on below."), UI_TINT);
	}
	explicit_bzero(&card, sizeof(card));
	app_refresh(app);
}
