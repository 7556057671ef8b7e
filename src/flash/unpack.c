/* zstd as a source of bytes (write.h), by libzstd. */
#include "write.h"

#include <stdlib.h>
#include <zstd.h>

#define WINDOW_LOG_MAX 31 /* zstd --long=31: the second slot is a reference to the first */

int flash_zstd_init(struct flash_zstd *zstd, flash_source_fn *packed, void *arg)
{
	*zstd = (struct flash_zstd){ .packed = packed, .arg = arg };
	zstd->stream = ZSTD_createDStream();
	zstd->in = malloc(ZSTD_DStreamInSize());
	if (zstd->stream == NULL || zstd->in == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		flash_zstd_fini(zstd);
		return LOBBY_ERR_NO_MEMORY;
	}
	return 0;
}

void flash_zstd_fini(struct flash_zstd *zstd)
{
	ZSTD_freeDStream(zstd->stream);
	free(zstd->in);
	*zstd = (struct flash_zstd){ 0 };
}

static int refill(struct flash_zstd *z)
{
	size_t got = 0;
	int err = z->packed(z->arg, z->in, ZSTD_DStreamInSize(), &got);

	if (err != 0)
		return err;
	z->in_at = 0;
	z->in_len = got;
	z->ended = got == 0;
	return 0;
}

int flash_zstd_source(void *arg, void *data, size_t max, size_t *got)
{
	struct flash_zstd *z = arg;
	ZSTD_outBuffer out = { data, max, 0 };

	while (out.pos == 0) {
		ZSTD_inBuffer in = { z->in, z->in_len, z->in_at };
		size_t left;

		if (in.pos == in.size && !z->ended) {
			int err = refill(z);

			if (err != 0)
				return err;
			continue;
		}
		if (z->ended && z->whole)
			break;
		left = ZSTD_decompressStream(z->stream, &out, &in);
		/* Nothing more comes in, nothing came out, and the frame is not whole: it was cut off. */
		if (ZSTD_isError(left) || (z->ended && out.pos == 0 && left != 0))
			return LOBBY_ERR_CORRUPT;
		z->in_at = in.pos;
		z->whole = left == 0;
	}
	*got = out.pos;
	return 0;
}
