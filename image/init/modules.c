/* See modules.h. A list for many boxes names much that this one does not have: what the kernel refuses because
 * there is nothing to drive is no news, and anything else is one line in the log. */
#include "modules.h"

#include "say.h"

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPTIONS_SIZE 256

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

static char plain(char c)
{
	return (char)(c == '-' ? '_' : c);
}

/* A word "name.option" of the module whose file has this name; '-' and '_' are the same. */
static bool is_option_of(const char *word, size_t len, const char *file, size_t file_len)
{
	if (len < file_len + 2 || word[file_len] != '.')
		return false;
	for (size_t i = 0; i < file_len; i++)
		if (plain(word[i]) != plain(file[i]))
			return false;
	return true;
}

void modules_options(const char *cmdline, size_t len, const char *path, char *out, size_t size)
{
	const char *file = strrchr(path, '/');
	struct writer w = writer_of(out, size - 1);
	size_t file_len, n;

	file = file != NULL ? file + 1 : path;
	file_len = strcspn(file, ".");
	for (size_t at = 0; at < len; at += n + 1) {
		const char *word = cmdline + at;

		for (n = 0; at + n < len && word[n] != '\0' && strchr(" \t\r\n", word[n]) == NULL;)
			n++;
		if (!is_option_of(word, n, file, file_len) || n - file_len > size - 1 - w.len)
			continue;
		if (w.len > 0)
			write_u8(&w, ' ');
		write_span(&w, word + file_len + 1, n - file_len - 1);
	}
	out[w.len] = '\0';
}

static bool load(const char *path, const char *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0) {
		say(SAY_WARNING, "no module %s", path);
		return false;
	}
	if (syscall(SYS_finit_module, fd, options, 0) != 0)
		err = errno;
	close(fd);
	if (err != 0 && err != EEXIST && err != ENODEV)
		say(SAY_WARNING, "module %s: errno %d", path, err);
	return err == 0 || err == EEXIST;
}

unsigned modules_load(const char *list, size_t len, const char *cmdline, size_t cmdline_len, const char *only)
{
	char path[MODULES_PATH_SIZE], options[OPTIONS_SIZE];
	unsigned loaded = 0;
	size_t at = 0;

	while (modules_next(list, len, &at, path)) {
		if (only != NULL && strcmp(strrchr(path, '/') + 1, only) != 0)
			continue;
		modules_options(cmdline, cmdline_len, path, options, sizeof(options));
		loaded += load(path, options);
	}
	return loaded;
}
