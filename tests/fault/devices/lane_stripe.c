/* Stripe readers of both makers: cards drawn well, badly, backwards and halfway; payment cards; frames that lie. */
#include "tests/emu/model_msr.h"
#include "tests/fault/devices/lane.h"

#include <stdio.h>
#include <string.h>

struct stripe {
	struct lane lane; /* first */
	struct model_msr model;
	char track[80]; /* the honest card's second */
	bool heard;
};

static const char *const tracks_1[] = { NULL,
					"%MABOSTON^OKAFOR$GRACE$ADAEZE^12 LONG WHARF^?",
					"%B4929531877465017^OKAFOR/GRACE              ^29121010000000000000?",
					"%?",
					"",
					"%E?" };
static const char *const tracks_2[] = { NULL,
					";63600212345678=280419790917=?",
					";4929531877465017=29121010000000000000?",
					";?",
					";E?",
					"4929531877465017" };
static const char *const tracks_3[] = {
	NULL, "%10021100000  D               1506140BRNBRO                                     ?",
	"%WH808401234567893^XGH884104417^OKAFOR/GRACE?",
	";014929531877465017=0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000?"
};

static void init(struct lane *lane)
{
	struct stripe *s = (struct stripe *)lane;

	model_msr_init(&s->model, lane->world->bus, MSR_MODEL_MAGTEK);
	lane->model = &s->model.model;
}

static void fini(struct lane *lane)
{
	model_msr_fini(&((struct stripe *)lane)->model);
}

static void strike(struct model_msr *m, struct chance *c)
{
	switch (chance_below(c, 9)) {
	case 0:
		m->stall_reads = (int)chance_below(c, 6) - 1;
		break;
	case 1:
		m->stall_descriptor = (int)chance_below(c, 5) - 1;
		break;
	case 2:
		m->garbage = !m->garbage;
		break;
	case 3:
		m->wrong_sum = !m->wrong_sum;
		break;
	case 4:
		m->stop_after = chance_below(c, 600);
		break;
	case 5:
		m->slow = !m->slow;
		break;
	case 6:
		m->errors = chance_below(c, 8);
		break;
	case 7:
		m->encrypted = !m->encrypted;
		break;
	default:
		break;
	}
}

static void dress(struct lane *lane, struct chance *c)
{
	struct model_msr *m = &((struct stripe *)lane)->model;

	m->mode = (enum msr_mode)chance_below(c, MSR_MODEL_GIVEN + 1);
	m->packet = chance_percent(c, 50) ? 8 : 64;
	m->chunk = (uint8_t)(8 + chance_below(c, 57));
	m->lrc = chance_percent(c, 30);
	m->reversed = chance_percent(c, 20);
	m->bits = chance_percent(c, 20);
	m->enhanced = chance_percent(c, 30);
	if (m->mode == MSR_MODEL_GIVEN) {
		m->given_len = chance_below(c, 100);
		for (size_t i = 0; i < m->given_len; i++)
			m->given[i] = (uint8_t)chance_next(c);
	}
	for (int i = 0; i < 2; i++)
		strike(m, c);
}

#define ONE_OF(list, c) (list)[chance_below(c, sizeof(list) / sizeof((list)[0]))]

static void act(struct lane *lane, struct chance *c)
{
	struct model_msr *m = &((struct stripe *)lane)->model;
	unsigned what = chance_below(c, 10);

	if (what < 5) {
		model_msr_swipe(m, ONE_OF(tracks_1, c), ONE_OF(tracks_2, c), ONE_OF(tracks_3, c));
	} else if (what < 8) {
		model_msr_step(m, 1 + chance_below(c, 80));
	} else {
		bus_lock(m->bus);
		strike(m, c);
		bus_wake(&m->model);
		bus_unlock(m->bus);
	}
}

static void work(struct lane *lane, struct chance *c)
{
	struct stripe *s = (struct stripe *)lane;

	snprintf(s->track, sizeof(s->track), ";636002%08u=2804%04u%04u=?", chance_below(c, 100000000),
		 lane->session % 10000, (unsigned)lane->number);
	s->heard = false;
	model_msr_swipe(&s->model, NULL, s->track, NULL);
}

static bool has_worked(struct lane *lane)
{
	return ((struct stripe *)lane)->heard;
}

static void on_scan(struct lane *lane, const lobby_Scan *scan)
{
	struct stripe *s = (struct stripe *)lane;
	size_t len = strlen(s->track);

	if (lane->phase == LANE_WORKING && scan->source == lobby_ScanSource_SCAN_STRIPE && scan->err == 0 &&
	    scan->data.size == len && memcmp(scan->data.bytes, s->track, len) == 0)
		s->heard = true;
}

const struct lane_class lane_stripe = { .name = "stripe",
					.size = sizeof(struct stripe),
					.init = init,
					.fini = fini,
					.dress = dress,
					.act = act,
					.work = work,
					.has_worked = has_worked,
					.on_scan = on_scan };
