/* See log.h. One write(2) a line, so that lines of several processes never mix. */
#include "log.h"

#include "clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *program_name = "lobby";
static enum log_level max_level = LOG_INFO;

void log_init(const char *program)
{
	program_name = program;
	if (getenv("LOBBY_DEBUG") != NULL)
		max_level = LOG_DEBUG;
}

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	char line[512];
	struct clock_civil now;
	va_list args;
	int len;

	if (level > max_level)
		return;
	now = clock_civil_of(clock_wall_ms());
	len = snprintf(line, sizeof(line), "<%d>%02d:%02d:%02d %s %s ", level, now.hour, now.minute, now.second,
		       program_name, event);
	va_start(args, format);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 1)
		len = (int)sizeof(line) - 1;
	line[len] = '\n';
	if (write(STDERR_FILENO, line, (size_t)len + 1) < 0)
		return; /* nobody to tell */
}
