/* See logo.h. Greys become black dots by error diffusion (Floyd and Steinberg, 1976), so that a soft logo stays soft on
 * paper; lines and letters stay sharp, because black and white are passed on as they are. */
#include "logo.h"

#include "clinic.h"

#include <png.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX 4096

struct grey {
	int width, rows;
	uint8_t *dots; /* 0 is black */
};

static int read_png(const char *path, struct grey *out)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	png_color white = { 255, 255, 255 };
	int err = LOBBY_ERR_INVALID;
	uint8_t *dots = NULL;

	if (!png_image_begin_read_from_file(&image, path))
		return LOBBY_ERR_INVALID;
	image.format = PNG_FORMAT_GRAY;
	if (image.width > 0 && image.width <= SOURCE_MAX && image.height > 0 && image.height <= SOURCE_MAX)
		dots = malloc(PNG_IMAGE_SIZE(image));
	if (dots != NULL && png_image_finish_read(&image, &white, dots, 0, NULL)) {
		*out = (struct grey){ (int)image.width, (int)image.height, dots };
		dots = NULL;
		err = 0;
	}
	png_image_free(&image);
	free(dots);
	return err;
}

/* The mean of the source's dots that fall into one of ours. */
static int mean_of(const struct grey *from, int x0, int y0, int x1, int y1)
{
	long sum = 0, count = (long)(x1 - x0) * (y1 - y0);

	for (int y = y0; y < y1; y++)
		for (int x = x0; x < x1; x++)
			sum += from->dots[y * from->width + x];
	return count > 0 ? (int)(sum / count) : 255;
}

static int scale(const struct grey *from, struct grey *to)
{
	int width = from->width, rows = from->rows;

	if (width > LOGO_MAX_DOTS) {
		rows = rows * LOGO_MAX_DOTS / width;
		width = LOGO_MAX_DOTS;
	}
	if (rows > LOGO_MAX_ROWS) {
		width = width * LOGO_MAX_ROWS / rows;
		rows = LOGO_MAX_ROWS;
	}
	*to = (struct grey){ width > 0 ? width : 1, rows > 0 ? rows : 1, NULL };
	to->dots = malloc((size_t)to->width * (size_t)to->rows);
	if (to->dots == NULL)
		return LOBBY_ERR_NO_MEMORY;
	for (int y = 0; y < to->rows; y++)
		for (int x = 0; x < to->width; x++) {
			int x0 = x * from->width / to->width, x1 = (x + 1) * from->width / to->width;
			int y0 = y * from->rows / to->rows, y1 = (y + 1) * from->rows / to->rows;

			to->dots[y * to->width + x] = (uint8_t)mean_of(from, x0, y0, x1, y1);
		}
	return 0;
}

static void to_bits(const struct grey *grey, uint8_t *bits)
{
	int stride = (grey->width + 7) / 8;
	int carried[2][LOGO_MAX_DOTS + 2] = { { 0 } }; /* sixteenths of the error, for this row and the next */

	memset(bits, 0, (size_t)stride * (size_t)grey->rows);
	for (int y = 0; y < grey->rows; y++) {
		int *here = carried[y & 1], *below = carried[~y & 1];

		memset(below, 0, sizeof(carried[0]));
		for (int x = 0; x < grey->width; x++) {
			int want = grey->dots[y * grey->width + x] + here[x + 1] / 16;
			bool black = want < 128;
			int error = want - (black ? 0 : 255);

			if (black)
				bits[y * stride + x / 8] |= (uint8_t)(0x80 >> x % 8);
			here[x + 2] += error * 7;
			below[x] += error * 3;
			below[x + 1] += error * 5;
			below[x + 2] += error;
		}
	}
}

static int encode(const struct grey *grey, char **json)
{
	static uint8_t bits[(LOGO_MAX_DOTS + 7) / 8 * LOGO_MAX_ROWS];
	char text[sodium_base64_ENCODED_LEN(sizeof(bits), sodium_base64_VARIANT_ORIGINAL)];
	json_t *value;

	to_bits(grey, bits);
	sodium_bin2base64(text, sizeof(text), bits, (size_t)(grey->width + 7) / 8 * (size_t)grey->rows,
			  sodium_base64_VARIANT_ORIGINAL);
	value = json_pack("{si si ss}", "width", grey->width, "rows", grey->rows, "bits", text);
	*json = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	return *json != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

int clinic_logo_set(struct ledger *store, const char *path)
{
	struct grey source = { 0 }, grey = { 0 };
	char *json = NULL;
	int err = 0;

	if (path != NULL) {
		err = read_png(path, &source);
		if (err == 0)
			err = scale(&source, &grey);
		if (err == 0)
			err = encode(&grey, &json);
	}
	if (err == 0)
		err = ledger_run(store, "DELETE FROM setting WHERE name = 'logo'", "");
	if (err == 0 && json != NULL)
		err = ledger_run(store, "INSERT INTO setting(name, value) VALUES('logo', ?1)", "t", json);
	if (err == 0)
		err = change_feed(store, "logo", "", 0);
	free(source.dots);
	free(grey.dots);
	free(json);
	return err;
}

json_t *clinic_logo_load(struct ledger *store)
{
	json_t *logo = NULL;
	sqlite3_stmt *rows;

	if (ledger_query(store, &rows, "SELECT value FROM setting WHERE name = 'logo'", "") == 0) {
		if (ledger_step(store, rows) == 1)
			logo = json_loads(db_text(rows, 0), 0, NULL);
		sqlite3_reset(rows);
	}
	return logo != NULL ? logo : json_pack("{si si ss}", "width", 0, "rows", 0, "bits", "");
}
