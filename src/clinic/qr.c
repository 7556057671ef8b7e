/* See qr.h: libqrencode computes it, here it only becomes text. Level M: a tenth of it may be scratched. */
#include "qr.h"

#include <qrencode.h>
#include <string.h>

json_t *qr_rows(const char *text)
{
	QRcode *code = QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_M);
	json_t *rows = code != NULL ? json_array() : NULL;
	char row[178]; /* version 40 has 177 modules */

	for (int y = 0; rows != NULL && y < code->width; y++) {
		for (int x = 0; x < code->width; x++)
			row[x] = code->data[y * code->width + x] & 1 ? '1' : '0';
		row[code->width] = '\0';
		json_array_append_new(rows, json_string(row));
	}
	QRcode_free(code);
	return rows;
}
