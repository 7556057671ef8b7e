/* See espfile.h. */
#include "espfile.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int path_of(const struct esp *esp, const char *name, char out[288])
{
	return snprintf(out, 288, "%s/lobby/%s", esp->root, name) < 288 ? 0 : LOBBY_ERR_TOO_LONG;
}

int espfile_read(const struct esp *esp, const char *name, size_t max, char **data, size_t *len)
{
	char path[288];
	int err = path_of(esp, name, path);

	return err != 0 ? err : file_read(path, max, data, len);
}

int espfile_write(const struct esp *esp, const char *name, const void *data, size_t len)
{
	char path[288];
	int err = path_of(esp, "", path);

	if (err == 0 && mkdir(path, 0700) != 0 && errno != EEXIST)
		err = LOBBY_ERR_IO;
	if (err == 0)
		err = path_of(esp, name, path);
	return err != 0 ? err : file_replace(path, data, len, 0600);
}

/* Overwritten first, for what that is worth on a flash disk. */
void espfile_remove(const struct esp *esp, const char *name)
{
	static const char zeros[256];
	char path[288];
	int fd;

	if (path_of(esp, name, path) != 0)
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (pwrite(fd, zeros, sizeof(zeros), 0) != (ssize_t)sizeof(zeros) || fsync(fd) != 0)
		log_event(LOG_WARNING, "esp-overwrite", "errno=%d", errno);
	close(fd);
	unlink(path);
}
