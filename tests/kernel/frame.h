/* The line between the virtual machine and the tests: frames over a byte stream (a virtio-serial port, a socket).
 *
 * One byte of type, two of length (big-endian), the bytes. The guest passes on the packets of lobby-devices' wire
 * socket both ways, so that the tests, outside, are the kiosk; commands ask what only the guest can see. Not
 * thread-safe; everything happens on the loop. */
#ifndef LOBBY_TESTS_KERNEL_FRAME_H
#define LOBBY_TESTS_KERNEL_FRAME_H

#include "base/err.h"
#include "base/loop.h"

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 16384
#define FRAME_HEAD 3

enum frame_type {
	FRAME_HELLO = 'H',   /* guest: it is there */
	FRAME_UP = 'U',	     /* guest: connected to lobby-devices */
	FRAME_DOWN = 'D',    /* guest: and not any more */
	FRAME_PACKET = 'P',  /* one wire packet, either way */
	FRAME_COMMAND = 'C', /* text (guest.c) */
	FRAME_ANSWER = 'A',  /* guest: text, one for each command, in order */
};

struct frame_link;
/** data is valid during the call. len -1: the line has ended; it is closed. */
typedef void frame_fn(void *arg, enum frame_type type, const uint8_t *data, int len);

struct frame_link {
	struct loop *loop;
	int fd;
	frame_fn *fn;
	void *arg;
	uint8_t in[FRAME_HEAD + FRAME_MAX];
	size_t in_len;
	uint8_t out[4 * (FRAME_HEAD + FRAME_MAX)];
	size_t out_len;
};

/** Takes over fd, which does not block. LOBBY_ERR_NO_MEMORY. */
int frame_open(struct frame_link *link, struct loop *loop, int fd, frame_fn *fn, void *arg) MUST_CHECK;
void frame_close(struct frame_link *link);
/** LOBBY_ERR_TOO_LONG: more than a frame holds, or too much waits already; LOBBY_ERR_CLOSED. */
int frame_send(struct frame_link *link, enum frame_type type, const void *data, size_t len) MUST_CHECK;

#endif
