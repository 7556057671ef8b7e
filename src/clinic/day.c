/* See day.h. */
#include "day.h"

#include <stdio.h>
#include <string.h>

/* n digits as a number; -1 if they are not there. */
static int digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

int clinic_day_parse(const char *text, struct clock_civil *day)
{
	struct clock_civil d = { 0 };

	if (strlen(text) != DAY_TEXT - 1 || text[4] != '-' || text[7] != '-')
		return LOBBY_ERR_INVALID;
	d.year = digits(text, 4);
	d.month = digits(text + 5, 2);
	d.day = digits(text + 8, 2);
	if (d.year < 1900 || d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31)
		return LOBBY_ERR_INVALID;
	*day = d;
	return 0;
}

void clinic_day_format(const struct clock_civil *day, char out[DAY_TEXT])
{
	snprintf(out, DAY_TEXT, "%04u-%02u-%02u", (unsigned)day->year % 10000, (unsigned)day->month % 100,
		 (unsigned)day->day % 100);
}
