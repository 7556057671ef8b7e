/* See ahead.h. The list is on the checked root, as are the files: they are read to be thrown away, and what the kernel
 * keeps of them it has checked. */
#include "ahead.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LIST_MAX 32768
#define FILE_BYTES_MAX (16 << 20)

static ssize_t read_some(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < size && n > 0) {
		n = read(fd, out + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -1 : (ssize_t)len;
}

static void read_file(int root, const char *path)
{
	static char block[65536];
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	size_t total = 0;
	ssize_t n = 0;

	while (fd >= 0 && total < FILE_BYTES_MAX && (n = read(fd, block, sizeof(block))) > 0)
		total += (size_t)n;
	if (fd >= 0)
		close(fd);
}

static void read_all(int root)
{
	static char list[LIST_MAX + 1];
	int fd = openat(root, AHEAD_LIST, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read_some(fd, list, LIST_MAX) : -1;
	char *save = NULL;

	for (char *path = len > 0 ? strtok_r(list, "\n", &save) : NULL; path != NULL;
	     path = strtok_r(NULL, "\n", &save))
		read_file(root, path);
}

void ahead_start(const char *root)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && fork() == 0) {
		(void)prctl(PR_SET_NAME, "lobby-ahead");
		read_all(fd);
		_exit(0);
	}
	if (fd >= 0)
		close(fd);
}
