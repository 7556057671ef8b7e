/* lobby-emu as people use it: three processes - it, lobby-devices as its child, and this test as the kiosk - that share
 * one testbed. Also under kill -9. */
#include "base/clock.h"
#include "tests/emu/spawn.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

struct desk {
	char folder[64], socket[108], control[108], cards[108], command[1024];
	struct loop *loop;
	struct spawn emu;
	struct wire_conn kiosk;
	int fd;
	lobby_Devices list;
	lobby_Scan scan;
	int scans;
	lobby_Printed printed;
	bool has_printed, reached;
};

#define until(desk, condition) \
	do { \
		int64_t until_end = clock_mono_ms() + PATIENCE_MS; \
		while (!(condition) && clock_mono_ms() < until_end) \
			loop_turn((desk)->loop, 20); \
		assert_true(condition); \
	} while (0)

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct desk *d = arg;

	(void)conn;
	if (envelope->which_body == lobby_Envelope_devices_tag)
		d->list = envelope->body.devices;
	if (envelope->which_body == lobby_Envelope_scan_tag) {
		d->scan = envelope->body.scan;
		d->scans++;
	}
	if (envelope->which_body == lobby_Envelope_printed_tag) {
		d->printed = envelope->body.printed;
		d->has_printed = true;
	}
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct desk *d = arg;

	(void)conn;
	if (!up)
		d->list = (lobby_Devices){ 0 };
}

static lobby_DeviceState state_of(const struct desk *d, lobby_DeviceKind kind)
{
	for (pb_size_t i = 0; i < d->list.device_count; i++)
		if (d->list.device[i].kind == kind)
			return d->list.device[i].state;
	return lobby_DeviceState_DEVICE_ABSENT;
}

static bool both_ready(const struct desk *d)
{
	return state_of(d, lobby_DeviceKind_DEVICE_SCANNER) == lobby_DeviceState_DEVICE_READY &&
	       state_of(d, lobby_DeviceKind_DEVICE_PRINTER) == lobby_DeviceState_DEVICE_READY;
}

static bool reach(struct desk *d)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", d->control);
	if (!d->reached)
		d->reached = connect(d->fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	return d->reached;
}

static const char *ask(struct desk *d, const char *command)
{
	static char answer[16384];
	size_t len = 0;

	assert_int_equal(dprintf(d->fd, "%s\n", command), strlen(command) + 1);
	while (len < sizeof(answer) - 1 && (len == 0 || answer[len - 1] != '\n')) {
		ssize_t n = read(d->fd, answer + len, sizeof(answer) - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
	}
	answer[len - 1] = '\0';
	return answer;
}

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	const char *build = getenv("LOBBY_BUILD");
	FILE *cards;

	snprintf(d->folder, sizeof(d->folder), "/tmp/lobby-desk-XXXXXX");
	assert_non_null(mkdtemp(d->folder));
	snprintf(d->socket, sizeof(d->socket), "%s/devices.sock", d->folder);
	snprintf(d->control, sizeof(d->control), "%s/emu.sock", d->folder);
	snprintf(d->cards, sizeof(d->cards), "%s/cards.tsv", d->folder);
	cards = fopen(d->cards, "w");
	assert_non_null(cards);
	fputs("# name, kind, payload\nMaria Garcia\tlicence\t@\\n\\x1e\\rANSI 636014040002DL00410278\nMario "
	      "Garza\tletter\tLOBBY1:x\n",
	      cards);
	fclose(cards);
	setenv("LOBBY_RUN", d->folder, 1);
	if (build == NULL)
		build = "build/san";
	snprintf(d->command, sizeof(d->command),
		 "%s/lobby-emu --window --control=%s --paper=%s/paper --cards=%s --spawn=%s/lobby-devices", build,
		 d->control, d->folder, d->cards, build);
	d->loop = loop_new();
	assert_non_null(d->loop);
	spawn_start(&d->emu, d->loop, d->command, NULL, NULL);
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	wire_client_start(&d->kiosk, d->loop, d->socket, lobby_Program_PROGRAM_KIOSK, on_message, on_state, d);
	until(d, reach(d));
	until(d, both_ready(d));
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	static const char *const left[] = { "paper/slip-001.png", "paper",	  "network-down", "cards.tsv",
					    "window.png",	  "devices.sock", "emu.sock" };
	struct desk *d = *state;
	char path[160];

	close(d->fd);
	wire_close(&d->kiosk);
	spawn_stop(&d->emu);
	loop_free(d->loop);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", d->folder, left[i]);
		remove(path);
	}
	assert_int_equal(rmdir(d->folder), 0);
	free(d);
	return 0;
}

static void cards_are_scanned_by_name(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(d, "cards"), "ok licence Maria Garcia|letter Mario Garza");
	assert_memory_equal(ask(d, "scan licence maria"), "ok", 2);
	until(d, d->scans == 1);
	assert_string_equal(d->scan.aim, "L2");
	assert_int_equal(d->scan.data.size, 31);
	assert_memory_equal(d->scan.data.bytes, "@\n\x1e\rANSI 63601404", 17);
	assert_memory_equal(ask(d, "scan letter A1b2C3d4"), "ok", 2);
	until(d, d->scans == 2);
	assert_memory_equal(d->scan.data.bytes, "LOBBY1:A1b2C3d4:", 16);
	assert_memory_equal(ask(d, "scan rubbish 65536"), "ok", 2);
	until(d, d->scans == 3);
	assert_int_equal(d->scan.err, LOBBY_ERR_TOO_LONG);
	assert_memory_equal(ask(d, "scan card garcia"), "ok", 2);
	assert_memory_equal(ask(d, "scan licence nobody"), "error", 5);
	assert_memory_equal(ask(d, "scan"), "error", 5);
	assert_memory_equal(ask(d, "sing"), "error", 5);
}

static void print(struct desk *d, const char *job)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_tag };
	lobby_Print *p = &envelope.body.print;

	snprintf(p->job, sizeof(p->job), "%s", job);
	p->line_count = 1;
	snprintf(p->line[0].text, sizeof(p->line[0].text), "Número B 14");
	d->has_printed = false;
	assert_int_equal(wire_send(&d->kiosk, &envelope), 0);
	until(d, d->has_printed);
}

static void slips_come_out(void **state)
{
	struct desk *d = *state;
	char path[160];
	struct stat there;

	assert_memory_equal(ask(d, "paper-text"), "error", 5);
	print(d, "one");
	assert_int_equal(d->printed.err, 0);
	assert_string_equal(ask(d, "slips"), "ok 1");
	assert_string_equal(ask(d, "paper-text"), "ok Número B 14\\n");
	snprintf(path, sizeof(path), "%s/paper/slip-001.png", d->folder);
	until(d, stat(path, &there) == 0 && there.st_size > 100);
	assert_string_equal(ask(d, "paper out"), "ok");
	until(d, state_of(d, lobby_DeviceKind_DEVICE_PRINTER) == lobby_DeviceState_DEVICE_PAPER_OUT);
	print(d, "two");
	assert_int_equal(d->printed.err, LOBBY_ERR_PAPER_OUT);
	assert_string_equal(ask(d, "paper ok"), "ok");
	assert_string_equal(ask(d, "cover open"), "ok");
	until(d, state_of(d, lobby_DeviceKind_DEVICE_PRINTER) == lobby_DeviceState_DEVICE_COVER_OPEN);
	assert_string_equal(ask(d, "cover closed"), "ok");
	assert_string_equal(ask(d, "offline on"), "ok");
	until(d, state_of(d, lobby_DeviceKind_DEVICE_PRINTER) == lobby_DeviceState_DEVICE_OFFLINE);
	assert_string_equal(ask(d, "offline off"), "ok");
	until(d, both_ready(d));
}

static void devices_are_unplugged_and_plugged_in(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(d, "unplug scanner"), "ok");
	assert_string_equal(ask(d, "unplug printer"), "ok");
	until(d, d->list.device_count == 0);
	assert_string_equal(ask(d, "scan text x"), "error the scanner is unplugged");
	assert_string_equal(ask(d, "plug printer"), "ok");
	assert_string_equal(ask(d, "plug scanner"), "ok");
	until(d, both_ready(d));
}

static double number_of(struct desk *d, const char *command)
{
	const char *answer = ask(d, command);

	assert_memory_equal(answer, "ok ", 3);
	return strtod(answer + 3, NULL);
}

static void a_chip_cards_line_takes_its_time(void **state)
{
	struct desk *d = *state;
	double given_ns, line_us;
	int64_t from;

	assert_string_equal(ask(d, "plug card-reader"), "ok");
	until(d, state_of(d, lobby_DeviceKind_DEVICE_CARD_READER) == lobby_DeviceState_DEVICE_READY);
	given_ns = number_of(d, "given card-reader");
	assert_true(number_of(d, "line") == 0);
	assert_string_equal(ask(d, "pace on"), "ok");
	from = clock_mono_ms();
	assert_string_equal(ask(d, "insert other"), "ok");
	until(d, d->scans == 1);
	assert_int_equal(d->scan.err, LOBBY_ERR_CARD_UNKNOWN);
	line_us = number_of(d, "line");
	assert_true(line_us > 10000);
	assert_true((double)(clock_mono_ms() + 1 - from) * 1000 >= line_us);
	assert_true(number_of(d, "given card-reader") > given_ns);
	assert_memory_equal(ask(d, "pace never"), "error", 5);
}

static void the_network_is_a_file(void **state)
{
	struct desk *d = *state;
	char path[160];

	snprintf(path, sizeof(path), "%s/network-down", d->folder);
	assert_string_equal(ask(d, "network down"), "ok");
	assert_int_equal(access(path, F_OK), 0);
	assert_string_equal(ask(d, "network up"), "ok");
	assert_int_not_equal(access(path, F_OK), 0);
	assert_string_equal(ask(d, "network up"), "ok");
}

static void the_window_does_it_all_too(void **state)
{
	struct desk *d = *state;
	char line[160], path[140];
	struct stat there;

	assert_string_equal(ask(d, "press Mario Garza"), "ok");
	until(d, d->scans == 1);
	assert_memory_equal(d->scan.data.bytes, "LOBBY1:x", 8);
	assert_string_equal(ask(d, "press cover"), "ok");
	until(d, state_of(d, lobby_DeviceKind_DEVICE_PRINTER) == lobby_DeviceState_DEVICE_COVER_OPEN);
	assert_string_equal(ask(d, "press cover"), "ok");
	until(d, both_ready(d));
	assert_string_equal(ask(d, "press paper"), "ok");
	until(d, state_of(d, lobby_DeviceKind_DEVICE_PRINTER) == lobby_DeviceState_DEVICE_PAPER_LOW);
	assert_string_equal(ask(d, "press scanner"), "ok");
	until(d, d->list.device_count == 1);
	assert_string_equal(ask(d, "press network"), "ok");
	assert_non_null(strstr(ask(d, "status"), "network=down"));
	print(d, "seen");
	snprintf(path, sizeof(path), "%s/window.png", d->folder);
	snprintf(line, sizeof(line), "window-png %s", path);
	assert_string_equal(ask(d, line), "ok");
	assert_int_equal(stat(path, &there), 0);
	assert_true(there.st_size > 10000);
	assert_string_equal(ask(d, "press no such thing"), "error no such button");
}

static void a_killed_program_is_back_within_a_second(void **state)
{
	struct desk *d = *state;

	for (int i = 0; i < 3; i++) {
		const char *status = ask(d, "status"), *pid = strstr(status, "pid=");
		int64_t before;

		assert_non_null(pid);
		before = clock_mono_ms();
		assert_int_equal(kill((pid_t)strtol(pid + 4, NULL, 10), SIGKILL), 0);
		until(d, d->list.device_count == 0);
		until(d, both_ready(d));
		assert_true(clock_mono_ms() - before < 3000);
		assert_memory_equal(ask(d, "scan text again"), "ok", 2);
		until(d, d->scans == i + 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cards_are_scanned_by_name),
		TEST(slips_come_out),
		TEST(devices_are_unplugged_and_plugged_in),
		TEST(a_chip_cards_line_takes_its_time),
		TEST(the_network_is_a_file),
		TEST(the_window_does_it_all_too),
		TEST(a_killed_program_is_back_within_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
