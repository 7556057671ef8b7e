/* Label printers: wristbands and labels, trouble while they print, and firmware that leaves out what it likes. */
#include "base/clock.h"
#include "tests/emu/model_zebra.h"
#include "tests/fault/devices/lane.h"
#include "tests/fault/devices/slips.h"

#include <string.h>

#define MENDING_MS 3000

struct label {
	struct lane lane; /* first */
	struct model_zebra model;
	struct slips slips;
	int64_t trouble_ms; /* since when somebody sees that it is in trouble; 0: it is not */
};

static void init(struct lane *lane)
{
	struct label *s = (struct label *)lane;

	model_zebra_init(&s->model, lane->world->bus);
	s->trouble_ms = 0;
	lane->model = &s->model.model;
}

static void fini(struct lane *lane)
{
	model_zebra_fini(&((struct label *)lane)->model);
}

static struct zebra_trouble some_trouble(struct chance *c)
{
	return (struct zebra_trouble){ .media_out = chance_percent(c, 20),
				       .head_open = chance_percent(c, 20),
				       .ribbon_out = chance_percent(c, 20),
				       .paused = chance_percent(c, 20) };
}

static void strike(struct model_zebra *m, struct chance *c)
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
		m->slow = !m->slow;
		break;
	case 5:
		m->mute_in_error = !m->mute_in_error;
		break;
	case 6:
		m->blinks = !m->blinks;
		break;
	case 7:
		m->keeps = !m->keeps;
		break;
	case 8:
		m->accepts = chance_below(c, 200);
		break;
	case 9:
		m->freeze_after = chance_percent(c, 50) ? 0 : m->received + chance_below(c, 3000);
		break;
	case 10:
		m->strikes = some_trouble(c);
		break;
	default:
		m->cutter_jam = chance_percent(c, 30);
		break;
	}
}

static void dress(struct lane *lane, struct chance *c)
{
	struct model_zebra *m = &((struct label *)lane)->model;

	if (chance_percent(c, 20))
		m->device_id = chance_percent(c, 50) ? "" : "MANUFACTURER:Zebra;COMMAND SET:EPL;";
	m->dots_per_mm = chance_percent(c, 30) ? 12 : 8;
	m->no_hqes = chance_percent(c, 30);
	m->no_reprint = chance_percent(c, 30);
	m->short_answers = chance_percent(c, 15);
	if (chance_percent(c, 30))
		m->now = some_trouble(c);
	for (int i = 0; i < 3; i++)
		strike(m, c);
}

static void alert(struct model_zebra *m, struct chance *c)
{
	static const char *const texts[] = { "ALERT: MEDIA OUT\r\n", "\x02\x02\x02\x03",
					     "\x02"
					     "030,0,0\x03\r\n",
					     "????????????????????????????????????????????????????????????????" };

	model_zebra_alert(m, texts[chance_below(c, sizeof(texts) / sizeof(texts[0]))]);
}

/* Nobody mends anything in less time than the driver lets pass between two questions: of trouble that came and went
 * between them, and took a label with it, no printer's status knows. */
static void turn_trouble(struct label *s, struct chance *c)
{
	struct zebra_trouble none = { 0 };

	if (memcmp(&s->model.now, &none, sizeof(none)) == 0)
		s->trouble_ms = 0;
	else if (s->trouble_ms == 0)
		s->trouble_ms = clock_mono_ms();
	if (s->trouble_ms == 0 || clock_mono_ms() > s->trouble_ms + MENDING_MS)
		model_zebra_set(&s->model, some_trouble(c));
}

static void act(struct lane *lane, struct chance *c)
{
	struct label *s = (struct label *)lane;
	struct model_zebra *m = &s->model;
	unsigned what = chance_below(c, 12);

	if (what < 4) {
		slips_print(&s->slips, lane,
			    chance_percent(c, 50) ? lobby_PrintForm_PRINT_LABEL : lobby_PrintForm_PRINT_WRISTBAND, c);
	} else if (what < 5) {
		slips_cancel(&s->slips, lane);
	} else if (what < 7) {
		turn_trouble(s, c);
	} else if (what < 9) {
		model_zebra_step(m);
	} else if (what < 10) {
		alert(m, c);
	} else {
		bus_lock(m->bus);
		strike(m, c);
		bus_wake(&m->model);
		bus_unlock(m->bus);
	}
}

static void work(struct lane *lane, struct chance *c)
{
	slips_work(&((struct label *)lane)->slips, lane, lobby_PrintForm_PRINT_LABEL, c);
}

static bool has_worked(struct lane *lane)
{
	return slips_has_worked(&((struct label *)lane)->slips, lane, lobby_PrintForm_PRINT_LABEL);
}

static bool has_printed(struct lane *lane, const struct world_job *job)
{
	const struct model_zebra *m = &((struct label *)lane)->model;

	for (int i = 0; i < ZEBRA_LABELS; i++)
		for (int k = 0; k < m->labels[i].count; k++)
			if (strstr(m->labels[i].fields[k].text, job->name) != NULL)
				return true;
	return false;
}

const struct lane_class lane_label = { .name = "label",
				       .size = sizeof(struct label),
				       .once = true,
				       .init = init,
				       .fini = fini,
				       .dress = dress,
				       .act = act,
				       .work = work,
				       .has_worked = has_worked,
				       .has_printed = has_printed };
