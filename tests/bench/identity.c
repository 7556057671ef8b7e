/* From a card to who it is, through the whole chain: a device's model in lobby-emu, lobby-devices over real libusb, the
 * kiosk's own code in this program at 1080x1920 on SDL's software surface, lobby-sync with its roster on disk.
 *
 *   identity scan|swipe|insert RUN EMU NAME DEVICES-PID SYNC-PID
 *
 * RUN is the folder of the sockets, EMU lobby-emu's control socket, NAME one of its cards. A scan or swipe counts from
 * the report that ends it, when that leaves the model; a chip card from when it is put in. "Identity" is when the kiosk
 * knows it, "screen" when the frame that shows it was presented. Of a chip card's time the contacts' line has the most,
 * at its real speed: it is known by its characters (ISO/IEC 7816-3, 11.2) and counted by the model; the rest is ours,
 * with umockdev's sockets in place of the kernel's calls. */
#include "bench.h"

#include "base/log.h"
#include "kiosk/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ROUNDS 5
#define EACH 100 /* a round */
#define INSERTIONS 20
#define PATIENCE_NS 20000000000

static struct app app;
static struct loop *loop;
static int emu;
static pid_t devices, syncer;
static int64_t known_ns, shown_ns; /* 0: not yet */

/* One line to lobby-emu, one back; its number, if it has one. */
static double ask_emu(const char *verb, const char *what)
{
	char line[256];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s%s%s\n", verb, *what ? " " : "", what), got = 0;

	BENCH_MUST(send(emu, line, len, MSG_NOSIGNAL) == (ssize_t)len);
	for (ssize_t n; got == 0 || line[got - 1] != '\n'; got += (size_t)n) {
		n = recv(emu, line + got, sizeof(line) - 1 - got, 0);
		BENCH_MUST(n > 0);
	}
	line[got - 1] = '\0';
	if (strncmp(line, "ok", 2) != 0)
		bench_die("lobby-emu, %s %s: %s", verb, what, line);
	return strtod(line + 2, NULL);
}

/* As lobby-kiosk's main() turns. */
static void turn(void)
{
	unsigned presented = app.window.presented;

	loop_turn(loop, 100);
	if (known_ns == 0 && app.session.identified)
		known_ns = bench_now_ns();
	app_refresh(&app);
	if (known_ns != 0 && shown_ns == 0 && app.window.presented != presented)
		shown_ns = bench_now_ns();
}

static void until(bool (*is)(void), const char *what)
{
	int64_t end = bench_now_ns() + PATIENCE_NS;

	while (!is()) {
		if (bench_now_ns() > end)
			bench_die("%s does not come; the screen is %s", what, flow_screen_name(app.screen));
		turn();
	}
}

static bool is_ready(void)
{
	return app.sync.has_roster && app_device_ready(&app, lobby_DeviceKind_DEVICE_SCANNER) &&
	       app_device_ready(&app, lobby_DeviceKind_DEVICE_STRIPE_READER) &&
	       app_device_ready(&app, lobby_DeviceKind_DEVICE_CARD_READER) && app.screen == SCREEN_WELCOME;
}

static bool is_shown(void)
{
	return shown_ns != 0;
}

static bool is_welcome(void)
{
	return app.screen == SCREEN_WELCOME && app.pending == PENDING_NOTHING &&
	       app.slot == lobby_CardSlotState_CARD_SLOT_EMPTY;
}

static void press(const char *id)
{
	struct ui_event event = ui_press(app.ui, id);

	if (event.kind == UI_EVENT_NONE)
		bench_die("no %s to press on %s", id, flow_screen_name(app.screen));
	app_ui_event(&app, &event);
	app_refresh(&app);
}

static void start_over(void)
{
	press("start-over");
	press("start-over-yes");
	until(is_welcome, "the welcome screen");
	known_ns = shown_ns = 0;
}

static double cpu_ms(void)
{
	return (bench_process_cpu_ns(devices) + bench_process_cpu_ns(syncer) + (double)bench_cpu_ns()) / 1e6;
}

/* ---- codes and stripes ---- */

struct reads {
	struct bench_samples known, shown, cpu;
};

static void read_once(bool scan, const char *name, struct reads *reads)
{
	double left_ns, before_ms = cpu_ms();

	ask_emu(scan ? "scan card" : "swipe", name);
	until(is_shown, "the identity");
	left_ns = ask_emu("given", scan ? "scanner" : "stripe-reader");
	bench_add(&reads->cpu, cpu_ms() - before_ms);
	bench_add(&reads->known, ((double)known_ns - left_ns) / 1e6);
	bench_add(&reads->shown, ((double)shown_ns - left_ns) / 1e6);
	start_over();
}

static void tell_reads(const char *name, struct bench_samples *p99, struct bench_samples *half, double cpu)
{
	double median = bench_quantile(p99, 0.5);

	bench_figure(name, median,
		     "%.3g to %.3g; 99%% of %d, in %d rounds; half under %.3g; all programs' processor time to the "
		     "frame %.3g",
		     p99->value[0], p99->value[ROUNDS - 1], EACH, ROUNDS, bench_quantile(half, 0.5), cpu);
}

static void bench_reads(bool scan, const char *name)
{
	struct bench_samples known_99 = { 0 }, known_half = { 0 }, shown_99 = { 0 }, shown_half = { 0 }, cpu = { 0 };
	struct reads reads = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		read_once(scan, name, &reads);
		bench_clear(&reads.known);
		bench_clear(&reads.shown);
		for (int i = 0; i < EACH; i++)
			read_once(scan, name, &reads);
		bench_add(&known_99, bench_quantile(&reads.known, 0.99));
		bench_add(&known_half, bench_quantile(&reads.known, 0.5));
		bench_add(&shown_99, bench_quantile(&reads.shown, 0.99));
		bench_add(&shown_half, bench_quantile(&reads.shown, 0.5));
		bench_add(&cpu, bench_quantile(&reads.cpu, 0.5));
		bench_clear(&reads.cpu);
	}
	tell_reads(scan ? "scan.report_to_identity_ms" : "swipe.report_to_identity_ms", &known_99, &known_half,
		   bench_quantile(&cpu, 0.5));
	tell_reads(scan ? "scan.report_to_screen_ms" : "swipe.report_to_screen_ms", &shown_99, &shown_half,
		   bench_quantile(&cpu, 0.5));
}

/* ---- chip cards ---- */

static void bench_insertions(const char *name)
{
	struct bench_samples total = { 0 }, ours = { 0 }, share = { 0 };
	double line_ms = 0;

	ask_emu("pace", "on");
	for (int i = 0; i <= INSERTIONS; i++) {
		double before_us = ask_emu("line", ""), ms;
		int64_t from = bench_now_ns();

		ask_emu("insert", name);
		until(is_shown, "the identity");
		ms = (double)(shown_ns - from) / 1e6;
		line_ms = (ask_emu("line", "") - before_us) / 1000;
		ask_emu("remove", "");
		start_over();
		if (i == 0)
			continue; /* what is loaded once is there */
		bench_add(&total, ms);
		bench_add(&ours, ms - line_ms);
		bench_add(&share, (ms - line_ms) / ms);
	}
	ask_emu("pace", "off");
	bench_figure_of("card.inserted_to_identity_ms", &total, "an eGK on a T=1 line at its real speed, to the frame");
	bench_figure("card.line_ms", line_ms, "of that the line has");
	bench_figure_of("card.our_ms", &ours, "the rest");
	bench_figure_of("card.our_share", &share, "of the whole");
}

static int open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	BENCH_MUST(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

int main(int argc, char **argv)
{
	static const char usage[] = "scan|swipe|insert RUN EMU NAME DEVICES-PID SYNC-PID";
	struct app_options options = { .panel = { 1080, 1920, 1080 / 194.0 } };
	const char *what = bench_arg(argc, argv, 1, usage), *name = bench_arg(argc, argv, 4, usage);

	options.run = bench_arg(argc, argv, 2, usage);
	options.assets = getenv("LOBBY_ASSETS");
	options.locale = getenv("LOBBY_LOCALE");
	emu = open_socket(bench_arg(argc, argv, 3, usage));
	devices = (pid_t)bench_number(bench_arg(argc, argv, 5, usage));
	syncer = (pid_t)bench_number(bench_arg(argc, argv, 6, usage));
	log_set_level(LOG_ERROR);
	loop = loop_new();
	BENCH_MUST(loop != NULL && options.assets != NULL && options.locale != NULL);
	BENCH_MUST(app_init(&app, loop, &options) == 0);
	until(is_ready, "the roster, and a device of each kind");
	if (strcmp(what, "insert") == 0)
		bench_insertions(name);
	else
		bench_reads(strcmp(what, "scan") == 0, name);
	app_fini(&app);
	loop_free(loop);
	close(emu);
	return 0;
}
