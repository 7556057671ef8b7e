/* See clock.h: one pointer decides which clock answers. */
#include "clock.h"

#include "err.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct clock_page {
	_Atomic int64_t wall_ms;
	_Atomic int64_t mono_ms;
};

static struct clock_page own_page;
static const struct clock_page *page; /* NULL: the real clocks */

int clock_init(void)
{
	const char *path = getenv("LOBBY_CLOCK");
	void *map;
	int fd;

	tzset();
	if (path == NULL || *path == '\0')
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return LOBBY_ERR_IO;
	map = mmap(NULL, sizeof(struct clock_page), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return LOBBY_ERR_IO;
	page = map;
	return 0;
}

static int64_t real_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int clock_use_zone(const char *zone)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
	char path[128];

	if (*zone == '\0')
		return 0;
	if (zone[strspn(zone, allowed)] != '\0' || *zone == '/' ||
	    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone) >= (int)sizeof(path))
		return LOBBY_ERR_INVALID;
	if (access(path, R_OK) != 0)
		return LOBBY_ERR_NOT_FOUND;
	if (setenv("TZ", zone, 1) != 0)
		return LOBBY_ERR_NO_MEMORY;
	tzset();
	return 0;
}

int64_t clock_wall_ms(void)
{
	return page ? page->wall_ms : real_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return page ? page->mono_ms : real_ms(CLOCK_MONOTONIC);
}

bool clock_is_virtual(void)
{
	return page != NULL;
}

void clock_use_virtual(int64_t wall_ms)
{
	own_page.wall_ms = wall_ms;
	own_page.mono_ms = 1000;
	page = &own_page;
}

void clock_advance_ms(int64_t by_ms)
{
	assert(page == &own_page && by_ms >= 0);
	own_page.wall_ms += by_ms;
	own_page.mono_ms += by_ms;
}

struct clock_civil clock_civil_of(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms >= 0 ? wall_ms / 1000 : (wall_ms - 999) / 1000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return (struct clock_civil){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
				     tm.tm_min,		tm.tm_sec,     tm.tm_wday };
}

int64_t clock_ms_of_civil(const struct clock_civil *civil)
{
	struct tm tm = { .tm_year = civil->year - 1900,
			 .tm_mon = civil->month - 1,
			 .tm_mday = civil->day,
			 .tm_hour = civil->hour,
			 .tm_min = civil->minute,
			 .tm_sec = civil->second,
			 .tm_isdst = -1 };

	return (int64_t)mktime(&tm) * 1000;
}

int64_t clock_day_start_ms(int64_t wall_ms)
{
	struct clock_civil civil = clock_civil_of(wall_ms);

	civil.hour = civil.minute = civil.second = 0;
	return clock_ms_of_civil(&civil);
}

void clock_format_instant(int64_t wall_ms, char *out, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	long offset_min;

	localtime_r(&seconds, &tm);
	offset_min = tm.tm_gmtoff / 60;
	snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02ld:%02ld", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(wall_ms % 1000), offset_min < 0 ? '-' : '+',
		 labs(offset_min) / 60, labs(offset_min) % 60);
}

/* Reads exactly n digits at *at; -1 if they are not there. */
static int digits(const char *text, size_t len, size_t *at, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (*at >= len || text[*at] < '0' || text[*at] > '9')
			return -1;
		value = value * 10 + (text[*at] - '0');
	}
	return value;
}

static bool mark(const char *text, size_t len, size_t *at, char c)
{
	if (*at >= len || text[*at] != c)
		return false;
	(*at)++;
	return true;
}

/* The zone designator: Z or +hh:mm. */
static int parse_offset(const char *text, size_t len, size_t *at, int *offset_min)
{
	int sign, hours, minutes;

	if (mark(text, len, at, 'Z')) {
		*offset_min = 0;
		return 0;
	}
	if (*at >= len || (text[*at] != '+' && text[*at] != '-'))
		return LOBBY_ERR_INVALID;
	sign = text[(*at)++] == '-' ? -1 : 1;
	hours = digits(text, len, at, 2);
	if (hours < 0 || hours > 14 || !mark(text, len, at, ':'))
		return LOBBY_ERR_INVALID;
	minutes = digits(text, len, at, 2);
	if (minutes < 0 || minutes > 59)
		return LOBBY_ERR_INVALID;
	*offset_min = sign * (hours * 60 + minutes);
	return 0;
}

int clock_parse_instant(const char *text, size_t len, int64_t *wall_ms)
{
	struct tm tm = { 0 };
	size_t at = 0;
	int ms = 0, offset_min;

	tm.tm_year = digits(text, len, &at, 4) - 1900;
	if (!mark(text, len, &at, '-'))
		return LOBBY_ERR_INVALID;
	tm.tm_mon = digits(text, len, &at, 2) - 1;
	if (!mark(text, len, &at, '-'))
		return LOBBY_ERR_INVALID;
	tm.tm_mday = digits(text, len, &at, 2);
	if (!mark(text, len, &at, 'T'))
		return LOBBY_ERR_INVALID;
	tm.tm_hour = digits(text, len, &at, 2);
	if (!mark(text, len, &at, ':'))
		return LOBBY_ERR_INVALID;
	tm.tm_min = digits(text, len, &at, 2);
	if (mark(text, len, &at, ':'))
		tm.tm_sec = digits(text, len, &at, 2);
	if (mark(text, len, &at, '.'))
		for (int scale = 100; at < len && text[at] >= '0' && text[at] <= '9'; at++, scale /= 10)
			ms += (text[at] - '0') * scale;
	if (tm.tm_year < -1900 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return LOBBY_ERR_INVALID;
	if (parse_offset(text, len, &at, &offset_min) != 0 || at != len)
		return LOBBY_ERR_INVALID;
	*wall_ms = ((int64_t)timegm(&tm) - (int64_t)offset_min * 60) * 1000 + ms;
	return 0;
}
