/* lobby-emu's window, for developers: at the left the cards to hold under the scanner and the switches of what can go
 * wrong; at the right the printer with the paper as it comes out. Everything in it is a command of emu_command(). */
#ifndef LOBBY_EMU_EMU_WINDOW_H
#define LOBBY_EMU_EMU_WINDOW_H

#include "tests/emu/emu.h"

struct emu_window;

/** assets: the folder with icons/. NULL (and says why) without a display or fonts. Emu is borrowed; it tells the window
 * of changes through on_change. */
struct emu_window *emu_window_new(struct emu *emu, const char *assets);
void emu_window_free(struct emu_window *window);
/** The window as a picture, for tests and the README. */
bool emu_window_write_png(struct emu_window *window, const char *path);
/** Presses the button with this id or label. False if there is none. */
bool emu_window_press(struct emu_window *window, const char *what);

#endif
