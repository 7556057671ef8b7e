/* What the checks of `make test-kernel` stand on: the machine, the models that are plugged into it, and what the kiosk
 * (which is these tests) has heard from lobby-devices in there. */
#ifndef LOBBY_TESTS_KERNEL_KERNEL_H
#define LOBBY_TESTS_KERNEL_KERNEL_H

#include "machine.h"
#include "vscard.h"

#include "tests/emu/bus.h"
#include "tests/emu/card_egk.h"
#include "tests/emu/model_ccid.h"
#include "tests/emu/model_msr.h"
#include "tests/emu/model_printer.h"
#include "tests/emu/model_scanner.h"
#include "tests/emu/model_zebra.h"
#include "tests/emu/redir.h"

#include "base/clock.h"

#define KERNEL_PATIENCE_MS 20000 /* a virtual machine on a busy core */

struct kernel {
	char folder[32];   /* of the sockets */
	char console[256]; /* what the machine printed */
	struct loop *loop;
	struct bus *bus;
	struct machine machine;
	struct model_scanner scanner;
	struct model_printer printer;
	struct model_msr msr;
	struct model_ccid reader;
	struct model_zebra zebra;
	struct vscard vscard; /* what is in QEMU's reader */
	struct card_egk egk;
	/* what was heard */
	lobby_Devices list;
	int lists;
	lobby_Scan scan;
	int scans;
	lobby_CardSlotState slot;
	lobby_Printed printed[32];
	int printed_count;
	/* the count */
	int passed, failed;
};

/* One line of the report. Returns good. */
bool kernel_check(struct kernel *k, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** One turn of the loop. Told to stop (Ctrl-C, too much time), it ends this program, with the count. */
void kernel_turn(struct kernel *k, int ms);

/* Turns the loop until the condition holds or patience ends; the condition's value. */
#define kernel_until(k, condition) \
	({ \
		int64_t kernel_end = clock_mono_ms() + KERNEL_PATIENCE_MS; \
		while (!(condition) && clock_mono_ms() < kernel_end && !machine_ended(&(k)->machine)) \
			kernel_turn(k, 20); \
		(condition); \
	})

/** Turns the loop for so long, whatever happens. */
void kernel_idle(struct kernel *k, int ms);
/** What the guest answers to a command of guest.c; "" if it does not. Valid until the next. */
const char *kernel_ask(struct kernel *k, const char *command);
/** True once the kernel's driver of this device (VVVV:PPPP) is this one. */
bool kernel_has_driver(struct kernel *k, const char *id, const char *driver);
const lobby_Device *kernel_device(const struct kernel *k, lobby_DeviceKind kind);
lobby_DeviceState kernel_state(const struct kernel *k, lobby_DeviceKind kind);
/** Of the device with these ids. */
lobby_DeviceState kernel_state_of(const struct kernel *k, uint16_t vendor, uint16_t product);
void kernel_print(struct kernel *k, const char *job, int lines);
/** The job's outcome; 1: none yet. */
int kernel_outcome(const struct kernel *k, const char *job);

/** Sends the rows of a picture that a job wants; the picture is printer.c's. */
void kernel_send_rows(struct kernel *k, const lobby_PrintWant *want);

/* One file each: a group of checks. */
void kernel_scanner_checks(struct kernel *k);
void kernel_printer_checks(struct kernel *k);
void kernel_label_checks(struct kernel *k);
void kernel_stripe_checks(struct kernel *k);
void kernel_chip_checks(struct kernel *k);
void kernel_plug_checks(struct kernel *k);

#endif
