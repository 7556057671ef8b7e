/* See slips.h. A job that must come out waits for its turn: where the queue is full it is given again a little later,
 * as the kiosk does it. */
#include "tests/fault/devices/slips.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_MS 1000

/* Bounds are the message's, so that what is wrong with a job is what it says, not its form. */
static void fill_line(lobby_SlipLine *line, struct chance *c)
{
	static const char *const texts[] = {
		"",
		"Please sit down on the left",
		"Línea: siéntese a la izquierda, mañana 10 €",
		"^XZ~JA^XA \x1b@\x1dV\x10\x04\x14",
		"اجلس من فضلك",
		"请坐 14",
		"0123456789012345678901234567890123456789012345678901234567890123456789012345"
	};

	*line = (lobby_SlipLine){ .align = (lobby_SlipAlign)chance_below(c, 2),
				  .scale = chance_percent(c, 80) ? chance_below(c, 9) : chance_below(c, 1000),
				  .bold = chance_percent(c, 30),
				  .rule = chance_percent(c, 15) };
	snprintf(line->text, sizeof(line->text), "%s", texts[chance_below(c, sizeof(texts) / sizeof(texts[0]))]);
}

static void add_pictures(lobby_Print *print, struct chance *c, bool wild)
{
	unsigned n = 1 + chance_below(c, 2);

	print->row_dots = wild ? chance_below(c, 1000) : 8 * (1 + chance_below(c, 72));
	for (unsigned i = 0; i < n && print->line_count < 40; i++) {
		lobby_SlipLine *line = &print->line[print->line_count++];

		fill_line(line, c);
		line->rule = false;
		line->rows = wild ? (uint32_t)chance_next(c) >> chance_below(c, 32) : 1 + chance_below(c, 300);
		line->first_row = chance_percent(c, 50) ? 0 : (uint32_t)chance_next(c) >> chance_below(c, 32);
	}
}

void slips_print(struct slips *slips, struct lane *lane, lobby_PrintForm form, struct chance *c)
{
	static const char modes[] = "tttttsnwl";
	static lobby_Print print;
	const struct world_job *job;

	print = (lobby_Print){ .form = form, .has_copy = chance_percent(c, 70), .qr = "x" };
	snprintf(print.language, sizeof(print.language), "%s", chance_percent(c, 50) ? "es" : "zh");
	print.line_count = (pb_size_t)chance_below(c, chance_percent(c, 80) ? 8 : 38);
	for (pb_size_t i = 0; i < print.line_count; i++)
		fill_line(&print.line[i], c);
	fill_line(&print.copy, c);
	if (chance_percent(c, 40))
		add_pictures(&print, c, chance_percent(c, 15));
	if (form != lobby_PrintForm_PRINT_SLIP) {
		snprintf(print.code128, sizeof(print.code128), "%s", chance_percent(c, 50) ? "V-44710092" : "");
		print.width_mm = chance_percent(c, 70) ? 0 : chance_below(c, 400);
		print.length_mm = chance_percent(c, 70) ? 0 : chance_below(c, 4000);
	}
	job = world_print(lane->world, lane, &print, modes[chance_below(c, sizeof(modes) - 1)]);
	if (job != NULL)
		snprintf(slips->last, sizeof(slips->last), "%s", job->name);
}

void slips_cancel(struct slips *slips, struct lane *lane)
{
	if (slips->last[0] != '\0')
		world_cancel(lane->world, slips->last);
}

void slips_work(struct slips *slips, struct lane *lane, lobby_PrintForm form, struct chance *c)
{
	static lobby_Print print;
	const struct world_job *job;

	print = (lobby_Print){ .form = form, .line_count = 2, .has_copy = true, .qr = "x" };
	snprintf(print.line[0].text, sizeof(print.line[0].text), "B 14");
	print.line[0].scale = 3;
	snprintf(print.line[1].text, sizeof(print.line[1].text), "Please sit down on the left");
	snprintf(print.copy.text, sizeof(print.copy.text), "Copy");
	if (form == lobby_PrintForm_PRINT_SLIP && chance_percent(c, 30)) {
		print.row_dots = 576;
		print.line[print.line_count++] = (lobby_SlipLine){ .text = "logo", .rows = 1 + chance_below(c, 200) };
	}
	job = world_print(lane->world, lane, &print, 't');
	slips->last[0] = '\0';
	slips->again_ms = clock_mono_ms() + AGAIN_MS;
	if (job != NULL)
		snprintf(slips->last, sizeof(slips->last), "%s", job->name);
}

bool slips_has_worked(struct slips *slips, struct lane *lane, lobby_PrintForm form)
{
	const struct world_job *job = world_job_named(lane->world, slips->last);
	const lobby_Device *d = world_device(lane->world, lane->serial);

	if (job != NULL && !job->ended)
		return false;
	if (job != NULL && job->err == 0)
		return true;
	if (job != NULL && job->err != LOBBY_ERR_BUSY) {
		world_fail(lane->world, "session %u of %s: an honest printer (state %d) did not print %s: %d",
			   lane->session, lane->serial, d == NULL ? -1 : (int)d->state, job->name, job->err);
		return false;
	}
	if (clock_mono_ms() >= slips->again_ms)
		slips_work(slips, lane, form, &lane->chance);
	return false;
}
