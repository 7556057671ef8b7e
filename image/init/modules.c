/* See modules.h. A list for many boxes names much that this one does not have: what the kernel refuses because
 * there is nothing to drive is no news, and anything else is one line in the log. */
#include "modules.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_path(const char *line, size_t len)
{
	return len > 4 && len < MODULES_PATH_SIZE && line[0] == '/' && memcmp(line + len - 3, ".ko", 3) == 0 &&
	       memmem(line, len, "..", 2) == NULL && memchr(line, '\0', len) == NULL;
}

bool modules_next(const char *list, size_t len, size_t *at, char out[MODULES_PATH_SIZE])
{
	while (*at < len) {
		const char *line = list + *at;
		const char *end = memchr(line, '\n', len - *at);
		size_t n = end != NULL ? (size_t)(end - line) : len - *at;

		*at += n + 1;
		if (is_path(line, n)) {
			memcpy(out, line, n);
			out[n] = '\0';
			return true;
		}
	}
	return false;
}

static bool load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0) {
		say(SAY_WARNING, "no module %s", path);
		return false;
	}
	if (syscall(SYS_finit_module, fd, "", 0) != 0)
		err = errno;
	close(fd);
	if (err != 0 && err != EEXIST && err != ENODEV)
		say(SAY_WARNING, "module %s: errno %d", path, err);
	return err == 0 || err == EEXIST;
}

unsigned modules_load(const char *list, size_t len, const char *only)
{
	char path[MODULES_PATH_SIZE];
	unsigned loaded = 0;
	size_t at = 0;

	while (modules_next(list, len, &at, path)) {
		const char *file = strrchr(path, '/') + 1;

		if (only == NULL || strcmp(file, only) == 0)
			loaded += load(path);
	}
	return loaded;
}
