/* Time, replaceable. No program calls time(), clock_gettime() or sleeps by itself: tests own the clock.
 *
 * Three sources, chosen once:
 * - the real clocks (default);
 * - a virtual clock in this process (clock_use_virtual), for unit tests;
 * - a virtual clock shared by many processes: a 16-byte file named by the environment variable LOBBY_CLOCK, holding two
 *   little-endian int64: wall-clock milliseconds since 1970 UTC, and monotonic milliseconds. Whoever owns the test
 *   writes it; each program maps it read-only. The loop (loop.h) looks at it every few real milliseconds.
 *
 * Local time is the zone of the TZ environment variable or of the machine. */
#ifndef LOBBY_BASE_CLOCK_H
#define LOBBY_BASE_CLOCK_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock_civil {
	int year;    /* 2026 */
	int month;   /* 1..12 */
	int day;     /* 1..31 */
	int hour;    /* 0..23 */
	int minute;  /* 0..59 */
	int second;  /* 0..60 */
	int weekday; /* 0 = Sunday */
};

/** Reads LOBBY_CLOCK once, if set. Call first in main(). LOBBY_ERR_IO if it is set and cannot be mapped. */
int clock_init(void);
/** Wall clock, milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);
/** Monotonic clock, milliseconds since some start. */
int64_t clock_mono_ms(void);
bool clock_is_virtual(void);
/** From now on local time is this zone's, an IANA name as "America/New_York"; empty: nothing changes. LOBBY_ERR_INVALID
 * for what is no such name; LOBBY_ERR_NOT_FOUND where the machine does not know it. Both change nothing. */
int clock_use_zone(const char *zone) MUST_CHECK;

/** Switches this process to a virtual clock standing at this wall time. For tests. */
void clock_use_virtual(int64_t wall_ms);
/** Moves this process's virtual clock (both wall and monotonic). Only after clock_use_virtual(). */
void clock_advance_ms(int64_t by_ms);

/** Local calendar time of a wall-clock instant, and back (a time that DST skips moves forward). */
struct clock_civil clock_civil_of(int64_t wall_ms);
int64_t clock_ms_of_civil(const struct clock_civil *civil);
/** Midnight, local, that began the day of this instant. */
int64_t clock_day_start_ms(int64_t wall_ms);

/** RFC 3339 / FHIR instant with milliseconds and offset, e.g. 2026-11-23T09:41:00.000-05:00. size >= 32. */
void clock_format_instant(int64_t wall_ms, char *out, size_t size);
/** Parses a FHIR instant or dateTime with time and offset. LOBBY_ERR_INVALID. */
int clock_parse_instant(const char *text, size_t len, int64_t *wall_ms);

#endif
