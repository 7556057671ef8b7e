/* Log lines for journald: one line an event on standard error, `<priority>event key=value ...`.
 *
 * Nothing that names a patient is ever logged: values are ids made by us, counts, times, device identities and error
 * events. There is no log call that takes free text from a card, a form or the roster. */
#ifndef LOBBY_BASE_LOG_H
#define LOBBY_BASE_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

/** The program's name, printed with each line when standard error is a terminal or file. Static string. */
void log_init(const char *program);
void log_set_level(enum log_level level);
/** event is a short fixed name; the rest is a printf format of key=value pairs ("" for none). */
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
