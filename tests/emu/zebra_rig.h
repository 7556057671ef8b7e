/* What the tests of label printers share: the rig with a model of one, on a virtual clock; jobs for it; waiting. */
#ifndef LOBBY_EMU_ZEBRA_RIG_H
#define LOBBY_EMU_ZEBRA_RIG_H

#include "tests/emu/model_zebra.h"
#include "tests/emu/rig.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LABELS lobby_DeviceKind_DEVICE_LABEL_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define PAPER_OUT lobby_DeviceState_DEVICE_PAPER_OUT
#define COVER_OPEN lobby_DeviceState_DEVICE_COVER_OPEN
#define OFFLINE lobby_DeviceState_DEVICE_OFFLINE
#define FAULT lobby_DeviceState_DEVICE_FAULT
#define WRISTBAND lobby_PrintForm_PRINT_WRISTBAND
#define LABEL lobby_PrintForm_PRINT_LABEL

static const struct zebra_trouble no_trouble, media_out = { .media_out = true }, head_open = { .head_open = true };
static struct model_zebra zebra;
static char text[4096];

static inline int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	clock_use_virtual(1764000000000);
	rig_init(rig);
	model_zebra_init(&zebra, rig->bus);
	*state = rig;
	return 0;
}

static inline int teardown(void **state)
{
	model_zebra_fini(&zebra);
	rig_fini(*state);
	free(*state);
	return 0;
}

/* As rig_until(), but with the driver's pauses passing at once. */
#define until(rig, condition) \
	do { \
		int64_t until_end = rig_real_ms() + RIG_PATIENCE_MS; \
		while (!(condition) && rig_real_ms() < until_end) \
			rig_pass(rig, 20); \
		assert_true(condition); \
	} while (0)

static inline void until_state(struct rig *rig, lobby_DeviceState expected)
{
	until(rig, rig_state(rig, LABELS) == expected);
}

static inline void plug(struct rig *rig, lobby_DeviceState expected)
{
	assert_true(bus_plug(rig->bus, &zebra.model));
	until_state(rig, expected);
}

static inline void unplug(struct rig *rig)
{
	bus_unplug(rig->bus, &zebra.model);
	until_state(rig, ABSENT);
}

static inline lobby_Print *label(lobby_PrintForm form, const char *job, const char *name)
{
	static lobby_Print print;

	print = (lobby_Print){ .form = form, .line_count = 3, .has_copy = true };
	snprintf(print.job, sizeof(print.job), "%s", job);
	snprintf(print.line[0].text, sizeof(print.line[0].text), "%s", name);
	print.line[0].scale = 3;
	print.line[0].bold = true;
	snprintf(print.line[1].text, sizeof(print.line[1].text), "Born 14 March 1956");
	print.line[1].scale = 2;
	snprintf(print.line[2].text, sizeof(print.line[2].text), "No. 4471-0092");
	snprintf(print.qr, sizeof(print.qr), "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	snprintf(print.code128, sizeof(print.code128), form == LABEL ? "V-44710092" : "44710092");
	snprintf(print.copy.text, sizeof(print.copy.text), "Copy");
	return &print;
}

static inline void send_label(struct rig *rig, const char *job)
{
	rig_send_print(rig, label(WRISTBAND, job, "Maribel Cañizares Ölund"));
}

static inline void expect(struct rig *rig, const char *job, int outcome)
{
	until(rig, rig_outcome(rig, job) != 1);
	assert_int_equal(rig_outcome(rig, job), outcome);
}

static inline void print_and_expect(struct rig *rig, const char *job, int outcome)
{
	send_label(rig, job);
	expect(rig, job, outcome);
}

static inline const char *detail(struct rig *rig)
{
	return rig_device(rig, LABELS)->detail;
}

static inline const struct zebra_field *field(const struct zebra_label *l, enum zebra_kind kind)
{
	for (int i = 0; i < l->count; i++)
		if (l->fields[i].kind == kind)
			return &l->fields[i];
	return NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
