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
	/* asked for rows of a job's pictures; NULL: they never come */
	void (*on_want)(struct rig *rig, const lobby_PrintWant *want);
	lobby_CardSlotState slot;
	int slots;
	long turns;
};

/** Starts all of it; nothing is plugged in. Exits the test program if umockdev is not preloaded. */
void rig_init(struct rig *rig);
void rig_fini(struct rig *rig);
/** Stops and starts lobby-devices, as after a crash. */
void rig_restart(struct rig *rig);
/** With a virtual clock, a turn is also a millisecond of it. */
void rig_turn(struct rig *rig);
/** Lets so much time of the virtual clock pass, in small steps, after each of which all comes to rest that can. */
void rig_pass(struct rig *rig, int ms);
/** Milliseconds of the real clock. */
int64_t rig_real_ms(void);
/** Turns the loop for this long, whatever happens. Returns how many turns there were. */
long rig_idle(struct rig *rig, int ms);
/** The state of the first device of this kind; DEVICE_ABSENT if there is none. */
lobby_DeviceState rig_state(const struct rig *rig, lobby_DeviceKind kind);
const lobby_Device *rig_device(const struct rig *rig, lobby_DeviceKind kind);
void rig_print(struct rig *rig, const char *job, int lines);
void rig_send_print(struct rig *rig, const lobby_Print *print);
void rig_cancel(struct rig *rig, const char *job);
/** Sends rows; bits NULL: these cannot be had. */
void rig_send_band(struct rig *rig, const char *job, uint32_t first_row, uint32_t rows, const uint8_t *bits,
		   size_t len);
/** The outcome of this job; 1 if none came yet. */
int rig_outcome(const struct rig *rig, const char *job);

/* Turns the loop until the condition holds, for at most RIG_PATIENCE_MS. */
#define rig_until(rig, condition) \
	do { \
		int64_t rig_end = rig_real_ms() + RIG_PATIENCE_MS; \
		while (!(condition) && rig_real_ms() < rig_end) \
			rig_turn(rig); \
		assert_true(condition); \
	} while (0)

#define rig_until_state(rig, kind, state) rig_until(rig, rig_state(rig, kind) == (state))

#endif
