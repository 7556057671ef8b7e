/* The self-test: each device's state, a test slip, a test label, and a card of each kind that the technician shows.
 *
 * One test at a time, for one asker. It prints by the same queue as everything else, and while it waits for a card it
 * takes what is read; of that it says kind and size, never the contents. Its report is told whole after every change
 * (wire.proto, TestReport); the last one is kept in memory, to be printed again. Times by loop timers only.
 * Single-threaded; zero it, then selftest_init(). */
#ifndef LOBBY_DEVICES_SELFTEST_H
#define LOBBY_DEVICES_SELFTEST_H

#include "base/loop.h"
#include "drivers/registry.h"

#define SELFTEST_STEPS 6

/* What it needs of lobby-devices. */
struct selftest_ops {
	void (*devices)(void *arg, lobby_Devices *out);
	/** selftest_on_printed() follows, maybe at once. */
	void (*print)(void *arg, const lobby_Print *job);
	void (*cancel_print)(void *arg, const char *job);
	void (*report)(void *arg, const lobby_TestReport *report);
};

enum selftest_phase { SELFTEST_IDLE, SELFTEST_TESTING, SELFTEST_REPORTING };

struct selftest {
	struct loop *loop;
	const struct selftest_ops *ops;
	void *arg;
	enum selftest_phase phase;
	lobby_TestKind steps[SELFTEST_STEPS];
	int step_count, step;
	bool named; /* the asker named the kinds */
	bool print_report, again;
	bool late; /* the devices had their time to start */
	uint32_t wait_s, reads;
	int line; /* of the step under way */
	char job[sizeof(((lobby_Print *)0)->job)];
	uint32_t jobs;
	struct loop_timer timer;
	lobby_TestReport report;
};

void selftest_init(struct selftest *test, struct loop *loop, const struct selftest_ops *ops, void *arg);
void selftest_fini(struct selftest *test);
/** `by` is "screen" or "lobbyctl". LOBBY_ERR_BUSY while one is under way. Its reports may come before this returns. */
int selftest_start(struct selftest *test, const lobby_SelfTest *wanted, const char *by) MUST_CHECK;
bool selftest_is_running(const struct selftest *test);
/** The technician has no such card at hand. */
void selftest_skip(struct selftest *test);
/** Ends it: what is under way counts as failed, what was to come as skipped. */
void selftest_cancel(struct selftest *test);
/** Something was read. True if the test took it: nobody else may have it. */
bool selftest_on_read(struct selftest *test, const struct usb_info *from, const struct driver_read *read);
void selftest_on_printed(struct selftest *test, const char *job, int err);
void selftest_on_devices(struct selftest *test);

#endif
