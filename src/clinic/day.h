/* A local calendar day as text, "2026-11-23". */
#ifndef LOBBY_CLINIC_DAY_H
#define LOBBY_CLINIC_DAY_H

#include "base/clock.h"
#include "base/err.h"

#define DAY_TEXT 11

/** Exactly ten characters, of the calendar (month 1 to 12, day 1 to 31); the time of day is 0. LOBBY_ERR_INVALID. */
int clinic_day_parse(const char *text, struct clock_civil *day) MUST_CHECK;
void clinic_day_format(const struct clock_civil *day, char out[DAY_TEXT]);

#endif
