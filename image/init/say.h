/* Init's lines in the kernel's log, which is the only one there is so early; systemd's journal reads it later. */
#ifndef LOBBY_INIT_SAY_H
#define LOBBY_INIT_SAY_H

enum say_level { SAY_FAILURE = 2, SAY_WARNING = 4, SAY_NOTICE = 5 };

/** One line of at most 300 bytes, without its newline. Harmless before /dev is there. */
void say(enum say_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
