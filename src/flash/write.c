/* See write.h. */
#include "write.h"

#include "base/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK ((size_t)MANIFEST_MAX_RUN * MANIFEST_BLOCK)
#define FIRST_BYTES CHUNK		/* the partition table and what is before the first partition */
#define SYNC_BYTES (16LL * 1024 * 1024) /* progress that does not lie: no more than this waits in the cache */

static const char not_as_said[] = N_("The image is damaged: it is not what its signed description says.");
static const char disk_fails[] = N_("The disk could not be written: it may be broken. Try another one.");
static const char disk_forgets[] =
	N_("The disk did not keep what was written to it: it is broken or a fake. Do not use it.");
static const char source_fails[] = N_("The image could not be read to its end.");

struct job {
	const struct flash_manifest *manifest;
	int fd;
	uint8_t *first;	 /* the image's first bytes, until the end */
	uint8_t *buffer; /* one run */
	int64_t read;	 /* bytes read back */
	flash_progress_fn *progress;
	void *progress_arg;
	const char **why;
};

static int fail(const struct job *job, int err, const char *why)
{
	*job->why = why;
	return err;
}

static void tell(const struct job *job, bool reading, int64_t done)
{
	if (job->progress != NULL)
		job->progress(job->progress_arg, reading, done, job->manifest->used);
}

static bool write_all(int fd, const uint8_t *data, size_t len, int64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, data + done, len - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool read_all(int fd, uint8_t *data, size_t len, int64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, data + done, len - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool is_run(const struct flash_manifest_run *run, const uint8_t *data)
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, data, (size_t)run->count * MANIFEST_BLOCK);
	return memcmp(hash, run->sha256, sizeof(hash)) == 0;
}

/* Fills data with the next len bytes of the image, and adds them to its hash. */
static int pull(const struct job *job, flash_source_fn *source, void *arg, uint8_t *data, size_t len,
		crypto_hash_sha256_state *hash)
{
	size_t have = 0;

	while (have < len) {
		size_t got = 0;
		int err = source(arg, data + have, len - have, &got);

		if (err != 0)
			return fail(job, err, err == LOBBY_ERR_CORRUPT ? not_as_said : source_fails);
		if (got == 0)
			return fail(job, LOBBY_ERR_CORRUPT, not_as_said);
		have += got;
	}
	crypto_hash_sha256_update(hash, data, len);
	return 0;
}

/* The image goes by in chunks that runs never cross: image/build cuts them at whole MiB. What is in no run is passed
 * over, but counts for the hash of the whole. */
static int write_chunk(const struct job *job, const uint8_t *chunk, int64_t at, size_t len, size_t *next, int64_t *done)
{
	for (; *next < job->manifest->run_count; (*next)++) {
		const struct flash_manifest_run *run = &job->manifest->runs[*next];
		int64_t start = (int64_t)run->first * MANIFEST_BLOCK;
		size_t size = (size_t)run->count * MANIFEST_BLOCK;

		if (start >= at + (int64_t)len)
			break;
		if (start + (int64_t)size > at + (int64_t)len || !is_run(run, chunk + (start - at)))
			return fail(job, LOBBY_ERR_CORRUPT, not_as_said);
		if (start < (int64_t)FIRST_BYTES)
			memcpy(job->first + start, chunk + (start - at), size);
		else if (!write_all(job->fd, chunk + (start - at), size, start))
			return fail(job, LOBBY_ERR_IO, disk_fails);
		*done += (int64_t)size;
	}
	return 0;
}

static int write_image(const struct job *job, flash_source_fn *source, void *arg)
{
	const struct flash_manifest *m = job->manifest;
	crypto_hash_sha256_state hash;
	uint8_t sum[32], more;
	int64_t done = 0, synced = 0;
	size_t next = 0, got = 0;

	crypto_hash_sha256_init(&hash);
	for (int64_t at = 0; at < m->size; at += (int64_t)CHUNK) {
		size_t len = m->size - at < (int64_t)CHUNK ? (size_t)(m->size - at) : CHUNK;
		int err = pull(job, source, arg, job->buffer, len, &hash);

		if (err == 0)
			err = write_chunk(job, job->buffer, at, len, &next, &done);
		if (err != 0)
			return err;
		if (done - synced >= SYNC_BYTES && fdatasync(job->fd) != 0)
			return fail(job, LOBBY_ERR_IO, disk_fails);
		synced = done - synced >= SYNC_BYTES ? done : synced;
		tell(job, false, done);
	}
	crypto_hash_sha256_final(&hash, sum);
	if (source(arg, &more, 1, &got) != 0)
		return fail(job, LOBBY_ERR_IO, source_fails);
	if (next != m->run_count || memcmp(sum, m->sha256, sizeof(sum)) != 0 || got != 0)
		return fail(job, LOBBY_ERR_CORRUPT, not_as_said);
	return fsync(job->fd) == 0 ? 0 : fail(job, LOBBY_ERR_IO, disk_fails);
}

/* From the disk itself, not from what the kernel remembers of it. */
static void forget_cache(int fd)
{
	if (ioctl(fd, BLKFLSBUF, 0) != 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int read_back(struct job *job, bool first)
{
	forget_cache(job->fd);
	for (size_t i = 0; i < job->manifest->run_count; i++) {
		const struct flash_manifest_run *run = &job->manifest->runs[i];
		int64_t start = (int64_t)run->first * MANIFEST_BLOCK;
		size_t size = (size_t)run->count * MANIFEST_BLOCK;

		if ((start < (int64_t)FIRST_BYTES) != first)
			continue;
		if (!read_all(job->fd, job->buffer, size, start) || !is_run(run, job->buffer))
			return fail(job, LOBBY_ERR_CORRUPT, disk_forgets);
		job->read += (int64_t)size;
		tell(job, true, job->read);
	}
	return 0;
}

static int write_first(const struct job *job)
{
	int64_t size = job->manifest->size;
	size_t len = size < (int64_t)FIRST_BYTES ? (size_t)size : FIRST_BYTES;

	if (!write_all(job->fd, job->first, len, 0) || fsync(job->fd) != 0)
		return fail(job, LOBBY_ERR_IO, disk_fails);
	return 0;
}

int flash_write(const struct flash_manifest *manifest, flash_source_fn *source, void *source_arg, int fd,
		flash_progress_fn *progress, void *progress_arg, const char **why)
{
	struct job job = { .manifest = manifest,
			   .fd = fd,
			   .first = calloc(1, FIRST_BYTES),
			   .buffer = malloc(CHUNK),
			   .progress = progress,
			   .progress_arg = progress_arg,
			   .why = why };
	int err = LOBBY_ERR_NO_MEMORY;

	*why = N_("There is not enough memory.");
	if (job.first == NULL || job.buffer == NULL)
		goto out;
	/* What starts now must not start until all of the new is there. */
	err = write_all(fd, job.first, FIRST_BYTES, 0) && fdatasync(fd) == 0 ? 0 : fail(&job, LOBBY_ERR_IO, disk_fails);
	if (err == 0)
		err = write_image(&job, source, source_arg);
	if (err == 0)
		err = read_back(&job, false);
	if (err == 0)
		err = write_first(&job);
	if (err == 0)
		err = read_back(&job, true);
out:
	free(job.first);
	free(job.buffer);
	return err;
}
