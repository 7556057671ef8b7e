/* See notify.h. A socket for each datagram: they are few, and a program that is not watched holds nothing for it. */
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PETS_IN_SPAN 3
#define LEAST_MS 100
#define MOST_MS (24 * 3600 * 1000LL)

/* One process has one service manager. */
static struct {
	struct loop *loop;
	struct loop_timer timer;
} watchdog;

void notify_manager(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	len = (size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (len >= sizeof(address.sun_path))
		return;
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace: unix(7) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void notify_status(const char *format, ...)
{
	char state[128] = "STATUS=";
	va_list args;

	va_start(args, format);
	vsnprintf(state + 7, sizeof(state) - 7, format, args);
	va_end(args);
	/* A second line would be a second assignment. */
	state[strcspn(state, "\n")] = '\0';
	notify_manager(state);
}

/* A whole number and nothing else; 0 otherwise. */
static unsigned long long number_of(const char *name)
{
	const char *text = getenv(name);
	unsigned long long value;
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	value = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 ? value : 0;
}

int64_t notify_watchdog_ms(void)
{
	unsigned long long us = number_of("WATCHDOG_USEC");
	int64_t ms;

	if (us == 0 || getenv("NOTIFY_SOCKET") == NULL)
		return 0;
	/* A child inherits the variables and is not meant. */
	if (getenv("WATCHDOG_PID") != NULL && number_of("WATCHDOG_PID") != (unsigned long long)getpid())
		return 0;
	if (us / 1000 / PETS_IN_SPAN > MOST_MS)
		return MOST_MS;
	ms = (int64_t)(us / 1000 / PETS_IN_SPAN);
	return ms < LEAST_MS ? LEAST_MS : ms;
}

static void on_pet(void *arg)
{
	int64_t ms = notify_watchdog_ms();

	(void)arg;
	if (ms == 0)
		return;
	notify_manager("WATCHDOG=1");
	loop_timer_set(watchdog.loop, &watchdog.timer, ms, on_pet, NULL);
}

void notify_ready(struct loop *loop)
{
	notify_manager("READY=1");
	watchdog.loop = loop;
	on_pet(NULL);
}
