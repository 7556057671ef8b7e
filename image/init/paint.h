/* Init's two pictures, upright, in memory: the mark while the kiosk starts, and words when it does not. Pure. */
#ifndef LOBBY_INIT_PAINT_H
#define LOBBY_INIT_PAINT_H

#include "fail.h"

#include <stdint.h>

struct canvas {
	uint32_t *pixels; /* 0x00RRGGBB, width * height of them, rows without padding */
	int width, height;
};

void paint_splash(struct canvas *canvas, enum tongue tongue);
/** What went wrong, and below it version and code for the telephone. The refusal stays, and whoever comes by reads it:
 * in both languages if none is set, as far as there is room. */
void paint_fail(struct canvas *canvas, enum fail fail, enum tongue tongue);

#endif
