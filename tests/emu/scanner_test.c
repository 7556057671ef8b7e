/* Scans through real libusb and the whole of lobby-devices: short, long, too long, broken off, from scanners that are
 * honest and from ones that are not. */
#include "tests/emu/rig.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SCANNER lobby_DeviceKind_DEVICE_SCANNER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define UNSUPPORTED lobby_DeviceState_DEVICE_UNSUPPORTED

static int setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig_init(rig);
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	rig_fini(*state);
	free(*state);
	return 0;
}

static void plug_ready(struct rig *rig)
{
	assert_true(bus_plug(rig->bus, &rig->scanner.model));
	rig_until_state(rig, SCANNER, READY);
}

static void it_is_listed_as_it_is(void **state)
{
	struct rig *rig = *state;
	const lobby_Device *d;

	rig_until(rig, rig->lists > 0);
	assert_int_equal(rig->list.device_count, 0);
	plug_ready(rig);
	d = rig_device(rig, SCANNER);
	assert_string_equal(d->name, "Model Scanner");
	assert_string_equal(d->serial, "S-0001");
	assert_int_equal(d->vendor_id, 0x1209);
	assert_int_equal(d->product_id, 1);
	bus_unplug(rig->bus, &rig->scanner.model);
	rig_until_state(rig, SCANNER, ABSENT);
	assert_int_equal(rig->list.device_count, 0);
}

static void a_short_scan_arrives(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	model_scanner_scan(&rig->scanner, "Q1", "LOBBY1:abcdefgh:5f", 18);
	rig_until(rig, rig->scans == 1);
	assert_int_equal(rig->scan.err, 0);
	assert_string_equal(rig->scan.aim, "Q1");
	assert_int_equal(rig->scan.data.size, 18);
	assert_memory_equal(rig->scan.data.bytes, "LOBBY1:abcdefgh:5f", 18);
}

static void fill(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 31 + i / 256 + 1);
}

static void scan_and_compare(struct rig *rig, size_t len, const char *aim)
{
	uint8_t data[4096];
	int before = rig->scans;

	fill(data, len);
	model_scanner_scan(&rig->scanner, aim, data, len);
	rig_until(rig, rig->scans == before + 1);
	assert_int_equal(rig->scan.err, 0);
	assert_string_equal(rig->scan.aim, aim);
	assert_int_equal(rig->scan.data.size, len);
	assert_memory_equal(rig->scan.data.bytes, data, len);
}

static void a_licence_of_3_kilobytes_arrives_whole(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	scan_and_compare(rig, 3072, "L2");
	scan_and_compare(rig, 56, "L2");
	scan_and_compare(rig, 57, "L2");
	scan_and_compare(rig, 4096, "Q3");
}

static void reports_of_any_size_and_shape(void **state)
{
	struct rig *rig = *state;

	rig->scanner.data_size = 7;
	plug_ready(rig);
	scan_and_compare(rig, 300, "C1");
	bus_unplug(rig->bus, &rig->scanner.model);
	rig_until_state(rig, SCANNER, ABSENT);
	rig->scanner.mode = SCANNER_PLAIN; /* 129-byte reports over 64-byte packets, no identifier, no count */
	plug_ready(rig);
	scan_and_compare(rig, 1000, "");
}

static void rubbish_of_64_kilobytes_is_one_error(void **state)
{
	struct rig *rig = *state;
	uint8_t *rubbish = malloc(65536);

	fill(rubbish, 65536);
	plug_ready(rig);
	model_scanner_scan(&rig->scanner, "L2", rubbish, 65536);
	rig_until(rig, rig->scans == 1);
	assert_int_equal(rig->scan.err, LOBBY_ERR_TOO_LONG);
	assert_int_equal(rig->scan.data.size, 0);
	rig_until(rig, !model_scanner_is_sending(&rig->scanner));
	scan_and_compare(rig, 20, "Q1");
	assert_int_equal(rig->scans, 2);
	free(rubbish);
}

static void a_scan_broken_off_is_told(void **state)
{
	struct rig *rig = *state;

	rig->scanner.stop_after = 3;
	plug_ready(rig);
	model_scanner_scan(&rig->scanner, "L2",
			   "0123456789012345678901234567890123456789012345678901234567890123456789"
			   "0123456789012345678901234567890123456789012345678901234567890123456789"
			   "0123456789012345678901234567890123456789012345678901234567890123456789",
			   210);
	rig_until(rig, rig->scans == 1);
	assert_int_equal(rig->scan.err, LOBBY_ERR_TRUNCATED);
	bus_lock(rig->bus);
	rig->scanner.stop_after = 0;
	bus_unlock(rig->bus);
	scan_and_compare(rig, 100, "L2");
}

static void unplugged_in_the_middle_of_a_scan(void **state)
{
	struct rig *rig = *state;
	uint8_t data[4000];

	fill(data, sizeof(data));
	for (int i = 0; i < 3; i++) {
		rig->scanner.stop_after = (unsigned)i * 7 + 1;
		plug_ready(rig);
		model_scanner_scan(&rig->scanner, "L2", data, sizeof(data));
		for (int k = 0; k < 5; k++)
			rig_turn(rig);
		bus_unplug(rig->bus, &rig->scanner.model);
		rig_until_state(rig, SCANNER, ABSENT);
	}
	rig->scanner.stop_after = 0;
	plug_ready(rig);
	scan_and_compare(rig, 77, "Q1");
	assert_int_equal(rig->scans, 1);
}

static void plugged_and_unplugged_at_any_moment(void **state)
{
	struct rig *rig = *state;

	for (int turns = 0; turns < 12; turns++) {
		assert_true(bus_plug(rig->bus, &rig->scanner.model));
		for (int k = 0; k < turns; k++)
			rig_turn(rig);
		bus_unplug(rig->bus, &rig->scanner.model);
		if (turns % 2 == 0)
			rig_until_state(rig, SCANNER, ABSENT);
	}
	plug_ready(rig);
	scan_and_compare(rig, 10, "Q1");
}

static void a_stall_passes(void **state)
{
	struct rig *rig = *state;

	rig->scanner.stall_reads = 2;
	rig->scanner.stall_descriptor = 1;
	plug_ready(rig);
	scan_and_compare(rig, 200, "Q1");
	bus_unplug(rig->bus, &rig->scanner.model);
	rig_until_state(rig, SCANNER, ABSENT);
	rig->scanner.stall_reads = -1;
	assert_true(bus_plug(rig->bus, &rig->scanner.model));
	rig_until_state(rig, SCANNER, lobby_DeviceState_DEVICE_FAULT);
	assert_true(rig_device(rig, SCANNER)->detail[0] != '\0');
}

static void keyboards_are_unsupported_in_plain_words(void **state)
{
	struct rig *rig = *state;

	rig->scanner.mode = SCANNER_KEYBOARD;
	assert_true(bus_plug(rig->bus, &rig->scanner.model));
	rig_until_state(rig, SCANNER, UNSUPPORTED);
	assert_non_null(strstr(rig_device(rig, SCANNER)->detail, "keyboard mode"));
}

static void hostile_descriptors_are_survived(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\xc0", 1 },
		{ "\xa1\x01\xa1\x01\xa1\x01", 6 },
		{ "\x05\x8c\x09\xfe\x75\x08\x97\xff\xff\xff\xff\x81\x02", 13 },
		{ "\x05\x8c\x1b\x00\x00\x00\x00\x2b\xff\xff\xff\xff\x75\x01\x95\xff\x81\x02", 18 },
		{ "\x05\x8c\x09\xfe\x75\x08\x95\x00\x81\x02", 10 },
		{ "\x06\xff", 2 },
		{ "\xfe\xff", 2 },
	};
	struct rig *rig = *state;

	rig->scanner.mode = SCANNER_GIVEN;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(rig->scanner.given, rows[i].bytes, rows[i].len);
		rig->scanner.given_len = rows[i].len;
		assert_true(bus_plug(rig->bus, &rig->scanner.model));
		rig_until_state(rig, SCANNER, UNSUPPORTED);
		bus_unplug(rig->bus, &rig->scanner.model);
		rig_until_state(rig, SCANNER, ABSENT);
	}
}

static void an_idle_scanner_wakes_nobody(void **state)
{
	struct rig *rig = *state;
	uint64_t requests;

	plug_ready(rig);
	rig_idle(rig, 100);
	requests = bus_requests(rig->bus);
	assert_in_range(rig_idle(rig, 700), 1, 1); /* the one turn that waits it out */
	assert_int_equal(bus_requests(rig->bus), requests);
}

static void empty_packets_keep_nobody_awake(void **state)
{
	struct rig *rig = *state;
	uint64_t requests;

	rig->scanner.empty_reads = true;
	plug_ready(rig);
	rig_idle(rig, 400);
	requests = bus_requests(rig->bus);
	rig_idle(rig, 600);
	assert_in_range(bus_requests(rig->bus) - requests, 0, 40);
	scan_and_compare(rig, 300, "Q1");
}

static void names_whose_length_lies_are_no_names(void **state)
{
	struct rig *rig = *state;

	rig->scanner.model.strings_lie = true;
	plug_ready(rig);
	assert_string_equal(rig_device(rig, SCANNER)->name, "");
	assert_string_equal(rig_device(rig, SCANNER)->serial, "");
	scan_and_compare(rig, 30, "Q1");
}

/* A touchscreen that this program may not even open is still the kernel's. */
static void one_that_the_kernel_has_is_let_be_though_it_cannot_be_opened(void **state)
{
	struct rig *rig = *state;
	char path[300];

	assert_true(bus_plug(rig->bus, &rig->scanner.model));
	snprintf(path, sizeof(path), "%s/sys/bus/usb/devices/1-1:1.0", bus_folder(rig->bus));
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/sys/bus/usb/devices/1-1:1.0/driver", bus_folder(rig->bus));
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/dev/bus/usb/001/001", bus_folder(rig->bus));
	assert_int_equal(unlink(path), 0);
	rig_idle(rig, 800);
	assert_int_equal(rig->lists, 1);
	assert_int_equal(rig->list.device_count, 0);
}

static void a_restarted_program_finds_what_is_plugged_in(void **state)
{
	struct rig *rig = *state;

	plug_ready(rig);
	rig_restart(rig);
	rig_until_state(rig, SCANNER, READY);
	scan_and_compare(rig, 30, "Q1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_listed_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_short_scan_arrives, setup, teardown),
		cmocka_unit_test_setup_teardown(a_licence_of_3_kilobytes_arrives_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(reports_of_any_size_and_shape, setup, teardown),
		cmocka_unit_test_setup_teardown(rubbish_of_64_kilobytes_is_one_error, setup, teardown),
		cmocka_unit_test_setup_teardown(a_scan_broken_off_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(unplugged_in_the_middle_of_a_scan, setup, teardown),
		cmocka_unit_test_setup_teardown(plugged_and_unplugged_at_any_moment, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stall_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(keyboards_are_unsupported_in_plain_words, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_descriptors_are_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(an_idle_scanner_wakes_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(empty_packets_keep_nobody_awake, setup, teardown),
		cmocka_unit_test_setup_teardown(names_whose_length_lies_are_no_names, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_the_kernel_has_is_let_be_though_it_cannot_be_opened, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_restarted_program_finds_what_is_plugged_in, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
