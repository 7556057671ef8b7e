/* See rootread.h. */
#include "rootread.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "lobby-root" /* image/init/verity.c */
#define CHUNK 1048576

static bool is_root(const char *folder, const char *block)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;
	bool found;

	if (snprintf(path, sizeof(path), "%s/%s/dm/name", folder, block) >= (int)sizeof(path) ||
	    file_read(path, 64, &text, &len) != 0)
		return false;
	found = strcmp(text_trim(text), NAME) == 0;
	free(text);
	return found;
}

int rootread_find(const struct system_options *options, struct rootread *out)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	int err = LOBBY_ERR_NOT_FOUND;
	DIR *dir;

	if (snprintf(folder, sizeof(folder), "%s/class/block", options->sys) >= (int)sizeof(folder) ||
	    (dir = opendir(folder)) == NULL)
		return LOBBY_ERR_NOT_FOUND;
	while (err != 0 && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "dm-", 3) == 0 && is_root(folder, entry->d_name) &&
		    snprintf(out->device, sizeof(out->device), "%s/%s", options->dev, entry->d_name) <
			    (int)sizeof(out->device))
			err = 0;
	closedir(dir);
	return err;
}

int rootread_work(void *arg)
{
	const struct rootread *root = arg;
	static char chunk[CHUNK];
	int fd = open(root->device, O_RDONLY | O_CLOEXEC);
	off_t at = 0;
	ssize_t n;

	if (fd < 0)
		return 1;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		/* Nobody else wants these blocks in memory twice. */
		posix_fadvise(fd, at, n, POSIX_FADV_DONTNEED);
		at += n;
	}
	close(fd);
	return n < 0 || at == 0;
}
