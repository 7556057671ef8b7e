/* A card for QEMU's own reader: the other end of its `ccid-card-passthru` device, over a Unix socket.
 *
 * The reader is plugged into the machine when QEMU has connected. A card may be put in before or after. On the loop,
 * one thread. Protocol: libcacard's vscard_common.h, version 0.0.2: a header of type, reader and length (32 bits each,
 * big-endian), then the bytes. */
#ifndef LOBBY_TESTS_KERNEL_VSCARD_H
#define LOBBY_TESTS_KERNEL_VSCARD_H

#include "base/err.h"
#include "base/loop.h"
#include "tests/emu/smartcard.h"

#include <stdbool.h>

#define VSCARD_MAX 65550

struct vscard {
	struct loop *loop;
	char path[108];
	int listener;
	int fd; /* -1: nobody is connected */
	bool added;
	uint32_t reader; /* as QEMU calls it */
	struct smartcard *card;
	unsigned apdus; /* answered, ever */
	uint8_t in[VSCARD_MAX];
	size_t in_len;
	uint8_t answer[VSCARD_MAX];
};

/** Listens at folder/card. LOBBY_ERR_IO. */
int vscard_init(struct vscard *vscard, struct loop *loop, const char *folder) MUST_CHECK;
void vscard_fini(struct vscard *vscard);
/** The card is borrowed until it is taken out. */
void vscard_insert(struct vscard *vscard, struct smartcard *card);
void vscard_remove(struct vscard *vscard);

#endif
