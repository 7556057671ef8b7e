/* See file.h. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int err_of_errno(void)
{
	switch (errno) {
	case ENOENT:
		return LOBBY_ERR_NOT_FOUND;
	case ENOSPC:
	case EDQUOT:
		return LOBBY_ERR_DISK_FULL;
	default:
		return LOBBY_ERR_IO;
	}
}

int file_read(const char *path, size_t max, char **data, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 4096, used = 0;
	char *buffer = NULL;
	int err = 0;

	if (fd < 0)
		return err_of_errno();
	for (;;) {
		char *bigger = realloc(buffer, size + 1);
		ssize_t n;

		if (bigger == NULL) {
			err = LOBBY_ERR_NO_MEMORY;
			goto out;
		}
		buffer = bigger;
		n = read(fd, buffer + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = LOBBY_ERR_IO;
			goto out;
		}
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max) {
			err = LOBBY_ERR_TOO_LONG;
			goto out;
		}
		if (used == size)
			size *= 2;
	}
	buffer[used] = '\0';
	*data = buffer;
	*len = used;
	buffer = NULL;
out:
	free(buffer);
	close(fd);
	return err;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_of_errno();
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, err = 0;

	if (slash == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_of_errno();
	if (fsync(fd) != 0)
		err = err_of_errno();
	close(fd);
	return err;
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode)
{
	char temporary[PATH_MAX];
	int fd, err;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return LOBBY_ERR_TOO_LONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return err_of_errno();
	err = write_all(fd, data, len);
	if (err == 0 && fsync(fd) != 0)
		err = err_of_errno();
	close(fd);
	if (err == 0 && rename(temporary, path) != 0)
		err = err_of_errno();
	if (err != 0) {
		unlink(temporary);
		return err;
	}
	return sync_folder_of(path);
}

int file_make_folder(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return LOBBY_ERR_TOO_LONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) != 0 && errno != EEXIST)
			return LOBBY_ERR_IO;
	}
	return 0;
}
