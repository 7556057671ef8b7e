/* See espfile.h. A mount point of its own: whoever else has the partition mounted is not disturbed. */
#include "espfile.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int espfile_open(struct espfile *esp, const char *at, bool is_folder, const char *run)
{
	int size = (int)sizeof(esp->folder);

	*esp = (struct espfile){ 0 };
	if (at == NULL || at[0] == '\0')
		return LOBBY_ERR_IO;
	if (is_folder)
		return snprintf(esp->folder, sizeof(esp->folder), "%s", at) < size ? 0 : LOBBY_ERR_TOO_LONG;
	if (snprintf(esp->folder, sizeof(esp->folder), "%s/lobby-esp-key", run) >= size)
		return LOBBY_ERR_TOO_LONG;
	if ((mkdir(esp->folder, 0700) != 0 && errno != EEXIST) ||
	    mount(at, esp->folder, "vfat", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, "umask=0077") != 0) {
		log_event(LOG_ERROR, "esp-mount", "errno=%d", errno);
		return LOBBY_ERR_IO;
	}
	esp->mounted = true;
	return 0;
}

void espfile_close(struct espfile *esp)
{
	if (esp->mounted && umount2(esp->folder, 0) != 0)
		log_event(LOG_ERROR, "esp-unmount", "errno=%d", errno);
	if (esp->mounted)
		rmdir(esp->folder);
	esp->mounted = false;
}

static int path_of(const struct espfile *esp, const char *name, char out[288])
{
	return snprintf(out, 288, "%s/lobby/%s", esp->folder, name) < 288 ? 0 : LOBBY_ERR_TOO_LONG;
}

int espfile_read(const struct espfile *esp, const char *name, size_t max, char **data, size_t *len)
{
	char path[288];
	int err = path_of(esp, name, path);

	return err != 0 ? err : file_read(path, max, data, len);
}

int espfile_write(const struct espfile *esp, const char *name, const void *data, size_t len)
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
void espfile_remove(const struct espfile *esp, const char *name)
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
