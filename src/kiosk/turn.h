/* A picture and the panel that it is shown on, which may hang on its side.
 *
 * The picture is what the kiosk draws and patients see upright; it is turned clockwise by 0, 90, 180 or 270 degrees
 * onto the panel, whose own scan lines start elsewhere then. Pure: pixels and coordinates in, pixels and coordinates
 * out. Touches come back the other way: a touch foil is glued to the panel and turns with it. All units are pixels
 * unless named otherwise; pitches count pixels, not bytes. */
#ifndef LOBBY_KIOSK_TURN_H
#define LOBBY_KIOSK_TURN_H

#include <SDL2/SDL.h>
#include <stdint.h>

struct turn {
	int degrees; /* 0, 90, 180, 270 */
	int width;   /* of the picture */
	int height;
};

/** The picture for a panel of this size; degrees that are none of the four count as 0. */
struct turn turn_for_panel(int degrees, int panel_width, int panel_height);
/** The panel's size for the picture. */
SDL_Point turn_panel_size(const struct turn *turn);
/** Where a rectangle of the picture lies on the panel, without what is outside of the picture. */
SDL_Rect turn_rect(const struct turn *turn, SDL_Rect rect);
/** Where a point of the panel lies in the picture. Both are fractions from 0 to 1. */
SDL_FPoint turn_back(const struct turn *turn, SDL_FPoint on_panel);
/** The same for a movement. */
SDL_FPoint turn_back_by(const struct turn *turn, SDL_FPoint by);
/** Copies a rectangle of the picture to where it lies on the panel; what is outside of the picture is left out. */
void turn_copy(const struct turn *turn, SDL_Rect rect, const uint32_t *picture, int picture_pitch, uint32_t *panel,
	       int panel_pitch);

#endif
