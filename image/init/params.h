/* The kernel's command line, as far as it is for us, and the table that device-mapper gets from it. Pure.
 *
 * With Secure Boot the line is signed; without it anybody may have written it, so nothing in it is believed but its
 * form. Parameters: image/README.md, "The initrd, and what init expects". */
#ifndef LOBBY_INIT_PARAMS_H
#define LOBBY_INIT_PARAMS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARAMS_BLOCK 4096		      /* bytes of a data or tree block */
#define PARAMS_BLOCKS_MAX (UINT64_C(1) << 24) /* 64 GiB of root */
#define PARAMS_WAIT_S 20
#define PARAMS_WAIT_MAX_S 120
#define PARAMS_AGAIN_S 600

struct params {
	char root[65];	   /* hexadecimal, lower case */
	char salt[257];	   /* the same */
	uint64_t blocks;   /* of data; the tree begins after them */
	char slot;	   /* 'a', 'b', or 0 */
	unsigned rotation; /* 0, 90, 180, 270 */
	unsigned wait_s;   /* for the disk */
	unsigned again_s;  /* after a refusal one more try is made */
	char language[17]; /* BCP 47, or empty */
	bool refuse, install;
};

/** True if the line has this word alone; for what must be known of a line that is otherwise nonsense. */
bool params_has(const char *line, size_t len, const char *word);
/** LOBBY_ERR_INVALID: a parameter of ours makes no sense, is there twice, or root, salt or blocks are missing (a
 * refusal needs none). */
int params_parse(const char *line, size_t len, struct params *out) MUST_CHECK;
/** Blocks of the hash tree over so many data blocks (dm-verity, format 1, 32-byte digests). */
uint64_t params_tree_blocks(uint64_t blocks);
/** dm-verity's table (Linux, Documentation/admin-guide/device-mapper/verity.rst) over this device. LOBBY_ERR_TOO_LONG.
 */
int params_verity_table(const struct params *params, const char *device, char *out, size_t size) MUST_CHECK;
/** The bytes of hexadecimal digits; returns how many, or 0 if they are not pairs of digits or do not fit. */
size_t params_hex(const char *hex, uint8_t *out, size_t size);

#endif
