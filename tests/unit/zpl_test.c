/* The ZPL codec: layouts that never overlap, whatever the names; data that never commands; answers read strictly. */
#include "drivers/zpl/codec.h"

#include "base/text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct zpl_media dpi203 = { 8 };
static uint8_t bytes[ZPL_MAX_PIECE];

/* ---- layout ---- */

static unsigned long seed = 1;

static unsigned chance(unsigned n)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % n;
}

static void random_text(char *out, size_t size, unsigned most)
{
	static const char *const letters[] = { "a", "W",  "i",	"Å", "ñ", " ", "^", "~",
					       "_", "\\", "中", "M", "@", "-", "1" };
	unsigned n = chance(most + 1);

	out[0] = '\0';
	while (n-- > 0 && strlen(out) + 4 < size)
		text_copy(out + strlen(out), 4, letters[chance(sizeof(letters) / sizeof(letters[0]))]);
}

static void random_print(lobby_Print *print)
{
	*print = (lobby_Print){ .form = chance(2) ? lobby_PrintForm_PRINT_WRISTBAND : lobby_PrintForm_PRINT_LABEL };
	print->line_count = (pb_size_t)chance(8);
	print->row_dots = 8 * (1 + chance(60));
	for (int i = 0; i < print->line_count; i++) {
		lobby_SlipLine *line = &print->line[i];

		random_text(line->text, sizeof(line->text), 128);
		line->scale = chance(10);
		line->bold = chance(2);
		line->align = chance(2) ? lobby_SlipAlign_SLIP_CENTER : lobby_SlipAlign_SLIP_START;
		line->rule = chance(8) == 0;
		line->rows = chance(6) == 0 ? 1 + chance(90) : 0;
	}
	for (unsigned n = chance(24); n > 0 && chance(3) > 0; n--)
		print->code128[strlen(print->code128)] = (char)(0x20 + chance(95));
	for (unsigned n = chance(120); n > 0 && chance(200) > 0; n--)
		print->qr[strlen(print->qr)] = (char)(0x20 + chance(95));
	print->width_mm = chance(4) == 0 ? 0 : 10 + chance(60);
	print->length_mm = chance(4) == 0 ? 0 : 10 + chance(280);
}

static bool overlap(const struct zpl_box *a, const struct zpl_box *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

static void check_layout(const struct zpl_layout *l, unsigned dots_per_mm)
{
	int w = l->turned ? l->length : l->width, h = l->turned ? l->width : l->length;

	for (int i = 0; i < l->count; i++) {
		const struct zpl_item *item = &l->items[i];
		const struct zpl_box *box = &item->box;

		assert_true(box->x >= 0 && box->y >= 0 && box->w > 0 && box->h > 0);
		assert_true(box->x + box->w <= w && box->y + box->h <= h);
		for (int k = 0; k < i; k++)
			assert_false(overlap(box, &l->items[k].box));
		if (item->kind == ZPL_TEXT) {
			assert_true(item->size >= (22 * (int)dots_per_mm + 5) / 10); /* 2.2 mm */
			assert_true(text_is_clean(item->text, strlen(item->text)));
			assert_true(zpl_can_print(item->text));
		} else if (item->kind == ZPL_CODE128) { /* ten modules of white on both sides */
			assert_true(item->size >= 2 && box->w >= (item->modules + 20) * item->size);
		} else if (item->kind == ZPL_QR) { /* four on all sides */
			assert_true(item->size >= 2 && box->w >= (item->modules + 8) * item->size);
			assert_true(box->h >= (item->modules + 8) * item->size);
		}
	}
}

static void nothing_overlaps_and_nothing_leaves_the_paper(void **state)
{
	static const unsigned densities[] = { 6, 8, 12, 24 };
	static lobby_Print print;
	static struct zpl_layout l;
	int laid_out = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct zpl_media media = { densities[chance(4)] };
		int err;

		random_print(&print);
		err = zpl_lay_out(&print, &media, &l);
		assert_true(err == 0 || err == LOBBY_ERR_TOO_LONG || err == LOBBY_ERR_INVALID);
		if (err != 0)
			continue;
		laid_out++;
		check_layout(&l, media.dots_per_mm);
		assert_true(zpl_encode_head(&l, bytes, sizeof(bytes)) > 0);
		for (int k = 0; k < l.count; k++)
			assert_true(zpl_encode_item(&l, &l.items[k], bytes, sizeof(bytes)) >= 0);
	}
	assert_true(laid_out > 5000);
}

static lobby_Print *usual(lobby_PrintForm form, const char *name)
{
	static lobby_Print print;

	print = (lobby_Print){ .form = form, .line_count = 3, .qr = "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64" };
	text_copy(print.line[0].text, sizeof(print.line[0].text), name);
	print.line[0].scale = 3;
	print.line[0].bold = true;
	text_copy(print.line[1].text, sizeof(print.line[1].text), "Born 14 March 1956");
	print.line[1].scale = 2;
	text_copy(print.line[2].text, sizeof(print.line[2].text), "No. 4471-0092");
	text_copy(print.code128, sizeof(print.code128), "44710092");
	return &print;
}

static const struct zpl_item *text_at(const struct zpl_layout *l, int n)
{
	for (int i = 0; i < l->count; i++)
		if (l->items[i].kind == ZPL_TEXT && n-- == 0)
			return &l->items[i];
	return NULL;
}

static void every_length_of_name_is_readable(void **state)
{
	char name[129] = "";
	struct zpl_layout l;

	(void)state;
	for (int n = 1; n < 128; n++) {
		name[n - 1] = n % 9 == 0 ? ' ' : 'm';
		assert_int_equal(zpl_lay_out(usual(lobby_PrintForm_PRINT_WRISTBAND, name), &dpi203, &l), 0);
		check_layout(&l, 8);
		assert_non_null(text_at(&l, 0));
		assert_int_equal(zpl_lay_out(usual(lobby_PrintForm_PRINT_LABEL, name), &dpi203, &l), 0);
		check_layout(&l, 8);
	}
	/* too long for any size: cut, and it shows */
	assert_non_null(strstr(text_at(&l, 0)->text, "..."));
	assert_int_equal(text_at(&l, 0)->size, 18);
}

static void the_name_is_the_largest(void **state)
{
	static const char *const names[] = { "Li", "Maribel Cañizares Ölund",
					     "Wolfeschlegelsteinhausenbergerdorff Hubert" };
	struct zpl_layout l;

	(void)state;
	for (int i = 0; i < 3; i++)
		for (int form = 1; form <= 2; form++) {
			int birthday = 0, number = 0;

			assert_int_equal(zpl_lay_out(usual((lobby_PrintForm)form, names[i]), &dpi203, &l), 0);
			for (int k = 0; text_at(&l, k) != NULL; k++) {
				if (strstr(text_at(&l, k)->text, "14 March") != NULL)
					birthday = text_at(&l, k)->size;
				else if (strstr(text_at(&l, k)->text, "4471") != NULL)
					number = text_at(&l, k)->size;
			}
			assert_true(number > 0 && birthday >= number && text_at(&l, 0)->size >= birthday);
			if (i < 2) /* the third is as small as the rest can be */
				assert_true(birthday > number && text_at(&l, 0)->size > birthday);
		}
	/* a long one is broken in two rather than made tiny */
	assert_int_equal(zpl_lay_out(usual(lobby_PrintForm_PRINT_LABEL, names[1]), &dpi203, &l), 0);
	assert_string_equal(text_at(&l, 0)->text, "Cañizares Ölund");
	assert_string_equal(text_at(&l, 1)->text, "Maribel");
}

static void what_cannot_be_read_is_refused(void **state)
{
	lobby_Print *print = usual(lobby_PrintForm_PRINT_LABEL, "Ann");
	struct zpl_layout l;

	(void)state;
	memset(print->qr, 'q', sizeof(print->qr) - 1);
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_TOO_LONG);
	print = usual(lobby_PrintForm_PRINT_LABEL, "Ann");
	memset(print->code128, 'c', sizeof(print->code128) - 1);
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_TOO_LONG);
	print = usual(lobby_PrintForm_PRINT_LABEL, "Ann");
	text_copy(print->code128, sizeof(print->code128), "é");
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_INVALID);
	print = usual(lobby_PrintForm_PRINT_LABEL, "Ann");
	print->line_count = 40;
	for (int i = 0; i < 40; i++)
		text_copy(print->line[i].text, sizeof(print->line[i].text), "one too many");
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_TOO_LONG);
	print = usual(lobby_PrintForm_PRINT_LABEL, "Ann");
	print->length_mm = 5;
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_INVALID);
	print = usual(lobby_PrintForm_PRINT_LABEL, "Ann");
	print->line[0].rows = 400;
	print->row_dots = 200;
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_TOO_LONG);
	print->row_dots = 201;
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), LOBBY_ERR_INVALID);
}

static void the_font_knows_its_letters(void **state)
{
	(void)state;
	assert_true(zpl_can_print("Jürgen O’Brien–Ñandú ÅØßþÿ"));
	assert_true(zpl_can_print("what? 100 % & <so> {on}"));
	assert_false(zpl_can_print("Łódź"));
	assert_false(zpl_can_print("Иван"));
	assert_false(zpl_can_print("Γιώργος"));
	assert_false(zpl_can_print("فاطمة"));
	assert_false(zpl_can_print("中"));
	assert_false(zpl_can_print("e\xcc\x81")); /* e and a combining accent */
	assert_false(zpl_can_print("\x1b"));
	assert_false(zpl_can_print("\xff"));
}

/* ---- bytes ---- */

/* Field data of the piece as a printer takes it: after ^FH. */
static void field_data(const uint8_t *piece, int len, char *out, size_t size)
{
	const char *at = memmem(piece, (size_t)len, "^FD", 3), *end = memmem(piece, (size_t)len, "^FS", 3);
	size_t n = 0;

	assert_non_null(at);
	for (at += 3; at < end && n + 1 < size; at++) {
		if (*at == '_') {
			char digits[3] = { at[1], at[2] };

			assert_true(isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]));
			out[n++] = (char)strtol(digits, NULL, 16);
			at += 2;
		} else {
			out[n++] = *at;
		}
	}
	out[n] = '\0';
}

static int count_of(const uint8_t *piece, int len, char c)
{
	int n = 0;

	for (int i = 0; i < len; i++)
		n += piece[i] == (uint8_t)c;
	return n;
}

static void data_never_commands(void **state)
{
	static const char *const names[] = { "^XZ~JA",	   "~HS",   "_7EJA", "^FS^XZ^XA^FD", "a\\&b\\\\",
					     "\x10~\x1e^", ">;>8~", "^CC*",  "`'\"{}|" };
	struct zpl_layout l;
	char data[200];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		lobby_Print *print = usual(lobby_PrintForm_PRINT_WRISTBAND, names[i]);

		print->line[0].bold = false;
		if (names[i][0] != '\x10') {
			text_copy(print->qr, sizeof(print->qr), names[i]);
			text_copy(print->code128, sizeof(print->code128), names[i]);
		}
		assert_int_equal(zpl_lay_out(print, &dpi203, &l), 0);
		for (int k = 0; k < l.count; k++) {
			int len = zpl_encode_item(&l, &l.items[k], bytes, sizeof(bytes));

			assert_int_equal(count_of(bytes, len, '~'), 0);
			assert_int_equal(count_of(bytes, len, '^'), l.items[k].kind == ZPL_TEXT ? 5 : 6);
		}
		{
			int len = zpl_encode_item(&l, text_at(&l, 0), bytes, sizeof(bytes));

			field_data(bytes, len, data, sizeof(data));
			assert_string_equal(data, names[i][0] == '\x10' ? "~^" : names[i]);
		}
	}
}

static bool says(int len, const char *what)
{
	return memmem(bytes, (size_t)len, what, strlen(what)) != NULL;
}

static void a_wristband_is_turned_and_a_label_is_not(void **state)
{
	struct zpl_layout l;
	int len;

	(void)state;
	assert_int_equal(zpl_lay_out(usual(lobby_PrintForm_PRINT_WRISTBAND, "Ann Lee"), &dpi203, &l), 0);
	len = zpl_encode_head(&l, bytes, sizeof(bytes));
	assert_true(says(len, "^PW200^LL2232"));
	assert_true(says(len, "^CI28"));
	assert_true(says(len, "^JZY"));
	len = zpl_encode_item(&l, text_at(&l, 0), bytes, sizeof(bytes));
	assert_true(says(len, "^A0R,"));
	assert_true(says(len, "^FDAnn Lee^FS"));
	for (int i = 0; i < l.count; i++)
		if (l.items[i].kind == ZPL_CODE128) {
			len = zpl_encode_item(&l, &l.items[i], bytes, sizeof(bytes));
			assert_true(says(len, "^BCR,"));
			assert_true(says(len, "^FD>;44710092^FS"));
		}
	assert_int_equal(zpl_lay_out(usual(lobby_PrintForm_PRINT_LABEL, "Ann Lee"), &dpi203, &l), 0);
	len = zpl_encode_item(&l, text_at(&l, 0), bytes, sizeof(bytes));
	assert_true(says(len, "^A0N,"));
	len = zpl_encode_end(bytes, sizeof(bytes));
	assert_true(says(len, "^PQ1,0,1,N^XZ"));
	assert_int_equal(zpl_encode_end(bytes, 4), LOBBY_ERR_TOO_LONG);
}

/* A picture of 16 by 10 with its first row and its last column black. */
static void pictures_come_in_bands_and_turn_with_the_band(void **state)
{
	uint8_t picture[20] = { 0xff, 0xff };
	lobby_Print print = { .form = lobby_PrintForm_PRINT_LABEL, .line_count = 1, .row_dots = 16 };
	struct zpl_layout l;
	int len;

	(void)state;
	for (int i = 0; i < 10; i++)
		picture[2 * i + 1] |= 0x01;
	print.line[0].rows = 10;
	assert_int_equal(zpl_lay_out(&print, &dpi203, &l), 0);
	assert_int_equal(l.count, 1);
	assert_int_equal(zpl_band_rows(&l.items[0], 16, 0), 10);
	assert_int_equal(zpl_band_rows(&l.items[0], 16, 10), 0);
	len = zpl_encode_band(&l, &l.items[0], 16, 0, 10, picture, 20, bytes, sizeof(bytes));
	bytes[len] = '\0';
	assert_non_null(strstr((char *)bytes, "^GFA,20,20,2,FFFF0001000100010001000100010001000100"));
	print.form = lobby_PrintForm_PRINT_WRISTBAND;
	assert_int_equal(zpl_lay_out(&print, &dpi203, &l), 0);
	len = zpl_encode_band(&l, &l.items[0], 16, 0, 10, picture, 20, bytes, sizeof(bytes));
	bytes[len] = '\0';
	/* the first row is the right column of ten, the last column the bottom row */
	assert_non_null(strstr((char *)bytes, "^GFA,32,32,2,00400040"));
	assert_non_null(strstr((char *)bytes, "0040FFC0^FS"));
	assert_int_equal(zpl_encode_band(&l, &l.items[0], 16, 0, 10, picture, 19, bytes, sizeof(bytes)),
			 LOBBY_ERR_INVALID);
	assert_int_equal(zpl_encode_band(&l, &l.items[0], 16, 0, 11, picture, 22, bytes, sizeof(bytes)),
			 LOBBY_ERR_INVALID);
	/* a large one: bands of at most 4096 bytes, a whole number of bytes when turned */
	print.row_dots = 800;
	print.line[0].rows = 150;
	assert_int_equal(zpl_lay_out(&print, &dpi203, &l), 0);
	assert_int_equal(zpl_band_rows(&l.items[0], 800, 0), 40);
	assert_int_equal(zpl_band_rows(&l.items[0], 800, 120), 30);
}

static void there_is_room_for_a_picture_where_the_text_was(void **state)
{
	lobby_Print *print = usual(lobby_PrintForm_PRINT_WRISTBAND, "فاطمة");
	struct zpl_layout l;
	uint32_t width = 0, rows = 0;

	(void)state;
	assert_int_equal(zpl_picture_room(print, &dpi203, 0, &width, &rows), 0);
	assert_true(width > 800 && rows > 40);
	print->line[0].rows = rows;
	print->row_dots = (width + 7) / 8 * 8;
	assert_int_equal(zpl_lay_out(print, &dpi203, &l), 0);
	check_layout(&l, 8);
	assert_int_equal(zpl_picture_room(print, &dpi203, 3, &width, &rows), LOBBY_ERR_INVALID);
}

/* ---- answers ---- */

#define HS_1 \
	"\x02" \
	"030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n"
#define HS_2 \
	"\x02" \
	"000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n"
#define HS_3 \
	"\x02" \
	"1234,0\x03\r\n"

static enum zpl_answer feed(struct zpl_parser *p, const char *text)
{
	enum zpl_answer last = ZPL_NONE;

	for (; *text != '\0'; text++) {
		enum zpl_answer answer = zpl_parse(p, (uint8_t)*text);

		if (answer != ZPL_NONE)
			last = answer;
	}
	return last;
}

static void status_is_read(void **state)
{
	static const struct {
		const char *first, *second;
		lobby_DeviceState shown;
		int err;
		bool holding;
	} rows[] = {
		{ "030,0,0,1245,000,0,0,0,000,0,0,0", NULL, lobby_DeviceState_DEVICE_READY, 0, false },
		{ "030,1,0,1245,000,0,0,0,000,0,0,0", NULL, lobby_DeviceState_DEVICE_PAPER_OUT, LOBBY_ERR_PAPER_OUT,
		  false },
		{ "030,0,1,1245,000,0,0,0,000,0,0,0", NULL, lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE,
		  false },
		{ "030,0,0,1245,002,0,0,0,000,0,0,0", NULL, lobby_DeviceState_DEVICE_READY, 0, true },
		{ "030,0,0,1245,000,1,0,0,000,0,0,0", NULL, lobby_DeviceState_DEVICE_READY, 0, true },
		{ "030,0,0,1245,000,0,1,0,000,0,0,0", NULL, lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE,
		  false },
		{ "030,0,0,1245,000,0,0,1,000,0,0,0", NULL, lobby_DeviceState_DEVICE_READY, 0, true },
		{ "030,0,0,1245,000,0,0,0,000,1,0,0", NULL, lobby_DeviceState_DEVICE_FAULT, LOBBY_ERR_OFFLINE, false },
		{ "030,0,0,1245,000,0,0,0,000,0,1,0", NULL, lobby_DeviceState_DEVICE_READY, 0, false },
		{ "030,0,0,1245,000,0,0,0,000,0,0,1", NULL, lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE,
		  false },
		{ NULL, "000,0,1,0,0,2,4,0,00000000,1,000", lobby_DeviceState_DEVICE_COVER_OPEN, LOBBY_ERR_COVER_OPEN,
		  false },
		{ NULL, "000,0,0,1,1,2,4,0,00000000,1,000", lobby_DeviceState_DEVICE_PAPER_OUT, LOBBY_ERR_PAPER_OUT,
		  false },
		{ NULL, "000,0,0,1,0,2,4,0,00000000,1,000", lobby_DeviceState_DEVICE_READY, 0, false },
		{ NULL, "000,0,0,0,0,1,4,1,00000000,1,000", lobby_DeviceState_DEVICE_READY, 0, false },
		{ NULL, "000,0,0,0,0,K,4,0,00000001,1,000", lobby_DeviceState_DEVICE_READY, 0, true },
	};
	struct zpl_parser p = { 0 };

	(void)state;
	assert_int_equal(feed(&p, HS_1 HS_2 HS_3), ZPL_STATUS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];

		snprintf(text, sizeof(text), "\x02%s\x03\r\n\x02%s\x03\r\n" HS_3,
			 rows[i].first ? rows[i].first : "030,0,0,1245,000,0,0,0,000,0,0,0",
			 rows[i].second ? rows[i].second : "000,0,0,0,0,2,4,0,00000000,1,000");
		assert_int_equal(feed(&p, text), ZPL_STATUS);
		assert_int_equal(zpl_state_of(&p.status), rows[i].shown);
		assert_int_equal(zpl_error_of(&p.status), rows[i].err);
		assert_int_equal(zpl_is_holding(&p.status), rows[i].holding);
		if (rows[i].shown != lobby_DeviceState_DEVICE_READY)
			assert_true(strlen(zpl_words_of(&p.status)) > 10);
	}
}

static void what_is_not_quite_a_status_is_none(void **state)
{
	static const char *const bad[] = {
		HS_1 HS_3, /* one string missing */
		HS_2 HS_3, /* the first one missing */
		"\x02"
		"030,0,0,1245,000,0,0,0,000,0,0\x03" HS_2 HS_3, /* a field missing */
		"\x02"
		"030,0,0,1245,000,0,0,0,000,0,0,0,0\x03" HS_2 HS_3, /* one too many */
		"\x02"
		"030,2,0,1245,000,0,0,0,000,0,0,0\x03" HS_2 HS_3, /* no flag */
		"\x02"
		"030,,0,1245,000,0,0,0,000,0,0,0\x03" HS_2 HS_3, /* empty */
		"\x02"
		"030,0,0,1245,-01,0,0,0,000,0,0,0\x03" HS_2 HS_3, /* no number */
		"\x02"
		"030,0,0,1245,999999999,0,0,0,000,0,0,0\x03" HS_2 HS_3,
		HS_1 "\x02"
		     "000,0,0,0,0,2,4,0,0000000x,1,000\x03" HS_3,
		HS_1 "\x02"
		     "000,0,0,0,0,2,4,0,00000000,1\x03" HS_3,
		HS_1 HS_2 "\x02"
			  "12a4,0\x03",
		HS_1 HS_2 "\x02"
			  "1234\x03",
		"PAPER OUT [ALERT]\r\n",
		"\x02"
		"030,0,0,12\x02",
		"\x02,,,,,,,,,,,,,,,,,,,,,,\x03",
		"\x02\x03",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zpl_parser p = { 0 };

		assert_int_equal(feed(&p, bad[i]), ZPL_GARBAGE);
		assert_int_equal(feed(&p, HS_1 HS_2 HS_3), ZPL_STATUS); /* and the next whole one is read */
	}
}

static void error_flags_are_read(void **state)
{
	struct zpl_parser p = { 0 };
	struct zpl_status s = { .formats = 3 };

	(void)state;
	assert_int_equal(feed(&p, "\x02\r\n  PRINTER STATUS\r\n   ERRORS:         1 00000000 00000005\r\n"
				  "   WARNINGS:       1 00000000 00000002\r\n\x03"),
			 ZPL_ERRORS);
	assert_true(p.status.paper_out && p.status.head_open && !p.status.ribbon_out);
	zpl_add_errors(&s, &p.status);
	assert_true(s.paper_out && s.head_open && s.formats == 3);
	assert_int_equal(zpl_error_of(&s), LOBBY_ERR_COVER_OPEN);
	assert_int_equal(feed(&p, "\x02PRINTER STATUS ERRORS: 1 00000000 00000008 \x03"), ZPL_ERRORS);
	assert_int_equal(zpl_error_of(&p.status), LOBBY_ERR_PAPER_JAM);
	assert_int_equal(feed(&p, "\x02PRINTER STATUS ERRORS: 0 00000000 00000000 \x03"), ZPL_ERRORS);
	assert_int_equal(zpl_error_of(&p.status), 0);
	assert_int_equal(feed(&p, "\x02PRINTER STATUS ERRORS: 0 0000 00000000 \x03"), ZPL_GARBAGE);
	assert_int_equal(feed(&p, "\x02PRINTER STATUS ERRORS: 1 00000000 0000000500\x03"), ZPL_GARBAGE);
	assert_int_equal(feed(&p, "\x02PRINTER STATUS ERRORS:\x03"), ZPL_GARBAGE);
}

static void identities_are_read(void **state)
{
	struct zpl_parser p = { 0 };

	(void)state;
	assert_int_equal(feed(&p, "\x02ZD510-300dpi ,V84.20.21Z,12,8192KB,cutter\x03\r\n"), ZPL_IDENTITY);
	assert_string_equal(p.identity.model, "ZD510-300dpi");
	assert_string_equal(p.identity.firmware, "V84.20.21Z");
	assert_int_equal(p.identity.dots_per_mm, 12);
	assert_int_equal(feed(&p, "\x02ZD510,V84,7,8192KB\x03"), ZPL_GARBAGE);
	assert_int_equal(feed(&p, "\x02ZD510,V84,8\x03"), ZPL_GARBAGE);
	assert_int_equal(feed(&p, "\x02"
				  "ZD\x1b[31m,V84,8,8192KB\x03"),
			 ZPL_GARBAGE);
}

static void the_port_says_its_three_bits(void **state)
{
	struct zpl_status fine = zpl_port_status(0x18), empty = zpl_port_status(0x38), off = zpl_port_status(0x08),
			  bad = zpl_port_status(0x10);

	(void)state;
	assert_int_equal(zpl_error_of(&fine), 0);
	assert_int_equal(zpl_error_of(&empty), LOBBY_ERR_PAPER_OUT);
	assert_int_equal(zpl_error_of(&off), LOBBY_ERR_OFFLINE);
	assert_int_equal(zpl_error_of(&bad), LOBBY_ERR_OFFLINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_overlaps_and_nothing_leaves_the_paper),
		cmocka_unit_test(every_length_of_name_is_readable),
		cmocka_unit_test(the_name_is_the_largest),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(the_font_knows_its_letters),
		cmocka_unit_test(data_never_commands),
		cmocka_unit_test(a_wristband_is_turned_and_a_label_is_not),
		cmocka_unit_test(pictures_come_in_bands_and_turn_with_the_band),
		cmocka_unit_test(there_is_room_for_a_picture_where_the_text_was),
		cmocka_unit_test(status_is_read),
		cmocka_unit_test(what_is_not_quite_a_status_is_none),
		cmocka_unit_test(error_flags_are_read),
		cmocka_unit_test(identities_are_read),
		cmocka_unit_test(the_port_says_its_three_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
