/* The panel's setting as a file: what init copied from the firmware's variable (image/README.md, "From power to
 * welcome").
 *
 * Lines `rotation=90`, `connector=HDMI-A-1`, `mode=1920x1080`, `language=es`; any may be missing. The file is data from
 * outside: whatever makes no sense in it is as if it were not there. */
#ifndef LOBBY_KIOSK_PANEL_H
#define LOBBY_KIOSK_PANEL_H

#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>

#define PANEL_LANGUAGE_SIZE 17

/** What of it makes sense; the rest is 0 or empty. */
lobby_Panel panel_parse(const char *text, size_t len);
/** The language that is to be spoken before anything else is known, BCP 47; empty: nobody chose one. */
void panel_language(const char *text, size_t len, char out[PANEL_LANGUAGE_SIZE]);
/** Letters, digits and dashes, of a language tag's length; also if it is empty. */
bool panel_is_language(const char *language);
/** From a file; without it, the usual. */
lobby_Panel panel_read(const char *path);
/** A setting from anywhere with what makes no sense taken out. */
lobby_Panel panel_clean(const lobby_Panel *panel);
bool panel_is_same(const lobby_Panel *a, const lobby_Panel *b);
/** Pixels per millimetre of a panel that says how large it is, across its width; 0 if what it says cannot be. Many say
 * nothing, some the size of another one, some centimetres (VESA E-EDID 1.4, section 3.6.2). */
double panel_px_per_mm(int width_px, int height_px, unsigned width_mm, unsigned height_mm);

#endif
