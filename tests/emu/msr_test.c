/* Swipes through real libusb and the whole of lobby-devices: by readers of both makers, drawn well and badly, and
 * payment cards, of which the kiosk hears nothing but that they were one. */
#include "tests/emu/model_msr.h"
#include "tests/emu/rig.h"

#include "base/clock.h"
#include "cards/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define READER lobby_DeviceKind_DEVICE_STRIPE_READER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define UNSUPPORTED lobby_DeviceState_DEVICE_UNSUPPORTED

#define LICENCE_1 "%MABOSTON^OKAFOR$GRACE$ADAEZE^12 LONG WHARF^?"
#define LICENCE_2 ";63600212345678=280419790917=?"
#define LICENCE_3 "%10021100000  D               1506140BRNBRO                                     ?"
#define HEALTH_3 "%WH808401234567893^XGH884104417^OKAFOR/GRACE?"
#define BANK_1 "%B4929531877465017^OKAFOR/GRACE              ^29121010000000000000?"
#define BANK_2 ";4929531877465017=29121010000000000000?"

struct desk {
	struct rig rig;
	struct model_msr msr;
};

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	rig_init(&d->rig);
	model_msr_init(&d->msr, d->rig.bus, MSR_MODEL_MAGTEK);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	bus_unplug(d->rig.bus, &d->msr.model);
	model_msr_fini(&d->msr);
	rig_fini(&d->rig);
	free(d);
	return 0;
}

static void plug(struct desk *d, enum msr_mode mode, uint8_t packet)
{
	if (bus_is_plugged(&d->msr.model)) {
		bus_unplug(d->rig.bus, &d->msr.model);
		rig_until_state(&d->rig, READER, ABSENT);
	}
	d->msr.mode = mode;
	d->msr.packet = packet;
	assert_true(bus_plug(d->rig.bus, &d->msr.model));
}

static void plug_ready(struct desk *d, enum msr_mode mode, uint8_t packet)
{
	plug(d, mode, packet);
	rig_until_state(&d->rig, READER, READY);
}

/* What the kiosk hears of a swipe: the next scan. */
static void swipe(struct desk *d, const char *track_1, const char *track_2, const char *track_3)
{
	int before = d->rig.scans;

	memset(&d->rig.scan, 0xA5, sizeof(d->rig.scan));
	model_msr_swipe(&d->msr, track_1, track_2, track_3);
	rig_until(&d->rig, d->rig.scans > before);
	assert_int_equal(d->rig.scans, before + 1);
	assert_int_equal(d->rig.scan.source, lobby_ScanSource_SCAN_STRIPE);
	assert_string_equal(d->rig.scan.aim, "");
}

static void hears(struct desk *d, const char *text)
{
	assert_int_equal(d->rig.scan.err, 0);
	assert_int_equal(d->rig.scan.data.size, strlen(text));
	assert_memory_equal(d->rig.scan.data.bytes, text, strlen(text));
}

static void hears_only(struct desk *d, int err)
{
	assert_int_equal(d->rig.scan.err, err);
	assert_int_equal(d->rig.scan.data.size, 0);
	for (size_t i = 0; i < sizeof(d->rig.scan.data.bytes); i++)
		assert_int_equal(d->rig.scan.data.bytes[i], 0);
}

static const struct {
	enum msr_mode mode;
	uint8_t packet, chunk;
	bool enhanced;
} readers[] = {
	{ MSR_MODEL_MAGTEK, 8, 0, false },	   { MSR_MODEL_MAGTEK, 64, 0, false },
	{ MSR_MODEL_MAGTEK_SECURE, 64, 0, false }, { MSR_MODEL_IDTECH, 8, 0, false },
	{ MSR_MODEL_IDTECH, 64, 0, false },	   { MSR_MODEL_IDTECH_FRAMES, 8, 8, false },
	{ MSR_MODEL_IDTECH_FRAMES, 64, 64, true }, { MSR_MODEL_IDTECH_FRAMES, 64, 63, false },
	{ MSR_MODEL_IDTECH_FRAMES, 8, 64, true },
};

#define READERS (sizeof(readers) / sizeof(readers[0]))

static void plug_reader(struct desk *d, size_t i)
{
	d->msr.chunk = readers[i].chunk;
	d->msr.enhanced = readers[i].enhanced;
	plug_ready(d, readers[i].mode, readers[i].packet);
}

static void it_is_listed_as_it_is(void **state)
{
	struct desk *d = *state;
	const lobby_Device *device;

	plug_ready(d, MSR_MODEL_MAGTEK, 8);
	device = rig_device(&d->rig, READER);
	assert_string_equal(device->name, "Model Stripe Reader");
	assert_string_equal(device->serial, "M-0001");
	assert_int_equal(device->vendor_id, 0x0801);
	assert_int_equal(device->product_id, 2);
	assert_string_equal(device->firmware, "1.00");
	plug_ready(d, MSR_MODEL_IDTECH, 64);
	assert_int_equal(rig_device(&d->rig, READER)->vendor_id, 0x0acd);
}

static void every_reader_hands_over_its_tracks(void **state)
{
	struct desk *d = *state;
	struct card card;

	for (size_t i = 0; i < READERS; i++) {
		plug_reader(d, i);
		swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
		hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
		assert_int_equal(card_parse(CARD_STRIPE, "", d->rig.scan.data.bytes, d->rig.scan.data.size, &card), 0);
		assert_string_equal(card.licence.birth_date, "1979-09-17");
		swipe(d, NULL, ";123456?", NULL);
		hears(d, ";123456?");
		swipe(d, NULL, NULL, HEALTH_3);
		hears(d, HEALTH_3);
		swipe(d, LICENCE_1, NULL, LICENCE_3);
		hears(d, LICENCE_1 LICENCE_3);
	}
}

static void with_lrc_and_the_wrong_way_round(void **state)
{
	struct desk *d = *state;

	for (size_t i = 0; i < READERS; i++) {
		plug_reader(d, i);
		for (int k = 1; k < 4; k++) {
			bus_lock(d->rig.bus);
			d->msr.lrc = (k & 1) != 0;
			d->msr.reversed = (k & 2) != 0;
			bus_unlock(d->rig.bus);
			swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
			hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
		}
		d->msr.lrc = d->msr.reversed = false;
	}
}

static void raw_bits_are_decoded(void **state)
{
	struct desk *d = *state;

	plug_ready(d, MSR_MODEL_IDTECH, 64);
	d->msr.bits = true;
	for (int reversed = 0; reversed < 2; reversed++) {
		d->msr.reversed = reversed;
		swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
		hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
		swipe(d, BANK_1, BANK_2, NULL);
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
	}
}

static void a_payment_card_is_dropped(void **state)
{
	struct desk *d = *state;

	for (size_t i = 0; i < READERS; i++) {
		plug_reader(d, i);
		swipe(d, BANK_1, BANK_2, NULL);
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
		swipe(d, BANK_1, NULL, NULL);
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
		swipe(d, NULL, BANK_2, NULL);
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
		/* What stands beside it goes with it, but for a health card. */
		swipe(d, "%SOMEBODY'S NAME?", BANK_2, ";0123?");
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
		swipe(d, BANK_1, BANK_2, HEALTH_3);
		hears(d, HEALTH_3);
		assert_null(memmem(&d->rig.scan, sizeof(d->rig.scan), "492953", 6));
		assert_null(memmem(&d->rig.list, sizeof(d->rig.list), "492953", 6));
	}
}

static void tracks_that_cannot_be_decoded(void **state)
{
	struct desk *d = *state;

	for (size_t i = 0; i < READERS; i++) {
		plug_reader(d, i);
		d->msr.errors = 1;
		swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
		hears(d, LICENCE_2 LICENCE_3);
		swipe(d, BANK_1, BANK_2, NULL);
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
		d->msr.errors = 2;
		swipe(d, BANK_1, BANK_2, NULL);
		hears_only(d, LOBBY_ERR_CARD_PAYMENT);
		d->msr.errors = 7;
		swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
		hears_only(d, LOBBY_ERR_CARD_UNREAD);
		d->msr.errors = 0;
		swipe(d, NULL, NULL, NULL); /* a blank card */
		hears_only(d, LOBBY_ERR_CARD_UNREAD);
		swipe(d, "%ab?", ";A?", NULL); /* "decoded", and no track */
		hears_only(d, LOBBY_ERR_CARD_UNREAD);
		d->msr.garbage = true;
		swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
		hears_only(d, LOBBY_ERR_CARD_UNREAD);
		d->msr.garbage = false;
		swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
		hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
	}
	d->msr.wrong_sum = true;
	swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
	hears_only(d, LOBBY_ERR_CARD_UNREAD);
}

/* The reader falls silent after so many bytes: the patient is told to swipe again, once, and the next swipe is whole.
 */
static void a_swipe_broken_off_is_told(void **state)
{
	static const size_t after[] = { 1, 8, 40, 64, 65, 128, 136 };
	struct desk *d = *state;

	for (size_t i = 0; i < READERS; i += 3) {
		plug_reader(d, i);
		for (size_t k = 0; k < sizeof(after) / sizeof(after[0]); k++) {
			d->msr.stop_after = after[k];
			swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
			if (d->rig.scan.err == 0) /* what came was a whole track */
				assert_true(d->rig.scan.data.size >= strlen(LICENCE_2));
			else
				hears_only(d, LOBBY_ERR_CARD_UNREAD);
			d->msr.stop_after = 0;
			swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
			hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
		}
	}
}

/* Packets that come a long while after one another are one swipe all the same, if no pause is a second. */
static void a_slow_reader_is_waited_for(void **state)
{
	struct desk *d = *state;

	plug_ready(d, MSR_MODEL_MAGTEK, 64);
	d->msr.slow = true;
	model_msr_swipe(&d->msr, LICENCE_1, LICENCE_2, LICENCE_3);
	for (int i = 0; i < 5; i++) {
		model_msr_step(&d->msr, 1);
		rig_idle(&d->rig, 300);
		assert_int_equal(d->rig.scans, 0);
	}
	model_msr_step(&d->msr, 1);
	rig_until(&d->rig, d->rig.scans == 1);
	hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
}

static void unplugged_in_the_middle_of_a_swipe(void **state)
{
	struct desk *d = *state;

	d->msr.slow = true;
	for (unsigned packets = 0; packets < 7; packets++) {
		plug_ready(d, packets % 2 == 0 ? MSR_MODEL_MAGTEK : MSR_MODEL_IDTECH_FRAMES, 64);
		model_msr_swipe(&d->msr, BANK_1, BANK_2, LICENCE_3);
		model_msr_step(&d->msr, packets % 2 == 0 ? packets : 1);
		for (int k = 0; k < 4; k++)
			rig_turn(&d->rig);
		bus_unplug(d->rig.bus, &d->msr.model);
		rig_until_state(&d->rig, READER, ABSENT);
	}
	d->msr.slow = false;
	plug_ready(d, MSR_MODEL_MAGTEK, 8);
	swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
	hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
}

static void stalls(void **state)
{
	struct desk *d = *state;

	d->msr.stall_reads = 2;
	d->msr.stall_descriptor = 1;
	plug_ready(d, MSR_MODEL_MAGTEK, 64);
	swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
	hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
	d->msr.stall_reads = -1;
	plug(d, MSR_MODEL_MAGTEK, 64);
	rig_until_state(&d->rig, READER, lobby_DeviceState_DEVICE_FAULT);
	assert_true(rig_device(&d->rig, READER)->detail[0] != '\0');
	d->msr.stall_reads = 0;
	d->msr.stall_descriptor = -1;
	plug(d, MSR_MODEL_MAGTEK, 64);
	rig_until_state(&d->rig, READER, lobby_DeviceState_DEVICE_FAULT);
}

static void keyboards_are_unsupported_in_plain_words(void **state)
{
	struct desk *d = *state;

	plug(d, MSR_MODEL_MAGTEK_KEYBOARD, 8);
	rig_until_state(&d->rig, READER, UNSUPPORTED);
	assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "keyboard mode"));
	assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "0x10"));
	assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "again."));
	plug(d, MSR_MODEL_IDTECH_KEYBOARD, 8);
	rig_until_state(&d->rig, READER, UNSUPPORTED);
	assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "keyboard mode"));
	assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "again."));
}

static void a_reader_that_encrypts_says_so(void **state)
{
	struct desk *d = *state;

	for (int i = 0; i < 3; i++) {
		d->msr.enhanced = i == 1;
		plug_ready(d, i == 2 ? MSR_MODEL_MAGTEK_SECURE : MSR_MODEL_IDTECH_FRAMES, 64);
		d->msr.encrypted = true;
		swipe(d, BANK_1, BANK_2, NULL);
		hears_only(d, LOBBY_ERR_CARD_UNREAD);
		rig_until_state(&d->rig, READER, UNSUPPORTED);
		assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "encrypts"));
		assert_non_null(strstr(rig_device(&d->rig, READER)->detail, "replace it."));
		d->msr.encrypted = false; /* set right: it says so itself */
		swipe(d, LICENCE_1, LICENCE_2, NULL);
		hears(d, LICENCE_1 LICENCE_2);
		rig_until_state(&d->rig, READER, READY);
	}
}

static void hostile_descriptors_are_survived(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\xc0", 1 },
		{ "\xa1\x01\xa1\x01\xa1\x01", 6 },
		{ "\x06\x00\xff\x09\x30\x75\x08\x97\xff\xff\xff\xff\x81\x02", 14 },
		{ "\x06\x00\xff\x09\x30\x75\x08\x95\x00\x81\x02", 11 },
		{ "\x06\x00\xff\x1b\x00\x00\x00\x00\x2b\xff\xff\xff\xff\x75\x01\x95\x01\x81\x02", 19 },
		{ "\x06\x00\xff\x09\x20\x75\x08\x95\x01\x81\x02", 11 },
		{ "\x06\xff", 2 },
	};
	struct desk *d = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(d->msr.given, rows[i].bytes, rows[i].len);
		d->msr.given_len = rows[i].len;
		plug(d, MSR_MODEL_GIVEN, 64);
		rig_until_state(&d->rig, READER, UNSUPPORTED);
	}
}

/* Each driver takes its own, whichever was plugged in first. */
static void scanners_and_readers_are_told_apart(void **state)
{
	struct desk *d = *state;

	assert_true(bus_plug(d->rig.bus, &d->rig.scanner.model));
	rig_until_state(&d->rig, lobby_DeviceKind_DEVICE_SCANNER, READY);
	plug_ready(d, MSR_MODEL_IDTECH, 64);
	assert_int_equal(d->rig.list.device_count, 2);
	swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
	hears(d, LICENCE_1 LICENCE_2 LICENCE_3);
	model_scanner_scan(&d->rig.scanner, "C0", "XGH884104417", 12);
	rig_until(&d->rig, d->rig.scans == 2);
	assert_int_equal(d->rig.scan.source, lobby_ScanSource_SCAN_CODE);
	assert_memory_equal(d->rig.scan.data.bytes, "XGH884104417", 12);
}

static void an_idle_reader_wakes_nobody(void **state)
{
	struct desk *d = *state;
	uint64_t requests;

	plug_ready(d, MSR_MODEL_MAGTEK, 8);
	swipe(d, LICENCE_1, LICENCE_2, LICENCE_3);
	rig_idle(&d->rig, 100);
	requests = bus_requests(d->rig.bus);
	assert_in_range(rig_idle(&d->rig, 700), 1, 1); /* the one turn that waits it out */
	assert_int_equal(bus_requests(d->rig.bus), requests);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(it_is_listed_as_it_is),
		ROW(every_reader_hands_over_its_tracks),
		ROW(with_lrc_and_the_wrong_way_round),
		ROW(raw_bits_are_decoded),
		ROW(a_payment_card_is_dropped),
		ROW(tracks_that_cannot_be_decoded),
		ROW(a_swipe_broken_off_is_told),
		ROW(a_slow_reader_is_waited_for),
		ROW(unplugged_in_the_middle_of_a_swipe),
		ROW(stalls),
		ROW(keyboards_are_unsupported_in_plain_words),
		ROW(a_reader_that_encrypts_says_so),
		ROW(hostile_descriptors_are_survived),
		ROW(scanners_and_readers_are_told_apart),
		ROW(an_idle_reader_wakes_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
