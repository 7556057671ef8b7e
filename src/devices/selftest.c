/* See selftest.h. The steps run in the order of their kinds, each to its end before the next: a step is begun by
 * begin_step(), which settles its line at once or leaves it RUNNING until a read, a printer or a timer settles it.
 * Lines are made at the start, so that the asker sees from the first report what is to come. */
#include "devices/selftest.h"

#include "devices/list.h"
#include "devices/testread.h"
#include "devices/testslip.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define WAIT_S 60
#define MAX_WAIT_S 600
#define START_MS 10000	/* for devices that are still starting */
#define PRINT_MS 120000 /* the queue before it included */

static const lobby_DeviceKind device_kinds[SELFTEST_STEPS] = {
	[lobby_TestKind_TEST_PRINT] = lobby_DeviceKind_DEVICE_PRINTER,
	[lobby_TestKind_TEST_LABEL] = lobby_DeviceKind_DEVICE_LABEL_PRINTER,
	[lobby_TestKind_TEST_SCAN] = lobby_DeviceKind_DEVICE_SCANNER,
	[lobby_TestKind_TEST_STRIPE] = lobby_DeviceKind_DEVICE_STRIPE_READER,
	[lobby_TestKind_TEST_CHIP] = lobby_DeviceKind_DEVICE_CARD_READER,
};

static void run(struct selftest *t);

/* ---- lines ---- */

static lobby_TestLine *line_under_way(struct selftest *t)
{
	return &t->report.line[t->line];
}

static lobby_TestKind kind_under_way(const struct selftest *t)
{
	return t->steps[t->step];
}

static lobby_TestLine *add_line(struct selftest *t, lobby_TestKind kind)
{
	lobby_TestLine *line;

	if (t->report.line_count == sizeof(t->report.line) / sizeof(t->report.line[0]))
		return &t->report.line[t->report.line_count - 1];
	line = &t->report.line[t->report.line_count++];
	*line = (lobby_TestLine){ .kind = kind };
	return line;
}

static void tell(struct selftest *t)
{
	t->ops->report(t->arg, &t->report);
}

static void set_line(lobby_TestLine *line, lobby_TestState state, const char *text)
{
	line->state = state;
	text_copy(line->text, sizeof(line->text), text);
}

/* ---- the devices ---- */

static void judge(const lobby_Device *d, bool late, lobby_TestLine *line)
{
	testslip_device_name(d, line->device, sizeof(line->device));
	if (d->kind == lobby_DeviceKind_DEVICE_UNKNOWN)
		set_line(line, lobby_TestState_TEST_SKIPPED, d->detail);
	else if (d->state == lobby_DeviceState_DEVICE_READY)
		set_line(line, lobby_TestState_TEST_PASSED, "Ready.");
	else if (d->state == lobby_DeviceState_DEVICE_PAPER_LOW)
		set_line(line, lobby_TestState_TEST_PASSED, "Ready. The paper roll is nearly used up.");
	else if (d->state == lobby_DeviceState_DEVICE_STARTING && !late)
		set_line(line, lobby_TestState_TEST_RUNNING, "Starting.");
	else if (d->state == lobby_DeviceState_DEVICE_STARTING)
		set_line(line, lobby_TestState_TEST_FAILED, "It does not come up. Unplug it and plug it in again.");
	else
		set_line(line, lobby_TestState_TEST_FAILED, d->detail[0] != '\0' ? d->detail : "It does not work.");
}

/* The lines of all steps anew, the devices' as they are now. True if a device is still starting. */
static bool make_lines(struct selftest *t)
{
	static lobby_Devices list; /* large, and used at once */
	bool starting = false;

	t->report.line_count = 0;
	for (int i = 0; i < t->step_count; i++) {
		if (t->steps[i] != lobby_TestKind_TEST_DEVICES) {
			add_line(t, t->steps[i]);
			continue;
		}
		t->ops->devices(t->arg, &list);
		for (pb_size_t k = 0; k < list.device_count; k++) {
			lobby_TestLine *line = add_line(t, lobby_TestKind_TEST_DEVICES);

			judge(&list.device[k], t->late, line);
			starting = starting || line->state == lobby_TestState_TEST_RUNNING;
		}
		if (list.device_count == 0)
			set_line(add_line(t, lobby_TestKind_TEST_DEVICES), lobby_TestState_TEST_FAILED,
				 "No device is plugged in.");
	}
	return starting;
}

/* The best device for this step: one that works, else any of its kind. */
static bool find_device(struct selftest *t, lobby_TestKind kind, lobby_Device *out)
{
	static lobby_Devices list;
	bool found = false;

	t->ops->devices(t->arg, &list);
	for (pb_size_t i = 0; i < list.device_count; i++) {
		const lobby_Device *d = &list.device[i];

		if (d->kind != device_kinds[kind] || (found && list_is_bad(d->state)))
			continue;
		*out = *d;
		found = true;
		if (!list_is_bad(d->state))
			break;
	}
	return found;
}

/* ---- the end ---- */

static void finish(struct selftest *t)
{
	loop_timer_cancel(t->loop, &t->timer);
	t->phase = SELFTEST_IDLE;
	t->job[0] = '\0';
	t->report.done = true;
	log_event(t->report.passed ? LOG_NOTICE : LOG_WARNING, "selftest", "passed=%d lines=%u by=%s", t->report.passed,
		  (unsigned)t->report.line_count, t->report.by);
	tell(t);
}

static void on_print_time(void *arg);

static void start_job(struct selftest *t)
{
	/* The name stays within a job's 36 characters. */
	snprintf(t->job, sizeof(t->job), "selftest-%lld-%u", (long long)(clock_wall_ms() % 100000000000000LL),
		 ++t->jobs % 1000);
	loop_timer_set(t->loop, &t->timer, PRINT_MS, on_print_time, t);
}

static void print_report(struct selftest *t)
{
	static lobby_Print print;

	t->phase = SELFTEST_REPORTING;
	start_job(t);
	testslip_report(&print, t->job, &t->report);
	t->ops->print(t->arg, &print);
}

static void conclude(struct selftest *t)
{
	bool good = false, bad = false;

	for (pb_size_t i = 0; i < t->report.line_count; i++) {
		good = good || t->report.line[i].state == lobby_TestState_TEST_PASSED;
		bad = bad || t->report.line[i].state == lobby_TestState_TEST_FAILED;
	}
	t->report.passed = good && !bad;
	t->report.finished_ms = clock_wall_ms();
	loop_timer_cancel(t->loop, &t->timer);
	if (t->print_report)
		print_report(t);
	else
		finish(t);
}

/* The report is out, or why not: that is told, and is not part of what was tested. */
static void report_printed(struct selftest *t, int err)
{
	t->report.print_err = err;
	finish(t);
}

/* ---- steps ---- */

static void settle(struct selftest *t, lobby_TestState state, const char *text)
{
	loop_timer_cancel(t->loop, &t->timer);
	set_line(line_under_way(t), state, text);
	t->step++;
	t->line++;
	tell(t);
	run(t);
}

static void on_start_time(void *arg)
{
	struct selftest *t = arg;

	t->late = true;
	selftest_on_devices(t);
}

static void on_read_time(void *arg)
{
	struct selftest *t = arg;
	char text[128];

	if (t->reads > 0)
		snprintf(text, sizeof(text), "%s", "Nothing that was shown could be read.");
	else
		snprintf(text, sizeof(text), "Nothing was read within %u s.", (unsigned)t->wait_s);
	settle(t, lobby_TestState_TEST_FAILED, text);
}

static void on_print_time(void *arg)
{
	struct selftest *t = arg;
	char job[sizeof(t->job)];

	memcpy(job, t->job, sizeof(job));
	t->job[0] = '\0'; /* its end is news to nobody any more */
	t->ops->cancel_print(t->arg, job);
	if (t->phase == SELFTEST_REPORTING)
		report_printed(t, LOBBY_ERR_TIMEOUT);
	else
		settle(t, lobby_TestState_TEST_FAILED, "The printer did not say in time that it is out.");
}

static const char *missing_text(lobby_TestKind kind)
{
	switch (kind) {
	case lobby_TestKind_TEST_PRINT:
		return "No receipt printer is plugged in.";
	case lobby_TestKind_TEST_LABEL:
		return "No label printer is plugged in.";
	case lobby_TestKind_TEST_SCAN:
		return "No scanner is plugged in.";
	case lobby_TestKind_TEST_STRIPE:
		return "No stripe reader is plugged in.";
	default:
		return "No card reader is plugged in.";
	}
}

static void begin_print(struct selftest *t, const lobby_Device *device)
{
	static lobby_Print print;
	lobby_TestLine *line = line_under_way(t);

	start_job(t);
	if (kind_under_way(t) == lobby_TestKind_TEST_LABEL) {
		testslip_label(&print, t->job, device);
		set_line(line, lobby_TestState_TEST_RUNNING, "Printing a test label.");
	} else {
		testslip_slip(&print, t->job, device);
		set_line(line, lobby_TestState_TEST_RUNNING, "Printing a test slip.");
	}
	tell(t);
	t->ops->print(t->arg, &print);
}

static void begin_read(struct selftest *t)
{
	lobby_TestKind kind = kind_under_way(t);

	t->reads = 0;
	set_line(line_under_way(t), lobby_TestState_TEST_RUNNING,
		 kind == lobby_TestKind_TEST_SCAN     ? "Hold a code under the scanner now."
		 : kind == lobby_TestKind_TEST_STRIPE ? "Swipe a card now."
						      : "Put a card into the reader now.");
	loop_timer_set(t->loop, &t->timer, (int64_t)t->wait_s * 1000, on_read_time, t);
	tell(t);
}

/* False if the step is under way now; true if it was settled at once. */
static bool begin_step(struct selftest *t)
{
	lobby_TestKind kind = kind_under_way(t);
	lobby_TestLine *line = line_under_way(t);
	lobby_Device device = { 0 };

	if (!find_device(t, kind, &device)) {
		set_line(line, lobby_TestState_TEST_SKIPPED, missing_text(kind));
		return true;
	}
	testslip_device_name(&device, line->device, sizeof(line->device));
	if (list_is_bad(device.state)) {
		set_line(line, t->named ? lobby_TestState_TEST_FAILED : lobby_TestState_TEST_SKIPPED,
			 device.detail[0] != '\0' ? device.detail : "It does not work.");
		return true;
	}
	if (kind == lobby_TestKind_TEST_PRINT || kind == lobby_TestKind_TEST_LABEL)
		begin_print(t, &device);
	else
		begin_read(t);
	return false;
}

/* Goes on from the step that is next, to one that has to wait or to the end. */
static void run(struct selftest *t)
{
	bool settled = false;

	while (t->step < t->step_count) {
		if (!begin_step(t))
			return;
		settled = true;
		t->step++;
		t->line++;
	}
	if (settled && t->print_report)
		tell(t);
	conclude(t);
}

/* The first step, if it is the devices', ends when none of them is starting. */
static void run_devices(struct selftest *t)
{
	if (make_lines(t)) {
		if (!t->timer.armed)
			loop_timer_set(t->loop, &t->timer, START_MS, on_start_time, t);
		tell(t);
		return;
	}
	loop_timer_cancel(t->loop, &t->timer);
	t->step = 1;
	t->line = (int)t->report.line_count - (t->step_count - 1);
	tell(t);
	run(t);
}

/* ---- what happens ---- */

static bool is_waiting_for_devices(const struct selftest *t)
{
	return t->phase == SELFTEST_TESTING && t->step == 0 && t->steps[0] == lobby_TestKind_TEST_DEVICES;
}

void selftest_on_devices(struct selftest *t)
{
	if (is_waiting_for_devices(t))
		run_devices(t);
}

void selftest_on_printed(struct selftest *t, const char *job, int err)
{
	char text[160];

	if (t->phase == SELFTEST_IDLE || t->job[0] == '\0' || strcmp(job, t->job) != 0)
		return;
	t->job[0] = '\0';
	loop_timer_cancel(t->loop, &t->timer);
	if (t->phase == SELFTEST_REPORTING) {
		report_printed(t, err);
		return;
	}
	if (err == 0)
		snprintf(text, sizeof(text), "%s", "The printer says that it is out.");
	else
		snprintf(text, sizeof(text), "Not printed. %s", err_staff_text(err));
	settle(t, err == 0 ? lobby_TestState_TEST_PASSED : lobby_TestState_TEST_FAILED, text);
}

static bool is_waiting_for_read(const struct selftest *t)
{
	return t->phase == SELFTEST_TESTING && t->step < t->step_count &&
	       t->steps[t->step] >= lobby_TestKind_TEST_SCAN &&
	       t->report.line[t->line].state == lobby_TestState_TEST_RUNNING;
}

bool selftest_on_read(struct selftest *t, const struct usb_info *from, const struct driver_read *read)
{
	lobby_TestLine *line = line_under_way(t);
	lobby_Device device = { .vendor_id = from->vendor, .product_id = from->product };
	char text[160];
	bool good;

	if (!is_waiting_for_read(t))
		return false;
	good = testread_judge(kind_under_way(t), read, text, sizeof(text));
	t->reads++;
	if (!good) {
		set_line(line, lobby_TestState_TEST_RUNNING, text);
		tell(t);
		return true;
	}
	text_copy(device.name, sizeof(device.name), from->name);
	testslip_device_name(&device, line->device, sizeof(line->device));
	settle(t, lobby_TestState_TEST_PASSED, text);
	return true;
}

/* ---- the asker ---- */

void selftest_init(struct selftest *t, struct loop *loop, const struct selftest_ops *ops, void *arg)
{
	*t = (struct selftest){ .loop = loop, .ops = ops, .arg = arg };
}

void selftest_fini(struct selftest *t)
{
	loop_timer_cancel(t->loop, &t->timer);
	t->phase = SELFTEST_IDLE;
}

bool selftest_is_running(const struct selftest *t)
{
	return t->phase != SELFTEST_IDLE;
}

/* In the order of the kinds, each once. */
static void take_steps(struct selftest *t, const lobby_SelfTest *wanted)
{
	t->step_count = 0;
	for (int kind = 0; kind < SELFTEST_STEPS; kind++) {
		bool asked = !t->named || (wanted->print_last && kind == lobby_TestKind_TEST_DEVICES);

		for (pb_size_t i = 0; i < wanted->kind_count; i++)
			asked = asked || (int)wanted->kind[i] == kind;
		if (asked)
			t->steps[t->step_count++] = (lobby_TestKind)kind;
	}
}

int selftest_start(struct selftest *t, const lobby_SelfTest *wanted, const char *by)
{
	if (selftest_is_running(t))
		return LOBBY_ERR_BUSY;
	t->again = wanted->print_last && t->report.started_ms != 0;
	if (t->again) {
		t->report.request = wanted->request;
		t->report.print_err = 0;
		print_report(t);
		return 0;
	}
	t->named = wanted->kind_count > 0 || wanted->print_last;
	take_steps(t, wanted);
	if (t->step_count == 0)
		return LOBBY_ERR_INVALID;
	t->print_report = wanted->print_report || wanted->print_last;
	t->wait_s = wanted->wait_s == 0 ? WAIT_S : wanted->wait_s > MAX_WAIT_S ? MAX_WAIT_S : wanted->wait_s;
	t->phase = SELFTEST_TESTING;
	t->late = false;
	t->step = t->line = 0;
	t->report = (lobby_TestReport){ .request = wanted->request, .started_ms = clock_wall_ms() };
	text_copy(t->report.by, sizeof(t->report.by), by);
	if (t->steps[0] == lobby_TestKind_TEST_DEVICES) {
		run_devices(t);
		return 0;
	}
	(void)make_lines(t); /* no devices among them */
	tell(t);
	run(t);
	return 0;
}

void selftest_skip(struct selftest *t)
{
	if (is_waiting_for_read(t))
		settle(t, lobby_TestState_TEST_SKIPPED, "Skipped by the technician.");
}

void selftest_cancel(struct selftest *t)
{
	char job[sizeof(t->job)];
	bool first = true;

	if (!selftest_is_running(t))
		return;
	memcpy(job, t->job, sizeof(job));
	t->job[0] = '\0';
	loop_timer_cancel(t->loop, &t->timer);
	for (pb_size_t i = 0; i < t->report.line_count && !t->again; i++) {
		lobby_TestLine *line = &t->report.line[i];

		if (line->state != lobby_TestState_TEST_RUNNING && line->state != lobby_TestState_TEST_WAITING)
			continue;
		set_line(line, first ? lobby_TestState_TEST_FAILED : lobby_TestState_TEST_SKIPPED,
			 first ? "Cancelled before it was done." : "Cancelled.");
		first = false;
	}
	t->print_report = false;
	if (t->again || t->phase == SELFTEST_REPORTING)
		report_printed(t, LOBBY_ERR_CLOSED);
	else
		conclude(t);
	if (job[0] != '\0')
		t->ops->cancel_print(t->arg, job);
}
