/* Marks a sentence that somebody reads on the kiosk's screen, so that tools/po finds it and assets/locale has it in
 * every language. Programs without a screen say English (logs, the desk and lobbyctl show that); lobby-kiosk translates
 * what it heard, sentence by sentence (kiosk/said.h). */
#ifndef LOBBY_BASE_MARK_H
#define LOBBY_BASE_MARK_H

#define N_(id) id

#endif
