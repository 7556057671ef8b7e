/* One command at a time to the reader and the answer to it, over the two bulk pipes.
 *
 * Answers to older commands (their bSeq is not the last one's) and to other slots are passed over, a reader that asks
 * for more time gets it, and ccid_link_abort() brings a reader that is out of step back. A pipe that stalls is cleared
 * and tried again by usb.h. Specification: CCID 1.1, 5.3.1 (ABORT), 6.1, 6.2, 6.1.13 (PC_to_RDR_Abort). */
#ifndef LOBBY_DRIVERS_CCID_LINK_H
#define LOBBY_DRIVERS_CCID_LINK_H

#include "base/loop.h"
#include "drivers/ccid/codec.h"
#include "drivers/ccid/exchange.h"
#include "drivers/usb.h"

#define CCID_MAX_SENT (CCID_HEADER + EXCHANGE_MAX_COMMAND)

/** err 0: the reader answered, though perhaps that it failed; answer points into the link and is valid during the call.
 * LOBBY_ERR_TIMEOUT; LOBBY_ERR_PROTOCOL (rubbish, or it stalls); LOBBY_ERR_IO. Not called once unplugged. */
typedef void ccid_link_fn(void *arg, int err, const struct ccid_answer *answer);

struct ccid_link {
	struct usb_device *usb;
	uint8_t *in; /* one message; owned */
	size_t in_size, in_len;
	uint8_t out[CCID_MAX_SENT];
	size_t out_len;
	uint8_t seq;
	uint8_t type, slot; /* of the command under way */
	unsigned timeout_ms;
	int extensions, strays;
	bool busy;
	bool aborting;
	int waited; /* for cancelled transfers to come back */
	struct loop_timer timer;
	ccid_link_fn *fn;
	void *arg;
};

/** max_message: the longest that the reader sends. LOBBY_ERR_NO_MEMORY. */
int ccid_link_init(struct ccid_link *link, struct usb_device *usb, size_t max_message) MUST_CHECK;
/** No callback comes any more. Overwrites its buffers. */
void ccid_link_fini(struct ccid_link *link);
/** Sends it with the next bSeq (command->seq is not looked at) and waits for the answer, timeout_ms at first.
 * LOBBY_ERR_BUSY, LOBBY_ERR_TOO_LONG, LOBBY_ERR_UNPLUGGED. */
int ccid_link_send(struct ccid_link *link, const struct ccid_command *command, unsigned timeout_ms, ccid_link_fn *fn,
		   void *arg) MUST_CHECK;
/** Drops the command under way without a word, and aborts what the reader does at this slot. fn: err 0, the reader is
 * back in step and its answer tells the slot's state; LOBBY_ERR_TIMEOUT or another: it is not. */
void ccid_link_abort(struct ccid_link *link, uint8_t slot, ccid_link_fn *fn, void *arg);
bool ccid_link_is_busy(const struct ccid_link *link);
/** Overwrites what came from a card. Not while busy. */
void ccid_link_wipe(struct ccid_link *link);

#endif
