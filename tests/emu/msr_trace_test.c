/* No byte of a payment card is left: lobby-devices runs as the process that it is in a clinic, a payment card is drawn,
 * and its memory, its log and what it told the kiosk are searched for any six digits in a row of the number. That the
 * search would find them is shown by stopping the reader in the middle of the swipe. */
#include "base/clock.h"
#include "tests/emu/model_msr.h"
#include "tests/emu/spawn.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000
#define WINDOW 6

static const char number[] = "4929531877465017";
static const char name[] = "OKAFOR/GRACE";
#define TRACK_1 "%B4929531877465017^OKAFOR/GRACE              ^29121010000000000000?"
#define TRACK_2 ";4929531877465017=29121010000000000000?"

struct desk {
	struct bus *bus;
	struct model_msr msr;
	struct loop *loop;
	struct spawn devices;
	struct wire_conn kiosk;
	char folder[64], socket[108], log[108], command[512];
	lobby_Devices list;
	int scans, err;
	uint32_t pings;
	bool told; /* the number, or a part of it, by wire */
};

#define until(desk, condition) \
	do { \
		int64_t until_end = clock_mono_ms() + PATIENCE_MS; \
		while (!(condition) && clock_mono_ms() < until_end) \
			loop_turn((desk)->loop, 20); \
		assert_true(condition); \
	} while (0)

static bool has_number(const void *data, size_t len)
{
	for (size_t i = 0; i + WINDOW <= strlen(number); i++)
		if (memmem(data, len, number + i, WINDOW) != NULL)
			return true;
	return memmem(data, len, name, strlen(name)) != NULL;
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct desk *d = arg;

	(void)conn;
	d->told = d->told || has_number(envelope, sizeof(*envelope));
	if (envelope->which_body == lobby_Envelope_devices_tag)
		d->list = envelope->body.devices;
	if (envelope->which_body == lobby_Envelope_ping_tag)
		d->pings = envelope->body.ping.number;
	if (envelope->which_body == lobby_Envelope_scan_tag) {
		d->err = envelope->body.scan.err;
		d->scans++;
	}
}

static bool is_ready(const struct desk *d)
{
	for (pb_size_t i = 0; i < d->list.device_count; i++)
		if (d->list.device[i].kind == lobby_DeviceKind_DEVICE_STRIPE_READER &&
		    d->list.device[i].state == lobby_DeviceState_DEVICE_READY)
			return true;
	return false;
}

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	const char *build = getenv("LOBBY_BUILD");

	snprintf(d->folder, sizeof(d->folder), "/tmp/lobby-trace-XXXXXX");
	assert_non_null(mkdtemp(d->folder));
	snprintf(d->socket, sizeof(d->socket), "%s/devices.sock", d->folder);
	snprintf(d->log, sizeof(d->log), "%s/log", d->folder);
	d->bus = bus_new();
	assert_non_null(d->bus);
	model_msr_init(&d->msr, d->bus, MSR_MODEL_MAGTEK);
	assert_true(bus_plug(d->bus, &d->msr.model));
	setenv("UMOCKDEV_DIR", bus_folder(d->bus), 1);
	setenv("LOBBY_RUN", d->folder, 1);
	/* The program as it is installed: the sanitizers' own copies and terabytes of shadow are not what is asked. */
	snprintf(d->command, sizeof(d->command),
		 "env LD_PRELOAD=libumockdev-preload.so.0 %s/../release/lobby-devices 2>%s",
		 build != NULL ? build : "build/san", d->log);
	d->loop = loop_new();
	assert_non_null(d->loop);
	spawn_start(&d->devices, d->loop, d->command, NULL, NULL);
	wire_client_start(&d->kiosk, d->loop, d->socket, lobby_Program_PROGRAM_KIOSK, on_message, NULL, d);
	until(d, is_ready(d));
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	wire_close(&d->kiosk);
	spawn_stop(&d->devices);
	loop_free(d->loop);
	model_msr_fini(&d->msr);
	bus_free(d->bus);
	unlink(d->socket);
	unlink(d->log);
	rmdir(d->folder);
	free(d);
	return 0;
}

/* Everything that the program may write to: its heap, its stacks, its variables. */
static int pieces_in_memory(pid_t pid, size_t *searched)
{
	char path[64], line[512];
	int found = 0, memory;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	assert_true(memory >= 0);
	assert_non_null(maps);
	*searched = 0;
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from, to;
		char rights[5];
		uint8_t *copy;
		ssize_t n;

		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || rights[1] != 'w')
			continue;
		copy = malloc(to - from);
		assert_non_null(copy);
		n = pread(memory, copy, to - from, (off_t)from);
		if (n > 0) {
			*searched += (size_t)n;
			found += has_number(copy, (size_t)n);
		}
		free(copy);
	}
	fclose(maps);
	close(memory);
	return found;
}

/* The program has gone once around its loop since. */
static void settle(struct desk *d)
{
	static uint32_t next;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_ping_tag };

	envelope.body.ping.number = ++next;
	assert_int_equal(wire_send(&d->kiosk, &envelope), 0);
	until(d, d->pings == next);
}

static void log_is_clean(const struct desk *d)
{
	char text[65536];
	FILE *file = fopen(d->log, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_true(len > 0);
	assert_false(has_number(text, len));
}

static void nothing_is_left(struct desk *d)
{
	size_t searched;

	settle(d);
	assert_int_equal(pieces_in_memory(d->devices.pid, &searched), 0);
	assert_true(searched > 100000);
	log_is_clean(d);
	assert_false(d->told);
	assert_int_equal(d->devices.starts, 1);
}

static void replug(struct desk *d, enum msr_mode mode, uint8_t packet)
{
	bus_unplug(d->bus, &d->msr.model);
	until(d, !is_ready(d));
	d->msr.mode = mode;
	d->msr.packet = packet;
	assert_true(bus_plug(d->bus, &d->msr.model));
	until(d, is_ready(d));
}

static void of_a_payment_card_nothing_is_left(void **state)
{
	static const enum msr_mode modes[] = { MSR_MODEL_MAGTEK, MSR_MODEL_IDTECH, MSR_MODEL_IDTECH_FRAMES };
	struct desk *d = *state;

	for (int i = 0; i < 3; i++)
		for (int reversed = 0; reversed < 2; reversed++) {
			int before = d->scans;

			replug(d, modes[i], i == 0 ? 8 : 64);
			d->msr.reversed = reversed;
			model_msr_swipe(&d->msr, TRACK_1, TRACK_2, NULL);
			until(d, d->scans > before);
			assert_int_equal(d->err, LOBBY_ERR_CARD_PAYMENT);
			nothing_is_left(d);
		}
}

static void nor_of_one_that_was_drawn_halfway(void **state)
{
	struct desk *d = *state;
	size_t searched;

	replug(d, MSR_MODEL_MAGTEK, 64);
	d->msr.slow = true;
	model_msr_swipe(&d->msr, TRACK_1, TRACK_2, NULL);
	model_msr_step(&d->msr, 3);
	settle(d);
	for (int i = 0; i < 20 && pieces_in_memory(d->devices.pid, &searched) == 0; i++)
		settle(d);
	assert_true(pieces_in_memory(d->devices.pid, &searched) > 0); /* so the search finds what is there */
	until(d, d->scans == 1);				      /* given up after a second */
	assert_int_equal(d->err, LOBBY_ERR_CARD_UNREAD);
	nothing_is_left(d);
	/* Unplugged before it is given up. */
	model_msr_swipe(&d->msr, TRACK_1, TRACK_2, NULL);
	model_msr_step(&d->msr, 3);
	settle(d);
	bus_unplug(d->bus, &d->msr.model);
	until(d, !is_ready(d));
	nothing_is_left(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_a_payment_card_nothing_is_left, setup, teardown),
		cmocka_unit_test_setup_teardown(nor_of_one_that_was_drawn_halfway, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
