/* See say.h. The kernel's own log shows failures (level 2) on the console even when it is told to be quiet. */
#include "say.h"

#include "fail.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct fail_words fail_words(enum fail fail, enum tongue tongue)
{
	static const struct fail_words words[][FAIL_COUNT] = {
		{
#define X(name, code, heading, body, heading_es, body_es) [FAIL_##name] = { code, heading, body },
#include "words.def"
#undef X
		},
		{
#define X(name, code, heading, body, heading_es, body_es) [FAIL_##name] = { code, heading_es, body_es },
#include "words.def"
#undef X
		},
	};

	if (fail <= FAIL_NONE || fail >= FAIL_COUNT)
		return (struct fail_words){ 0 };
	return words[tongue == TONGUE_SPANISH][fail];
}

enum tongue tongue_of(const char *language)
{
	if (language[0] == '\0')
		return TONGUE_UNSET;
	return (language[0] | 32) == 'e' && (language[1] | 32) == 's' && (language[2] == '\0' || language[2] == '-')
		       ? TONGUE_SPANISH
		       : TONGUE_ENGLISH;
}

void say(enum say_level level, const char *format, ...)
{
	char line[300];
	va_list list;
	int start, len, fd;

	start = snprintf(line, sizeof(line), "<%d>lobby: ", (int)level);
	va_start(list, format);
	len = vsnprintf(line + start, sizeof(line) - (size_t)start, format, list);
	va_end(list);
	if (len < 0)
		return;
	len += start;
	if ((size_t)len >= sizeof(line))
		len = (int)sizeof(line) - 1;
	for (int i = 0; i < len; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)len) < 0)
		line[0] = '\0'; /* nobody is left to tell */
	close(fd);
}
