/* Wristbands and labels through real libusb and the whole of lobby-devices, on a virtual clock: as they should be,
 * pictures included, and rest. With LOBBY_LABELS=FOLDER it prints two and leaves their ZPL there instead, for a
 * renderer that others wrote (labels.test.mjs). */
#include "tests/emu/zebra_rig.h"

/* ---- as they should be ---- */

static void a_wristband_comes_out_as_meant(void **state)
{
	struct rig *rig = *state;
	const struct zebra_label *l;

	plug(rig, READY);
	assert_string_equal(rig_device(rig, LABELS)->name, "ZTC ZD410-203dpi ZPL");
	assert_string_equal(rig_device(rig, LABELS)->firmware, "V84.20.21Z");
	assert_int_equal(rig_device(rig, LABELS)->dots_per_mm, 8);
	print_and_expect(rig, "band", 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
	assert_int_equal(zebra.unknown, 0);
	l = model_zebra_last(&zebra);
	assert_int_equal(l->width, 200);
	assert_int_equal(l->length, 2232);
	assert_string_equal(field(l, ZEBRA_QR)->text, "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	assert_string_equal(field(l, ZEBRA_CODE128)->text, "44710092");
	assert_int_equal(field(l, ZEBRA_CODE128)->orientation, 'R');
	assert_string_equal(field(l, ZEBRA_TEXT)->text, "Maribel Cañizares Ölund");
	assert_int_equal(field(l, ZEBRA_TEXT)->orientation, 'R');
	assert_true(field(l, ZEBRA_TEXT)->height > 50);
	model_zebra_text(l, text, sizeof(text));
	assert_non_null(strstr(text, "Born 14 March 1956\n"));
	/* the name's top is at the right, where the band's upper edge is, and it begins after the symbols */
	assert_true(field(l, ZEBRA_TEXT)->x > 80);
	assert_true(field(l, ZEBRA_TEXT)->y > field(l, ZEBRA_CODE128)->y);
}

static void a_label_comes_out_at_300_dpi(void **state)
{
	struct rig *rig = *state;
	const struct zebra_label *l;

	zebra.dots_per_mm = 12;
	plug(rig, READY);
	assert_int_equal(rig_device(rig, LABELS)->dots_per_mm, 12);
	rig_send_print(rig, label(LABEL, "label", "Li Na"));
	expect(rig, "label", 0);
	l = model_zebra_last(&zebra);
	assert_int_equal(l->width, 600);
	assert_int_equal(l->length, 300);
	assert_int_equal(field(l, ZEBRA_TEXT)->orientation, 'N');
	assert_string_equal(field(l, ZEBRA_CODE128)->text, "V-44710092");
	assert_int_equal(zebra.unknown, 0);
}

static void a_hostile_name_is_only_a_name(void **state)
{
	static const char *const names[] = { "^XZ~JA", "~JR^XA^JUF^XZ", "_5EXZ", "O\\&B\\\\", ">:^FS^FDx" };
	struct rig *rig = *state;

	plug(rig, READY);
	for (int i = 0; i < 5; i++) {
		char job[32];
		lobby_Print *print;

		snprintf(job, sizeof(job), "h%d", i);
		print = label(WRISTBAND, job, names[i]);
		snprintf(print->code128, sizeof(print->code128), "%s", names[i]);
		snprintf(print->qr, sizeof(print->qr), "%s", names[i]);
		rig_send_print(rig, print);
		expect(rig, job, 0);
		assert_int_equal(model_zebra_printed(&zebra), i + 1);
		assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_TEXT)->text, names[i]);
		assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_CODE128)->text, names[i]);
		assert_string_equal(field(model_zebra_last(&zebra), ZEBRA_QR)->text, names[i]);
	}
	assert_int_equal(zebra.unknown, 0);
}

/* ---- pictures ---- */

#define PICTURE_DOTS 400
#define PICTURE_ROWS 150

static uint8_t picture[PICTURE_ROWS * PICTURE_DOTS / 8];
static uint32_t asked_rows, most_rows;
static enum { ANSWER, REFUSE, IGNORE, WRONG } answers;

static void on_want(struct rig *rig, const lobby_PrintWant *want)
{
	const uint8_t *rows = picture + (size_t)want->first_row * PICTURE_DOTS / 8;

	assert_true(want->first_row + want->rows <= PICTURE_ROWS);
	asked_rows += want->rows;
	most_rows = want->rows > most_rows ? want->rows : most_rows;
	if (answers == WRONG)
		rig_send_band(rig, want->job, want->first_row + 1, want->rows, rows, 50);
	if (answers == ANSWER || answers == WRONG)
		rig_send_band(rig, want->job, want->first_row, want->rows, rows, want->rows * PICTURE_DOTS / 8);
	else if (answers == REFUSE)
		rig_send_band(rig, want->job, want->first_row, want->rows, NULL, 0);
}

static bool is_black(const uint8_t *bits, int bytes_per_row, int x, int y)
{
	return bits[y * bytes_per_row + x / 8] & 0x80 >> x % 8;
}

static bool is_printed(const struct zebra_label *l, int x, int y)
{
	for (int i = 0; i < l->count; i++) {
		const struct zebra_field *f = &l->fields[i];

		if (f->kind == ZEBRA_GRAPHIC && x >= f->x && x < f->x + 8 * f->bytes_per_row && y >= f->y &&
		    y < f->y + f->rows && is_black(f->bits, f->bytes_per_row, x - f->x, y - f->y))
			return true;
	}
	return false;
}

static void send_picture(struct rig *rig, lobby_PrintForm form, const char *job)
{
	lobby_Print *print = label(form, job, "فاطمة");

	print->line_count = 1;
	print->line[0].rows = PICTURE_ROWS;
	print->row_dots = PICTURE_DOTS;
	print->code128[0] = print->qr[0] = '\0';
	print->width_mm = form == WRISTBAND ? 25 : 60;
	print->length_mm = form == WRISTBAND ? 279 : 25;
	rig_send_print(rig, print);
}

static void pictures_come_in_bands(void **state)
{
	struct rig *rig = *state;
	const struct zebra_label *l;

	for (size_t i = 0; i < sizeof(picture); i++)
		picture[i] = (uint8_t)(i * 2654435761u >> 13);
	memset(picture + 1000, 0, 500);
	rig->on_want = on_want;
	answers = WRONG; /* rows that nobody asked for are passed over */
	asked_rows = most_rows = 0;
	plug(rig, READY);
	send_picture(rig, LABEL, "upright");
	expect(rig, "upright", 0);
	assert_int_equal(asked_rows, PICTURE_ROWS);
	assert_true(most_rows * PICTURE_DOTS / 8 <= 4096);
	l = model_zebra_last(&zebra);
	for (int y = 0; y < PICTURE_ROWS; y++)
		for (int x = 0; x < PICTURE_DOTS; x++)
			assert_int_equal(is_printed(l, 12 + x, 25 + y), is_black(picture, PICTURE_DOTS / 8, x, y));
	answers = ANSWER;
	send_picture(rig, WRISTBAND, "turned");
	expect(rig, "turned", 0);
	l = model_zebra_last(&zebra);
	for (int y = 0; y < PICTURE_ROWS; y++)
		for (int x = 0; x < PICTURE_DOTS; x++)
			assert_int_equal(is_printed(l, 200 - 25 - 1 - y, 48 + x),
					 is_black(picture, PICTURE_DOTS / 8, x, y));
	assert_int_equal(zebra.unknown, 0);
}

static void without_its_picture_nothing_is_printed(void **state)
{
	struct rig *rig = *state;

	rig->on_want = on_want;
	plug(rig, READY);
	answers = REFUSE;
	send_picture(rig, LABEL, "gone");
	expect(rig, "gone", LOBBY_ERR_CLOSED);
	answers = IGNORE;
	send_picture(rig, LABEL, "late");
	rig_pass(rig, 7000);
	assert_int_equal(rig_outcome(rig, "late"), LOBBY_ERR_TIMEOUT);
	rig_pass(rig, 1000);
	assert_int_equal(model_zebra_printed(&zebra), 0);
	assert_int_equal(zebra.buffered, 0);
	print_and_expect(rig, "next", 0);
	assert_int_equal(model_zebra_printed(&zebra), 1);
}

/* ---- rest ---- */

static void an_idle_printer_wakes_nobody(void **state)
{
	struct rig *rig = *state;
	uint64_t requests;
	int asked;

	plug(rig, READY);
	print_and_expect(rig, "before", 0);
	rig_pass(rig, 1000);
	requests = bus_requests(rig->bus);
	rig_pass(rig, 600000);
	assert_int_equal(bus_requests(rig->bus), requests);
	/* in trouble it is asked less and less */
	model_zebra_set(&zebra, media_out);
	print_and_expect(rig, "out", LOBBY_ERR_PAPER_OUT);
	asked = zebra.asked_hs;
	rig_pass(rig, 1200000);
	assert_in_range(zebra.asked_hs - asked, 6, 12);
}

static void an_alert_makes_it_ask(void **state)
{
	struct rig *rig = *state;

	plug(rig, READY);
	rig_pass(rig, 1000);
	model_zebra_set(&zebra, head_open);
	model_zebra_alert(&zebra, "ERROR CONDITION: HEAD OPEN\r\n");
	until_state(rig, COVER_OPEN);
	model_zebra_set(&zebra, no_trouble);
	model_zebra_alert(&zebra, "ERROR CLEARED: HEAD OPEN\r\n");
	until_state(rig, READY);
}

/* ---- for the renderer ---- */

static void leave(const char *folder, const char *name)
{
	const struct zebra_label *l = model_zebra_last(&zebra);
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.zpl", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(l->zpl, 1, l->zpl_len, f), l->zpl_len);
	assert_int_equal(fclose(f), 0);
}

static void leave_labels(void **state)
{
	static const struct {
		const char *name, *patient;
		lobby_PrintForm form;
	} rows[] = {
		{ "wristband", "Maribel Cañizares Ölund", WRISTBAND },
		{ "label", "Maribel Cañizares Ölund", LABEL },
		{ "hostile", "^XZ~JA_5E & Söhne", WRISTBAND },
	};
	const char *folder = getenv("LOBBY_LABELS");
	struct rig *rig = *state;

	plug(rig, READY);
	for (int i = 0; i < 3; i++) {
		lobby_Print *print = label(rows[i].form, rows[i].name, rows[i].patient);

		if (i == 2) {
			snprintf(print->code128, sizeof(print->code128), "^XA>~_HS_JA");
			snprintf(print->qr, sizeof(print->qr), "^XZ~JA,_5E\\&>:");
		}
		rig_send_print(rig, print);
		expect(rig, rows[i].name, 0);
		leave(folder, rows[i].name);
	}
	/* a checkerboard with a white stripe, turned */
	for (int i = 0; i < (int)sizeof(picture); i++)
		picture[i] =
			(i % (PICTURE_DOTS / 8) + i / (PICTURE_DOTS / 8) / 4) % 2 && i / (PICTURE_DOTS / 8) / 20 != 2
				? 0xff
				: 0;
	rig->on_want = on_want;
	answers = ANSWER;
	send_picture(rig, WRISTBAND, "picture");
	expect(rig, "picture", 0);
	leave(folder, "picture");
}

int main(void)
{
	const struct CMUnitTest leaving[] = { TEST(leave_labels) };
	const struct CMUnitTest tests[] = {
		TEST(a_wristband_comes_out_as_meant),
		TEST(a_label_comes_out_at_300_dpi),
		TEST(a_hostile_name_is_only_a_name),
		TEST(pictures_come_in_bands),
		TEST(without_its_picture_nothing_is_printed),
		TEST(an_idle_printer_wakes_nobody),
		TEST(an_alert_makes_it_ask),
	};

	if (getenv("LOBBY_LABELS") != NULL)
		return cmocka_run_group_tests(leaving, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
