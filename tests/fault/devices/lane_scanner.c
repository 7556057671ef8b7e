/* Scanners: any scan, any shape of report, stalls, silences, keyboards and descriptors that mean nothing. */
#include "tests/emu/model_scanner.h"
#include "tests/fault/devices/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 9000

struct scanner {
	struct lane lane; /* first */
	struct model_scanner model;
	char code[40]; /* the honest scan */
	bool heard;
};

static void init(struct lane *lane)
{
	struct scanner *s = (struct scanner *)lane;

	model_scanner_init(&s->model, lane->world->bus, SCANNER_USUAL);
	lane->model = &s->model.model;
}

static void fini(struct lane *lane)
{
	model_scanner_fini(&((struct scanner *)lane)->model);
}

static void strike(struct model_scanner *m, struct chance *c)
{
	switch (chance_below(c, 6)) {
	case 0:
		m->stall_reads = (int)chance_below(c, 6) - 1;
		break;
	case 1:
		m->stop_after = chance_below(c, 8);
		break;
	case 2:
		m->never_ends = !m->never_ends;
		break;
	case 3:
		m->stall_descriptor = (int)chance_below(c, 5) - 1;
		break;
	default:
		break;
	}
}

/* Report descriptors are short items (HID 1.11, 6.2.2): of any bytes some are, of bar code scanners' items more. */
static void invent_descriptor(struct model_scanner *m, struct chance *c)
{
	static const uint8_t items[][4] = {
		{ 0x05, 0x8c }, { 0x09, 0x02 }, { 0xa1, 0x01 }, { 0x85, 0x02 }, { 0x75, 0x08 }, { 0x95, 0x38 },
		{ 0x09, 0xfe }, { 0x82, 0x02 }, { 0x75, 0x01 }, { 0x09, 0xff }, { 0x81, 0x02 }, { 0xc0, 0xc0 },
	};
	unsigned n = chance_below(c, 60);

	m->given_len = 0;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *item = items[chance_below(c, sizeof(items) / sizeof(items[0]))];
		bool any = chance_percent(c, 20);

		m->given[m->given_len++] = any ? (uint8_t)chance_next(c) : item[0];
		m->given[m->given_len++] = any ? (uint8_t)chance_next(c) : item[1];
	}
}

static void dress(struct lane *lane, struct chance *c)
{
	struct model_scanner *m = &((struct scanner *)lane)->model;
	unsigned n = chance_below(c, 10);

	m->mode = n < 6 ? SCANNER_USUAL : n < 7 ? SCANNER_PLAIN : n < 8 ? SCANNER_KEYBOARD : SCANNER_GIVEN;
	m->data_size = (uint8_t)(1 + chance_below(c, 56));
	if (m->mode == SCANNER_GIVEN)
		invent_descriptor(m, c);
	for (int i = 0; i < 2; i++)
		strike(m, c);
}

static void scan(struct model_scanner *m, struct chance *c)
{
	static const char *const aims[] = { "L2", "Q1", "Q3", "C1", "", "\x01\xff", "zzz" };
	size_t len = chance_below(c, chance_percent(c, 70) ? 200 : LONGEST);
	uint8_t *data = malloc(len + 1);

	if (data == NULL)
		abort();
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)chance_next(c);
	model_scanner_scan(m, aims[chance_below(c, sizeof(aims) / sizeof(aims[0]))], data, len);
	free(data);
}

static void act(struct lane *lane, struct chance *c)
{
	struct model_scanner *m = &((struct scanner *)lane)->model;

	if (chance_percent(c, 65)) {
		scan(m, c);
		return;
	}
	bus_lock(m->bus);
	strike(m, c);
	bus_wake(&m->model);
	bus_unlock(m->bus);
}

static void work(struct lane *lane, struct chance *c)
{
	struct scanner *s = (struct scanner *)lane;

	snprintf(s->code, sizeof(s->code), "LOBBY1:%s-%u-%08x", lane->serial, lane->session, (unsigned)chance_next(c));
	s->heard = false;
	model_scanner_scan(&s->model, "Q1", s->code, strlen(s->code));
}

static bool has_worked(struct lane *lane)
{
	return ((struct scanner *)lane)->heard;
}

static void on_scan(struct lane *lane, const lobby_Scan *scan)
{
	struct scanner *s = (struct scanner *)lane;
	size_t len = strlen(s->code);

	if (lane->phase == LANE_WORKING && scan->source == lobby_ScanSource_SCAN_CODE && scan->err == 0 &&
	    strcmp(scan->aim, "Q1") == 0 && scan->data.size == len && memcmp(scan->data.bytes, s->code, len) == 0)
		s->heard = true;
}

const struct lane_class lane_scanner = { .name = "scanner",
					 .size = sizeof(struct scanner),
					 .init = init,
					 .fini = fini,
					 .dress = dress,
					 .act = act,
					 .work = work,
					 .has_worked = has_worked,
					 .on_scan = on_scan };
