/* The logo's way from a PNG to the kiosk: scaled to paper, black where it is dark, and never larger than a message. */
#include "clinic/clinic.h"
#include "clinic/logo.h"
#include "sync/logo.h"

#include <png.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char png[64];
static char folder[] = "/tmp/lobby-logo-XXXXXX";

static int setup(void **state)
{
	static struct ledger store;

	assert_non_null(mkdtemp(folder));
	snprintf(png, sizeof(png), "%s/logo.png", folder);
	assert_int_equal(ledger_open(&store, folder, false), 0);
	*state = &store;
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	ledger_close(*state);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* A picture whose left half is black, and the right half this grey. */
static void write_png(const char *path, int width, int rows, uint8_t grey)
{
	png_image image = { .version = PNG_IMAGE_VERSION,
			    .width = (png_uint_32)width,
			    .height = (png_uint_32)rows,
			    .format = PNG_FORMAT_GRAY };
	uint8_t *dots = calloc((size_t)width, (size_t)rows);

	assert_non_null(dots);
	for (int y = 0; y < rows; y++)
		memset(dots + (ptrdiff_t)y * width + width / 2, grey, (size_t)(width - width / 2));
	assert_true(png_image_write_to_file(&image, path, 0, dots, 0, NULL));
	free(dots);
}

static void load(struct ledger *store, lobby_Logo *logo)
{
	json_t *json = clinic_logo_load(store);

	logo_of_json(json, logo);
	json_decref(json);
}

static double share_black(const lobby_Logo *logo, uint32_t from, uint32_t to)
{
	uint32_t black = 0, stride = (logo->width + 7) / 8;

	for (uint32_t y = 0; y < logo->rows; y++)
		for (uint32_t x = from; x < to; x++)
			black += (logo->bits.bytes[y * stride + x / 8] & 0x80 >> x % 8) != 0;
	return (double)black / ((double)logo->rows * (to - from));
}

static void a_logo_is_scaled_and_dithered(void **state)
{
	struct ledger *store = *state;
	static lobby_Logo logo;

	write_png(png, 1200, 500, 128);
	assert_int_equal(clinic_logo_set(store, png), 0);
	unlink(png);
	load(store, &logo);
	assert_int_equal(logo.width, 384);
	assert_int_equal(logo.rows, 160);
	assert_true(share_black(&logo, 0, 190) > 0.99);
	assert_true(share_black(&logo, 200, 384) > 0.45 && share_black(&logo, 200, 384) < 0.55);
}

static void a_small_logo_stays_as_it_is(void **state)
{
	struct ledger *store = *state;
	static lobby_Logo logo;

	write_png(png, 20, 9, 255);
	assert_int_equal(clinic_logo_set(store, png), 0);
	unlink(png);
	load(store, &logo);
	assert_int_equal(logo.width, 20);
	assert_int_equal(logo.rows, 9);
	assert_true(share_black(&logo, 0, 10) == 1.0);
	assert_true(share_black(&logo, 10, 20) == 0.0);
	assert_int_equal(clinic_logo_set(store, NULL), 0);
	load(store, &logo);
	assert_int_equal(logo.rows, 0);
}

static void what_is_no_picture_changes_nothing(void **state)
{
	struct ledger *store = *state;
	static lobby_Logo logo;

	write_png(png, 20, 9, 255);
	assert_int_equal(clinic_logo_set(store, png), 0);
	unlink(png);
	assert_int_equal(clinic_logo_set(store, "Makefile"), LOBBY_ERR_INVALID);
	assert_int_equal(clinic_logo_set(store, "/nowhere.png"), LOBBY_ERR_INVALID);
	load(store, &logo);
	assert_int_equal(logo.rows, 9);
}

static void a_kiosk_believes_no_nonsense(void **state)
{
	static const char *const bad[] = { "{}",
					   "{\"width\":8,\"rows\":2,\"bits\":\"AA==\"}",
					   "{\"width\":-8,\"rows\":-1,\"bits\":\"AA==\"}",
					   "{\"width\":8,\"rows\":1,\"bits\":\"A\"}",
					   "{\"width\":4096,\"rows\":4096,\"bits\":\"\"}",
					   "{\"width\":\"8\",\"rows\":1,\"bits\":\"AA==\"}" };
	static lobby_Logo logo;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *json = json_loads(bad[i], 0, NULL);

		logo_of_json(json, &logo);
		assert_int_equal(logo.rows, 0);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_logo_is_scaled_and_dithered),
		cmocka_unit_test(a_small_logo_stays_as_it_is),
		cmocka_unit_test(what_is_no_picture_changes_nothing),
		cmocka_unit_test(a_kiosk_believes_no_nonsense),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, setup, teardown);
}
