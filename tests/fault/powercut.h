/* What the power-cut preload (powercut.c) and the driver share: the names of three environment variables, the page that
 * steers it, and the log that it keeps.
 *
 * A power cut takes what no fsync has made durable, and kill -9 does not: the page cache outlives the process. So the
 * preload notes every write, truncation and sync of the store's two files in a log, in the order of their making, and
 * the driver (disk.h) makes of it what a disk would have held: all that a finished sync covers, and of the rest any
 * part. The log is read by the same build on the same machine: native byte order. */
#ifndef LOBBY_TESTS_POWERCUT_H
#define LOBBY_TESTS_POWERCUT_H

#include <stdint.h>

#define POWERCUT_FOLDER "POWERCUT_FOLDER" /* stores in it are watched: NAME.db and NAME.db-wal */
#define POWERCUT_LOG "POWERCUT_LOG"	  /* appended to */
#define POWERCUT_PAGE "POWERCUT_PAGE"	  /* one struct powercut_page */

enum powercut_full {
	POWERCUT_ROOM,
	POWERCUT_NO_GROWTH, /* a file cannot grow: ENOSPC, after as much as fits */
	POWERCUT_NO_WRITE,  /* no block can be written: ENOSPC */
	POWERCUT_NO_SYNC,   /* a sync fails: EIO */
};

/** Written by the driver, read by the preload. */
struct powercut_page {
	_Atomic uint32_t full; /* enum powercut_full */
	_Atomic int32_t
		die_at; /* counts disk operations down; the process ends by SIGKILL within the one that reaches 0 */
	_Atomic uint32_t die_at_sync; /* not 0: the process ends by SIGKILL when it is about to sync */
	_Atomic uint32_t failed;      /* operations that were refused */
};

/* A process that is killed while it appends leaves a torn record; the next one's log begins with POWERCUT_START. */
#define POWERCUT_MAGIC 0x7C0117E25A9D3B61ULL
enum powercut_kind { POWERCUT_START, POWERCUT_WRITE, POWERCUT_TRUNCATE, POWERCUT_SYNC_BEGIN, POWERCUT_SYNC_END };
enum powercut_file { POWERCUT_DB, POWERCUT_WAL, POWERCUT_FILES };

struct powercut_record {
	uint64_t magic;
	uint32_t kind, file;
	uint64_t at;  /* write: offset; truncate: the new length; sync: a number that joins its end to its beginning */
	uint64_t len; /* write: bytes that follow */
};

#endif
