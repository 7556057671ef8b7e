/* Words: gettext with a language that changes while the program runs, and the formats that languages differ in. */
#ifndef LOBBY_KIOSK_WORDS_H
#define LOBBY_KIOSK_WORDS_H

#include "base/mark.h"

#include <libintl.h>
#include <stddef.h>
#include <stdint.h>

/** Marks and translates; N_() of base/mark.h only marks. */
#define _(id) gettext(id)
#define PN_(one, many) one, many

/** locale: the folder with LANG/LC_MESSAGES/lobby.mo. */
void words_init(const char *locale);
/** BCP 47; English is the language of the message ids and needs no file. */
void words_use(const char *language);
/** Times are those of this place: an IANA name, "America/New_York"; empty, or nonsense: the machine's own. */
void words_use_zone(const char *name);
/** A language's own name for itself ("Español"); the tag itself if unknown. */
const char *words_autonym(const char *language);

/** "9:41 AM" */
void words_time(char *out, size_t size, int64_t wall_ms);
/** The same in two parts: "9:41" and "AM". */
void words_time_parts(char *clock, size_t clock_size, char *half, size_t half_size, int64_t wall_ms);
/** "Tuesday, November 24" */
void words_day(char *out, size_t size, int64_t wall_ms);
/** "November 24, 2026" for "2026-11-24"; the text itself if it is no date. */
void words_date(char *out, size_t size, const char *date);
/** "$25.00" for 2500 cents; other currencies as "25.00 EUR". */
void words_money(char *out, size_t size, int cents, const char *currency);
/** "Good morning." until noon, "Good afternoon." until six, then "Good evening.". */
const char *words_greeting(int64_t wall_ms);
/** A text with one %d, in the form that the number takes in this language. */
void words_count(char *out, size_t size, const char *text, const char *plural, int count);
/** Replaces %1$s .. %9$s in a translated template by args[0..count-1]. Unlike printf, a translation that names an
 * argument which is not there does no harm: nothing stands in its place. */
void words_fill(char *out, size_t size, const char *template, const char *const *args, int count);

#endif
