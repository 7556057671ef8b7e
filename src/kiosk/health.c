/* See health.h. A card with several codes is put together as its codes come, in any order; then lobby-sync is asked
 * once, and the screen stays usable meanwhile: the answer comes in a blink, or for a link as soon as the clinic has
 * opened it. */
#include "health.h"

#include "app.h"

#include "base/log.h"
#include "base/text.h"
#include "words.h"

#include <string.h>

#define ANSWER_MS 15000 /* the clinic gives a link 10 seconds */

static const char slow_text[] = N_("That takes too long. You can go on by touch.");

static const char *words_of(lobby_HealthOutcome outcome)
{
	switch (outcome) {
	case lobby_HealthOutcome_HEALTH_EXPIRED:
		return err_patient_text(LOBBY_ERR_CARD_EXPIRED);
	case lobby_HealthOutcome_HEALTH_REVOKED:
		return err_patient_text(LOBBY_ERR_CARD_REVOKED);
	case lobby_HealthOutcome_HEALTH_UNKNOWN_ISSUER:
		return err_patient_text(LOBBY_ERR_CARD_ISSUER);
	case lobby_HealthOutcome_HEALTH_TAMPERED:
		return err_patient_text(LOBBY_ERR_CARD_TAMPERED);
	case lobby_HealthOutcome_HEALTH_LINK_PASSCODE:
		return N_("That link asks for a passcode. Please show it at the front desk.");
	case lobby_HealthOutcome_HEALTH_LINK_GONE:
		return N_("There is nothing behind that link any more. Please make a new one.");
	case lobby_HealthOutcome_HEALTH_LINK_REFUSED:
		return N_("We could not open that link. Please show it at the front desk.");
	default:
		return err_patient_text(LOBBY_ERR_CARD_UNKNOWN);
	}
}

static void read_again(struct app *app, const struct health_card *card)
{
	if (card->request != 0)
		link_send_read_health(app, card->request, card->data, card->len);
}

/* What was asked last is nothing: the record from before it stays. Its answer is known. */
static void restore(struct app *app)
{
	if (app->session.health.request != 0 && app->session.health.request == app->health.kept.request)
		read_again(app, &app->health.kept);
}

static void on_timeout(void *arg)
{
	struct app *app = arg;

	app->health.request = 0;
	restore(app);
	app_notice(app, slow_text, UI_WARNING);
	app_refresh(app);
}

static void ask(struct app *app, const void *card, size_t len)
{
	struct health *health = &app->health;

	if (!app->sync_up) {
		app_notice(app, slow_text, UI_WARNING);
		return;
	}
	health->request = ++health->last_request;
	health->asked.request = health->request;
	health->asked.len = len < sizeof(health->asked.data) ? len : sizeof(health->asked.data);
	memcpy(health->asked.data, card, health->asked.len);
	link_send_read_health(app, health->request, card, len);
	loop_timer_set(app->loop, &health->timeout, ANSWER_MS, on_timeout, app);
	app_notice(app, N_("Thank you. We are checking your card."), UI_TINT);
}

static void take_part(struct app *app, const uint8_t *data, size_t len)
{
	static char jws[SHC_MAX_JWS];
	struct shc_parts *parts = &app->health.parts;
	int missing, err = shc_parts_add(parts, data, len, &missing);
	size_t jws_len;

	if (err == LOBBY_ERR_EXISTS) { /* another card: this one counts */
		shc_parts_wipe(parts);
		err = shc_parts_add(parts, data, len, &missing);
	}
	if (err == 0 && missing > 0) {
		app_notice_count(app,
				 PN_("Thank you. Please scan the next code of your card: %d is missing.",
				     "Thank you. Please scan the next code of your card: %d are missing."),
				 missing, UI_TINT);
		return;
	}
	if (err == 0)
		err = shc_parts_join(parts, jws, sizeof(jws), &jws_len);
	if (err == 0)
		ask(app, jws, jws_len);
	else
		app_notice(app, err_patient_text(LOBBY_ERR_CARD_UNKNOWN), UI_WARNING);
	explicit_bzero(jws, sizeof(jws));
	shc_parts_wipe(parts);
}

void health_take(struct app *app, const struct card *card, const uint8_t *data, size_t len)
{
	const uint8_t *link;
	size_t link_len;

	if (app->screen == SCREEN_DONE || app->screen == SCREEN_DESK || app->screen == SCREEN_ARRIVED)
		app_fire(app, FLOW_START_OVER); /* the last patient's; this is the next one */
	session_touch(&app->session);
	app->session.touches--;
	if (card->kind == CARD_HEALTH_PART)
		take_part(app, data, len);
	else if (shc_link_open(data, len, &link, &link_len) == 0)
		ask(app, link, link_len);
}

/* Whose card is it? Only where both birthdays are known can that be told. */
static bool is_somebody_elses(const struct app *app, const lobby_HealthRead *read)
{
	return !scan_begins_anew(app) && session_is_other_birthday(&app->session, read->birth_date);
}

static bool names_insurance(const lobby_HealthRead *read)
{
	return read->has_insurance && read->insurance.member_id[0] != '\0';
}

static void keep(struct session *session, const lobby_HealthRead *read)
{
	session->health = *read;
	if (!names_insurance(read))
		return;
	session->card = read->insurance;
	session->has_card = true;
}

/* The record is at hand; what it means depends on where the patient is. */
static void go_on(struct app *app)
{
	struct session *session = &app->session;
	const struct screen *screen = screens[app->screen];
	static struct card card; /* zero: a screen looks at session.card */

	card.kind = CARD_INSURANCE;
	if (scan_begins_anew(app))
		scan_take_health(app);
	else if (names_insurance(&session->health) && screen->scan != NULL && screen->scan(app, &card))
		return;
	else if (session_has_record(session))
		app_notice(app, N_("Thank you. We will ask you about it before you are done."), UI_TINT);
	else if (app->settings.ask_insurance && names_insurance(&session->health) && session_has_new_card(session))
		app_notice(app, N_("Thank you. We will ask about your insurance in a moment."), UI_TINT);
	else
		app_notice(app, N_("We already know who you are. Please go on below."), UI_TINT);
}

/* The visit is on its way, nobody can be helped now, or what the patient reads is the end and this would not change
 * it. */
static bool is_too_late(const struct app *app, const lobby_HealthRead *read)
{
	return app->pending == PENDING_VISIT || app->screen == SCREEN_OUT_OF_ORDER || app->screen == SCREEN_ARRIVED ||
	       (app->screen == SCREEN_NOTICE && app->session.identified && read->family[0] == '\0');
}

void health_on_read(struct app *app, const lobby_HealthRead *read)
{
	struct health *health = &app->health;

	if (health->request == 0 || read->request != health->request)
		return;
	health_drop(app);
	if (is_too_late(app, read))
		return;
	app->dirty = true;
	log_event(LOG_INFO, "health-card", "outcome=%d", (int)read->outcome);
	if (read->outcome != lobby_HealthOutcome_HEALTH_VALID &&
	    read->outcome != lobby_HealthOutcome_HEALTH_LINK_LATER) {
		app_notice(app, words_of(read->outcome), UI_WARNING);
		restore(app);
		return;
	}
	if (is_somebody_elses(app, read)) {
		app_notice(app, N_("That card belongs to somebody else."), UI_WARNING);
		restore(app);
		return;
	}
	app->notice = (struct notice){ 0 };
	keep(&app->session, read);
	health->kept = health->asked;
	go_on(app);
}

void health_on_sync_lost(struct app *app)
{
	loop_timer_cancel(app->loop, &app->health.timeout);
}

void health_on_sync_back(struct app *app)
{
	struct health *health = &app->health;

	if (health->request == 0 || app->pending == PENDING_VISIT) {
		restore(app);
		return;
	}
	read_again(app, &health->asked);
	loop_timer_set(app->loop, &health->timeout, ANSWER_MS, on_timeout, app);
}

void health_before_visit(struct app *app)
{
	if (app->health.request == 0)
		return;
	health_drop(app);
	restore(app);
}

void health_drop(struct app *app)
{
	loop_timer_cancel(app->loop, &app->health.timeout);
	app->health.request = 0;
}

void health_wipe(struct app *app)
{
	struct health *health = &app->health;

	shc_parts_wipe(&health->parts);
	explicit_bzero(&health->asked, sizeof(health->asked));
	explicit_bzero(&health->kept, sizeof(health->kept));
	health_drop(app);
	if (health->last_request != 0 && app->sync_up)
		link_send_forget_health(app, health->last_request);
}
