/* What the tests of lobby-devices stand on: the bus with a scanner and a printer, the real program's loop in this
 * process, and a client of its socket that plays the kiosk. */
#ifndef LOBBY_EMU_RIG_H
#define LOBBY_EMU_RIG_H

#include "base/loop.h"
#include "devices/devices.h"
#include "tests/emu/bus.h"
#include "tests/emu/model_printer.h"
#include "tests/emu/model_scanner.h"
#include "wire/wire.h"

#define RIG_PATIENCE_MS 8000

struct rig {
	struct bus *bus;
	struct model_scanner scanner;
	struct model_printer printer;
	char folder[64];
	char path[108];
	struct loop *loop;
	struct devices *devices;
	struct wire_conn kiosk;
	/* what the kiosk has heard */
	lobby_Devices list;
	int lists;
	lobby_Scan scan;
	int scans;
	lobby_Printed printed[16];
	int printed_count;
	lobby_Ping ping;
	long turns;
};

/** Starts all of it; nothing is plugged in. Exits the test program if umockdev is not preloaded. */
void rig_init(struct rig *rig);
void rig_fini(struct rig *rig);
/** Stops and starts lobby-devices, as after a crash. */
void rig_restart(struct rig *rig);
void rig_turn(struct rig *rig);
/** Turns the loop for this long, whatever happens. Returns how many turns there were. */
long rig_idle(struct rig *rig, int ms);
/** The state of the first device of this kind; DEVICE_ABSENT if there is none. */
lobby_DeviceState rig_state(const struct rig *rig, lobby_DeviceKind kind);
const lobby_Device *rig_device(const struct rig *rig, lobby_DeviceKind kind);
void rig_print(struct rig *rig, const char *job, int lines);
void rig_cancel(struct rig *rig, const char *job);
/** The outcome of this job; 1 if none came yet. */
int rig_outcome(const struct rig *rig, const char *job);

/* Turns the loop until the condition holds, for at most RIG_PATIENCE_MS. */
#define rig_until(rig, condition) \
	do { \
		int64_t rig_end = clock_mono_ms() + RIG_PATIENCE_MS; \
		while (!(condition) && clock_mono_ms() < rig_end) \
			rig_turn(rig); \
		assert_true(condition); \
	} while (0)

#define rig_until_state(rig, kind, state) rig_until(rig, rig_state(rig, kind) == (state))

#endif
