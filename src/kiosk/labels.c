/* See labels.h. The band: the name large, the birthday, the number; the patient's id as Code 128, which every ward's
 * scanner reads, and the visit as a QR code. The label has the same in small. */
#include "labels.h"

#include "app.h"

#include "base/text.h"
#include "checkin/visit.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

#define WRISTBAND_WIDTH_MM 25
#define WRISTBAND_LENGTH_MM 279
#define LABEL_WIDTH_MM 50
#define LABEL_LENGTH_MM 25
#define CODE_MAX 20 /* letters of a patient's id that fit as Code 128 */

const struct label *labels_find(const struct app *app, lobby_PrintForm form)
{
	for (int i = 0; i < LABELS_MAX; i++)
		if (app->labels.label[i].job[0] != '\0' && !app->labels.label[i].left &&
		    app->labels.label[i].form == form)
			return &app->labels.label[i];
	return NULL;
}

static void add(lobby_Print *print, const char *text, uint32_t scale, bool bold)
{
	lobby_SlipLine *line = &print->line[print->line_count++];

	text_copy(line->text, sizeof(line->text), text);
	line->scale = scale;
	line->bold = bold;
}

static void compose(const struct app *app, lobby_PrintForm form, const char *job, lobby_Print *print)
{
	const lobby_Person *person = &app->session.found.person;
	const lobby_Settings *settings = &app->settings;
	bool band = form == lobby_PrintForm_PRINT_WRISTBAND;
	char text[192], birthday[64];

	*print = (lobby_Print){ .form = form };
	text_copy(print->job, sizeof(print->job), job);
	/* What staff read is in the clinic's language, whatever the patient chose. */
	text_copy(print->language, sizeof(print->language),
		  settings->language_count > 0 ? settings->language[0] : "en");
	print->width_mm = band ? settings->wristband_width_mm : settings->label_width_mm;
	print->length_mm = band ? settings->wristband_length_mm : settings->label_length_mm;
	if (print->width_mm == 0)
		print->width_mm = band ? WRISTBAND_WIDTH_MM : LABEL_WIDTH_MM;
	if (print->length_mm == 0)
		print->length_mm = band ? WRISTBAND_LENGTH_MM : LABEL_LENGTH_MM;
	print->has_copy = true;
	text_copy(print->copy.text, sizeof(print->copy.text), _("Copy"));
	snprintf(text, sizeof(text), "%s, %s", person->family, person->given);
	add(print, text, 2, true);
	words_date(birthday, sizeof(birthday), person->birth_date);
	add(print, birthday, 1, false);
	add(print, app->session.committed.ticket, 1, true);
	if (strlen(person->patient_id) <= CODE_MAX)
		text_copy(print->code128, sizeof(print->code128), person->patient_id);
	text_copy(print->qr, sizeof(print->qr), app->session.visit.id);
}

static void settle(struct app *app, struct label *label, int err)
{
	label->err = err;
	label->state = err == 0 ? lobby_SlipState_SLIP_PRINTED : lobby_SlipState_SLIP_FAILED;
	slips_tell(&app->slips, app, label->visit_id, label->form, err);
	if (label->left)
		explicit_bzero(label, sizeof(*label));
	app->dirty = true;
}

static void call_back(struct app *app, struct label *label)
{
	if (label->job[0] != '\0' && label->state == lobby_SlipState_SLIP_PRINTING) {
		link_cancel_print(app, label->job);
		papers_drop(app, label->job);
		settle(app, label, LOBBY_ERR_CLOSED);
	}
	explicit_bzero(label, sizeof(*label));
}

static void on_late(void *arg)
{
	struct app *app = arg;

	for (int i = 0; i < LABELS_MAX; i++)
		if (app->labels.label[i].left)
			call_back(app, &app->labels.label[i]);
}

static void print_one(struct app *app, struct label *label, lobby_PrintForm form)
{
	static lobby_Print print; /* wiped below */
	const lobby_Person *person = &app->session.found.person;

	*label = (struct label){ .form = form, .state = lobby_SlipState_SLIP_PRINTING };
	visit_new_id(label->job);
	text_copy(label->visit_id, sizeof(label->visit_id), app->session.visit.id);
	/* A band without a whole name is worse than none: the clinic's roster did not come with it yet. */
	label->err = person->family[0] == '\0' ? LOBBY_ERR_NOT_FOUND : 0;
	if (label->err == 0) {
		compose(app, form, label->job, &print);
		label->err = papers_send(app, &print);
		explicit_bzero(&print, sizeof(print));
	}
	if (label->err != 0)
		settle(app, label, label->err);
}

void labels_print(struct app *app)
{
	labels_wipe(app);
	if (app->session.visit.kind != lobby_VisitKind_VISIT_ARRIVAL)
		return;
	if (app->settings.print_wristband || app->settings.print_label)
		loop_timer_set(app->loop, &app->labels.late, LABELS_LATE_MS, on_late, app);
	if (app->settings.print_wristband)
		print_one(app, &app->labels.label[0], lobby_PrintForm_PRINT_WRISTBAND);
	if (app->settings.print_label)
		print_one(app, &app->labels.label[1], lobby_PrintForm_PRINT_LABEL);
}

void labels_on_printed(struct app *app, const lobby_Printed *printed)
{
	for (int i = 0; i < LABELS_MAX; i++) {
		struct label *label = &app->labels.label[i];

		if (label->job[0] == '\0' || strcmp(label->job, printed->job) != 0)
			continue;
		settle(app, label, printed->err);
	}
}

void labels_on_devices_lost(struct app *app)
{
	for (int i = 0; i < LABELS_MAX; i++) {
		struct label *label = &app->labels.label[i];

		if (label->job[0] == '\0' || label->state != lobby_SlipState_SLIP_PRINTING)
			continue;
		settle(app, label, LOBBY_ERR_OFFLINE);
	}
}

void labels_wipe(struct app *app)
{
	loop_timer_cancel(app->loop, &app->labels.late);
	for (int i = 0; i < LABELS_MAX; i++)
		call_back(app, &app->labels.label[i]);
}

void labels_leave(struct app *app)
{
	if (!app->labels.late.armed) {
		labels_wipe(app);
		return;
	}
	for (int i = 0; i < LABELS_MAX; i++) {
		struct label *label = &app->labels.label[i];

		label->left = label->job[0] != '\0' && label->state == lobby_SlipState_SLIP_PRINTING;
		if (!label->left)
			explicit_bzero(label, sizeof(*label));
	}
}
