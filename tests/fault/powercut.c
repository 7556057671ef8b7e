/* LD_PRELOADed into the real lobby-sync and lobby-clinic by the fault driver: see powercut.h. It changes nothing that a
 * program could notice unless the page says so. Each operation is one append to the log, made before the write itself,
 * so that a write which the log lacks was never begun; a sync is noted when it begins and when it has come back. */
#include "powercut.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FDS 4096

typedef ssize_t pwrite_fn(int fd, const void *data, size_t len, off64_t at);

static _Atomic uint8_t watched[MAX_FDS]; /* enum powercut_file + 1, or 0 */
static _Atomic uint64_t syncs;
static struct powercut_page *page;
static const char *folder;
static int log_fd = -1;

static void *next(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (fn == NULL)
		abort();
	return fn;
}

static void note(uint32_t kind, uint32_t file, uint64_t at, const void *data, size_t len)
{
	struct powercut_record record = { POWERCUT_MAGIC, kind, file, at, len };
	struct iovec parts[] = { { &record, sizeof(record) }, { (void *)data, len } };

	if (writev(log_fd, parts, len > 0 ? 2 : 1) != (ssize_t)(sizeof(record) + len))
		abort();
}

__attribute__((constructor)) static void start(void)
{
	const char *log = getenv(POWERCUT_LOG), *control = getenv(POWERCUT_PAGE);
	int fd;

	folder = getenv(POWERCUT_FOLDER);
	if (folder == NULL || log == NULL || control == NULL)
		return;
	log_fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	fd = open(control, O_RDWR | O_CLOEXEC);
	if (log_fd < 0 || fd < 0)
		abort();
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		abort();
	note(POWERCUT_START, POWERCUT_DB, 0, NULL, 0);
}

static bool ends_with(const char *path, const char *tail)
{
	size_t len = strlen(path), n = strlen(tail);

	return len >= n && strcmp(path + len - n, tail) == 0;
}

static void watch(int fd, const char *path)
{
	if (log_fd < 0 || fd < 0 || fd >= MAX_FDS || strncmp(path, folder, strlen(folder)) != 0)
		return;
	watched[fd] = ends_with(path, ".db") ? POWERCUT_DB + 1 : ends_with(path, ".db-wal") ? POWERCUT_WAL + 1 : 0;
}

static bool file_of(int fd, uint32_t *file)
{
	if (fd < 0 || fd >= MAX_FDS || watched[fd] == 0)
		return false;
	*file = watched[fd] - 1U;
	return true;
}

/* Is this the operation in which the process ends? */
static bool dies_here(void)
{
	return page->die_at > 0 && --page->die_at == 0;
}

static void die(void)
{
	raise(SIGKILL);
}

static int refuse(int code)
{
	page->failed++;
	errno = code;
	return -1;
}

static ssize_t write_at(int fd, const void *data, size_t len, off64_t at, uint32_t file)
{
	pwrite_fn *real = (pwrite_fn *)next("pwrite64");
	struct stat st;
	size_t fits = len;

	if (dies_here()) {
		note(POWERCUT_WRITE, file, (uint64_t)at, data, len / 2);
		if (real(fd, data, len / 2, at) >= 0)
			die();
	}
	if (page->full == POWERCUT_NO_WRITE)
		return refuse(ENOSPC);
	if (page->full == POWERCUT_NO_GROWTH && fstat(fd, &st) == 0 && at + (off64_t)len > st.st_size)
		fits = at < st.st_size ? (size_t)(st.st_size - at) : 0;
	if (fits == 0 && len > 0)
		return refuse(ENOSPC);
	note(POWERCUT_WRITE, file, (uint64_t)at, data, fits);
	return real(fd, data, fits, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	uint32_t file;

	return file_of(fd, &file) ? write_at(fd, data, len, at, file)
				  : ((pwrite_fn *)next("pwrite64"))(fd, data, len, at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return pwrite64(fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len)
{
	uint32_t file;
	off64_t at;

	if (!file_of(fd, &file))
		return ((ssize_t(*)(int, const void *, size_t))next("write"))(fd, data, len);
	at = lseek64(fd, 0, SEEK_CUR);
	if (at < 0)
		return -1;
	return write_at(fd, data, len, at, file);
}

int ftruncate64(int fd, off64_t len)
{
	uint32_t file;

	if (file_of(fd, &file)) {
		if (dies_here())
			die();
		note(POWERCUT_TRUNCATE, file, (uint64_t)len, NULL, 0);
	}
	return ((int (*)(int, off64_t))next("ftruncate64"))(fd, len);
}

int ftruncate(int fd, off_t len)
{
	return ftruncate64(fd, len);
}

static int sync_of(int fd, const char *name)
{
	int (*real)(int) = (int (*)(int))next(name);
	uint64_t number = ++syncs << 20 | ((uint64_t)getpid() & 0xFFFFF);
	uint32_t file;
	int rc;

	if (!file_of(fd, &file))
		return real(fd);
	if (dies_here() || page->die_at_sync != 0)
		die();
	if (page->full == POWERCUT_NO_SYNC)
		return refuse(EIO);
	note(POWERCUT_SYNC_BEGIN, file, number, NULL, 0);
	rc = real(fd);
	if (rc == 0)
		note(POWERCUT_SYNC_END, file, number, NULL, 0);
	return rc;
}

int fdatasync(int fd)
{
	return sync_of(fd, "fdatasync");
}

int fsync(int fd)
{
	return sync_of(fd, "fsync");
}

int open64(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))next("open64");
	va_list args;
	int mode, fd;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	fd = real(path, flags, mode);
	watch(fd, path);
	return fd;
}

int close(int fd)
{
	if (fd >= 0 && fd < MAX_FDS)
		watched[fd] = 0;
	return ((int (*)(int))next("close"))(fd);
}
