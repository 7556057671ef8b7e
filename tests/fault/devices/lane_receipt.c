/* Receipt printers: jobs with pictures, cancelled and not; paper, cover, cutter, head and feed button at any moment;
 * printers that say nothing, nonsense, or take nothing more. */
#include "tests/emu/model_printer.h"
#include "tests/fault/devices/lane.h"
#include "tests/fault/devices/slips.h"

#include <stdio.h>
#include <string.h>

struct receipt {
	struct lane lane; /* first */
	struct model_printer model;
	struct slips slips;
};

static void init(struct lane *lane)
{
	struct receipt *s = (struct receipt *)lane;

	model_printer_init(&s->model, lane->world->bus);
	lane->model = &s->model.model;
}

static void fini(struct lane *lane)
{
	model_printer_fini(&((struct receipt *)lane)->model);
}

/* Switches that a printer has or has not: turned under the lock, or before it is plugged in. */
static void strike(struct model_printer *m, struct chance *c)
{
	switch (chance_below(c, 12)) {
	case 0:
		m->stall_writes = (int)chance_below(c, 6) - 1;
		break;
	case 1:
		m->stall_reads = (int)chance_below(c, 6) - 1;
		break;
	case 2:
		m->silent = !m->silent;
		break;
	case 3:
		m->garbage = !m->garbage;
		break;
	case 4:
		m->drops_asb = (int)chance_below(c, 5) - 1;
		break;
	case 5:
		m->empty_reads = !m->empty_reads;
		break;
	case 6:
		m->slow = !m->slow;
		break;
	case 7:
		m->accepts = chance_below(c, 200);
		break;
	case 8:
		m->holds_after = chance_percent(c, 50) ? 0 : m->received + chance_below(c, 3000);
		break;
	case 9:
		m->trouble = chance_below(c, TROUBLE_HOT + 1);
		m->trouble_after = 1 + chance_below(c, 1500);
		break;
	case 10:
		m->wants_enq = !m->wants_enq;
		break;
	default:
		break;
	}
}

static void dress(struct lane *lane, struct chance *c)
{
	static const char *const ids[] = { "MFG:Lobby;CMD:ESC/POS;MDL:Model Receipt Printer;CLS:PRINTER;",
					   "",
					   ";;;:::;",
					   "CMD:ESC/POS",
					   "MANUFACTURER:X;COMMAND SET:PJL,PCL;",
					   "MDL:\x01\xff\x80;CMD:ESC/POS;" };
	struct model_printer *m = &((struct receipt *)lane)->model;

	if (chance_percent(c, 30))
		m->device_id = ids[chance_below(c, sizeof(ids) / sizeof(ids[0]))];
	m->no_asb = chance_percent(c, 20);
	if (chance_percent(c, 30))
		m->firmware = m->maker = m->name = chance_percent(c, 50) ? NULL : "";
	m->roll = chance_percent(c, 15) ? PRINTER_PAPER_OUT : chance_percent(c, 15) ? PRINTER_PAPER_LOW : m->roll;
	m->cover_open = chance_percent(c, 10);
	m->offline = chance_percent(c, 10);
	m->jammed = m->stuck = chance_percent(c, 5);
	for (int i = 0; i < 3; i++)
		strike(m, c);
}

static void turn_state(struct model_printer *m, struct chance *c)
{
	bool on = chance_percent(c, 50);

	switch (chance_below(c, 6)) {
	case 0:
		model_printer_set_paper(m, (enum printer_paper)chance_below(c, PRINTER_PAPER_OUT + 1));
		break;
	case 1:
		model_printer_set_cover(m, on);
		break;
	case 2:
		model_printer_set_offline(m, on);
		break;
	case 3:
		model_printer_set_jam(m, on);
		break;
	case 4:
		model_printer_set_hot(m, on);
		break;
	default:
		model_printer_step(m, 1 + chance_below(c, 3000));
		break;
	}
}

static void act(struct lane *lane, struct chance *c)
{
	struct receipt *s = (struct receipt *)lane;
	struct model_printer *m = &s->model;
	unsigned what = chance_below(c, 10);

	if (what < 4) {
		slips_print(&s->slips, lane, lobby_PrintForm_PRINT_SLIP, c);
	} else if (what < 5) {
		slips_cancel(&s->slips, lane);
	} else if (what < 8) {
		turn_state(m, c);
	} else {
		bus_lock(m->bus);
		strike(m, c);
		bus_wake(&m->model);
		bus_unlock(m->bus);
	}
}

static void work(struct lane *lane, struct chance *c)
{
	slips_work(&((struct receipt *)lane)->slips, lane, lobby_PrintForm_PRINT_SLIP, c);
}

static bool has_worked(struct lane *lane)
{
	return slips_has_worked(&((struct receipt *)lane)->slips, lane, lobby_PrintForm_PRINT_SLIP);
}

/* A slip ends with the job's name as a QR code. By the time the kiosk hears of it the next may be out. */
static bool has_printed(struct lane *lane, const struct world_job *job)
{
	const struct paper *paper = ((struct receipt *)lane)->model.paper;
	const struct paper_slip *slip;

	for (int before = 0; (slip = paper_earlier(paper, before)) != NULL; before++)
		for (int i = 0; i < slip->count; i++)
			if (slip->lines[i].qr != NULL && strcmp(slip->lines[i].qr, job->name) == 0)
				return true;
	return false;
}

const struct lane_class lane_receipt = { .name = "receipt",
					 .size = sizeof(struct receipt),
					 .once = true,
					 .init = init,
					 .fini = fini,
					 .dress = dress,
					 .act = act,
					 .work = work,
					 .has_worked = has_worked,
					 .has_printed = has_printed };
