/* A command is written, then the bulk-IN pipe is read until its answer is whole. A message ends with the length that
 * its header states; a transfer that ends before it is a short message, and rubbish. Nothing is read while no command
 * is under way: a reader has nothing to say then. */
#include "drivers/ccid/link.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define WRITE_MS 2000
#define CONTROL_MS 500
#define ABORT_MS 1000
#define REQUEST_ABORT 1
#define MAX_EXTENSIONS 1000 /* the session's own time is the bound that counts */
#define MAX_EXTENSIONS_ALONE 8
#define MAX_STRAYS 16
#define HANDBACK_MS 5
#define HANDBACK_MAX 100

static void read_more(struct ccid_link *link);

static void finish(struct ccid_link *link, int err, const struct ccid_answer *answer)
{
	ccid_link_fn *fn = link->fn;

	link->busy = false;
	link->aborting = false;
	link->fn = NULL;
	if (fn != NULL)
		fn(link->arg, err, answer);
}

/* Not for us, or nothing that can be understood while the reader is being brought back into step. */
static void pass_over(struct ccid_link *link)
{
	link->in_len = 0;
	if (++link->strays > MAX_STRAYS)
		finish(link, LOBBY_ERR_PROTOCOL, NULL);
	else
		read_more(link);
}

static void take_rubbish(struct ccid_link *link)
{
	log_event(LOG_INFO, "ccid-rubbish", "bytes=%zu", link->in_len);
	if (link->aborting)
		pass_over(link);
	else
		finish(link, LOBBY_ERR_PROTOCOL, NULL);
}

/* A card may take its time; the reader alone has no reason to. */
static int most_extensions(uint8_t type)
{
	return type == CCID_POWER_ON || type == CCID_TRANSFER || type == CCID_SET_PARAMETERS ? MAX_EXTENSIONS
											     : MAX_EXTENSIONS_ALONE;
}

static void take_message(struct ccid_link *link)
{
	struct ccid_answer answer;

	if (ccid_answer_parse(link->in, link->in_len, &answer) != 0) {
		take_rubbish(link);
		return;
	}
	if (answer.seq != link->seq || answer.slot != link->slot) {
		pass_over(link);
		return;
	}
	/* A command that the reader does not know may be answered by a slot status (6.2.2). */
	if (answer.type != ccid_answer_type(link->type) &&
	    !(answer.outcome == CCID_FAILED && answer.type == CCID_SLOT_STATUS)) {
		take_rubbish(link);
		return;
	}
	if (answer.outcome == CCID_MORE_TIME) {
		link->in_len = 0;
		if (++link->extensions > most_extensions(link->type))
			finish(link, LOBBY_ERR_TIMEOUT, NULL);
		else
			read_more(link);
		return;
	}
	finish(link, 0, &answer);
}

static void on_read(void *arg, int err, const uint8_t *data, size_t len)
{
	struct ccid_link *link = arg;
	size_t whole;

	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0) {
		finish(link, err == LOBBY_ERR_TOO_LONG ? LOBBY_ERR_PROTOCOL : err, NULL);
		return;
	}
	if (len == 0) { /* the packet that ends a message of whole packets */
		if (++link->strays > MAX_STRAYS)
			finish(link, LOBBY_ERR_PROTOCOL, NULL);
		else
			read_more(link);
		return;
	}
	if (len > link->in_size - link->in_len) {
		take_rubbish(link);
		return;
	}
	memcpy(link->in + link->in_len, data, len);
	link->in_len += len;
	whole = ccid_message_len(link->in, link->in_len);
	if (whole != 0 && link->in_len >= whole)
		take_message(link);
	else if (len == USB_MAX_TRANSFER && whole <= link->in_size)
		read_more(link);
	else
		take_rubbish(link);
}

static void read_more(struct ccid_link *link)
{
	int err = usb_read(link->usb, USB_MAX_TRANSFER, link->timeout_ms, on_read, link);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		finish(link, err, NULL);
}

static void on_written(void *arg, int err, const uint8_t *data, size_t len)
{
	struct ccid_link *link = arg;

	(void)data;
	(void)len;
	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0)
		finish(link, err, NULL);
	else
		read_more(link);
}

static int transmit(struct ccid_link *link, struct ccid_command *command, unsigned timeout_ms, ccid_link_fn *fn,
		    void *arg)
{
	int len, err;

	command->seq = link->seq;
	len = ccid_encode(command, link->out, sizeof(link->out));
	if (len < 0)
		return len;
	err = usb_write(link->usb, link->out, (size_t)len, WRITE_MS, on_written, link);
	if (err != 0)
		return err;
	link->out_len = (size_t)len;
	link->type = command->type;
	link->slot = command->slot;
	link->timeout_ms = timeout_ms;
	link->extensions = link->strays = 0;
	link->in_len = 0;
	link->busy = true;
	link->fn = fn;
	link->arg = arg;
	return 0;
}

int ccid_link_send(struct ccid_link *link, const struct ccid_command *command, unsigned timeout_ms, ccid_link_fn *fn,
		   void *arg)
{
	struct ccid_command copy = *command;

	if (link->busy)
		return LOBBY_ERR_BUSY;
	link->seq++;
	return transmit(link, &copy, timeout_ms, fn, arg);
}

bool ccid_link_is_busy(const struct ccid_link *link)
{
	return link->busy;
}

/* ---- aborting ---- */

/* Sends a command of the abort's own; what it brings ends the abort, and the owner is told. */
static void send_last(struct ccid_link *link, uint8_t type)
{
	struct ccid_command command = { .type = type, .slot = link->slot };
	int err = transmit(link, &command, ABORT_MS, link->fn, link->arg);

	if (err != 0 && err != LOBBY_ERR_UNPLUGGED)
		finish(link, err, NULL);
}

static void on_abort_requested(void *arg, int err, const uint8_t *data, size_t len)
{
	struct ccid_link *link = arg;

	(void)data;
	(void)len;
	if (err == LOBBY_ERR_UNPLUGGED)
		return;
	if (err != 0) {
		/* Some readers do not know the request: then the question how the slot is tells whether it is alive. */
		log_event(LOG_INFO, "ccid-no-abort", "error=%s", err_event(err));
		link->seq++;
		send_last(link, CCID_GET_SLOT_STATUS);
		return;
	}
	send_last(link, CCID_ABORT);
}

static void start_abort(void *arg)
{
	struct ccid_link *link = arg;
	const struct usb_info *info = usb_info(link->usb);
	int err;

	if ((usb_is_reading(link->usb) || usb_is_writing(link->usb)) && ++link->waited < HANDBACK_MAX) {
		loop_timer_set(usb_loop(link->usb), &link->timer, HANDBACK_MS, start_abort, link);
		return;
	}
	link->seq++;
	err = usb_control(link->usb, 0x21, REQUEST_ABORT, (uint16_t)(link->seq << 8 | link->slot), info->number, 0,
			  CONTROL_MS, on_abort_requested, link);
	if (err != 0)
		on_abort_requested(link, err, NULL, 0);
}

void ccid_link_abort(struct ccid_link *link, uint8_t slot, ccid_link_fn *fn, void *arg)
{
	usb_cancel_read(link->usb);
	usb_cancel_write(link->usb);
	link->busy = true;
	link->aborting = true;
	link->slot = slot;
	link->fn = fn;
	link->arg = arg;
	link->waited = 0;
	loop_timer_set(usb_loop(link->usb), &link->timer, 0, start_abort, link);
}

/* ---- life ---- */

int ccid_link_init(struct ccid_link *link, struct usb_device *usb, size_t max_message)
{
	/* Readers have been seen to send more than they state: a whole transfer always fits. */
	size_t size = max_message < USB_MAX_TRANSFER ? USB_MAX_TRANSFER : max_message;
	uint8_t *in = malloc(size);

	if (in == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*link = (struct ccid_link){ .usb = usb, .in = in, .in_size = size };
	return 0;
}

void ccid_link_fini(struct ccid_link *link)
{
	if (link->in == NULL)
		return;
	loop_timer_cancel(usb_loop(link->usb), &link->timer);
	explicit_bzero(link->in, link->in_size);
	free(link->in);
	explicit_bzero(link, sizeof(*link));
}

void ccid_link_wipe(struct ccid_link *link)
{
	explicit_bzero(link->in, link->in_size);
	explicit_bzero(link->out, sizeof(link->out));
}
