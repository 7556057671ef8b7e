/* Writes an image to a disk and reads it back. Only the blocks that hold anything are written and read.
 *
 * The image comes as a stream of its bytes unpacked. The first MiB, with the partition table, is written last of all:
 * a disk that was left half-written starts nothing. */
#ifndef LOBBY_FLASH_WRITE_H
#define LOBBY_FLASH_WRITE_H

#include "manifest.h"

/** The next bytes of the image unpacked, at most max; *got is 0 at its end. 0 or an error. */
typedef int flash_source_fn(void *arg, void *data, size_t max, size_t *got);
/** Told now and then: bytes of all bytes that this step goes through; reading is the second step. */
typedef void flash_progress_fn(void *arg, bool reading, int64_t done, int64_t all);

/** why: a plain sentence, static. LOBBY_ERR_CORRUPT (the image is not what its description says, or the disk did not
 * keep what was written), LOBBY_ERR_IO, the source's error. progress may be NULL. */
int flash_write(const struct flash_manifest *manifest, flash_source_fn *source, void *source_arg, int fd,
		flash_progress_fn *progress, void *progress_arg, const char **why) MUST_CHECK;

/** Unpacks zstd (RFC 8878) from another source; windows of up to 2 GiB, as the image's has. */
struct flash_zstd {
	flash_source_fn *packed;
	void *arg;
	void *stream;
	char *in;
	size_t in_len, in_at;
	bool ended, whole; /* the source's end; a frame's */
};
int flash_zstd_init(struct flash_zstd *zstd, flash_source_fn *packed, void *arg) MUST_CHECK;
void flash_zstd_fini(struct flash_zstd *zstd);
/** A flash_source_fn; arg is the struct flash_zstd. LOBBY_ERR_CORRUPT. */
int flash_zstd_source(void *arg, void *data, size_t max, size_t *got);

#endif
