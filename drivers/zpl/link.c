/* Answers name themselves (codec.h), so a late one is still worth something: it is taken for whatever is being asked.
 * Some firmware is silent to ~HS exactly when something is wrong; then ~HQES and the port's three bits have to tell. */
#include "drivers/zpl/link.h"

#include "base/log.h"

#include <string.h>

#define READ_LEN 512
#define ANSWER_MS 1000
#define ERRORS_MS 500
#define ASK_TRIES 2
#define DEAF_MAX 2
#define HANDBACK_MS 5 /* for a cancelled write to come back */
#define GET_PORT_STATUS 1

static void begin(struct zpl_link *l, enum zpl_question question);

/* ---- asking ---- */

static void finish(struct zpl_link *l, int err)
{
	zpl_asked_fn *asked = l->asked;
	zpl_identified_fn *identified = l->identified;

	loop_timer_cancel(usb_loop(l->usb), &l->answer);
	l->question = ZPL_ASK_NOTHING;
	l->asked = NULL;
	l->identified = NULL;
	if (identified != NULL)
		identified(l->arg, err, &l->parser.identity);
	else if (asked != NULL)
		asked(l->arg, err, &l->status, l->counted);
}

/* The question is answered, and the output pipe free. */
static void go_on(struct zpl_link *l)
{
	l->answered = false;
	if (l->question == ZPL_ASK_STATUS && l->deaf < DEAF_MAX)
		begin(l, ZPL_ASK_ERRORS);
	else
		finish(l, l->question == ZPL_ASK_IDENTITY || l->counted || zpl_error_of(&l->status) != 0
				  ? 0
				  : LOBBY_ERR_TIMEOUT);
}

static void on_port(void *arg, int err, const uint8_t *data, size_t len)
{
	struct zpl_link *l = arg;

	if (err == LOBBY_ERR_UNPLUGGED || l->question != ZPL_ASK_PORT)
		return;
	/* "Fine" only means that the port is. */
	if (err == 0 && len >= 1)
		l->status = zpl_port_status(data[0]);
	finish(l, err == 0 && len >= 1 && zpl_error_of(&l->status) != 0 ? 0
		  : l->garbage > 0					? LOBBY_ERR_PROTOCOL
									: LOBBY_ERR_TIMEOUT);
}

static void on_silence(void *arg)
{
	struct zpl_link *l = arg;

	usb_cancel_write(l->usb);
	if ((l->question == ZPL_ASK_STATUS || l->question == ZPL_ASK_IDENTITY) && ++l->tries < ASK_TRIES) {
		begin(l, l->question);
	} else if (l->question == ZPL_ASK_IDENTITY) {
		finish(l, LOBBY_ERR_TIMEOUT);
	} else if (l->question == ZPL_ASK_STATUS) {
		begin(l, ZPL_ASK_ERRORS);
	} else if (l->question == ZPL_ASK_ERRORS && l->counted) {
		l->deaf++;
		finish(l, 0);
	} else if (l->question == ZPL_ASK_ERRORS) {
		begin(l, ZPL_ASK_PORT);
	} else {
		finish(l, LOBBY_ERR_TIMEOUT);
	}
}

static void on_sent(void *arg, int err, const uint8_t *data, size_t len)
{
	struct zpl_link *l = arg;

	(void)err; /* what counts is the answer */
	(void)data;
	(void)len;
	if (l->answered && l->question != ZPL_ASK_NOTHING)
		go_on(l);
}

static void send_question(void *arg)
{
	static const char *const words[] = { "", "~HI", "~HS", "~HQES", "" };
	struct zpl_link *l = arg;
	unsigned wait = l->question == ZPL_ASK_ERRORS ? ERRORS_MS : ANSWER_MS;
	int err;

	if (l->question == ZPL_ASK_PORT) {
		const struct usb_info *info = usb_info(l->usb);

		loop_timer_set(usb_loop(l->usb), &l->answer, ANSWER_MS + 200, on_silence, l);
		err = usb_control(l->usb, 0xa1, GET_PORT_STATUS, 0, info->number, 1, ANSWER_MS, on_port, l);
		if (err != 0)
			log_event(LOG_DEBUG, "label-port", "error=%s", err_event(err));
		return;
	}
	err = usb_write(l->usb, words[l->question], strlen(words[l->question]), wait - 100, on_sent, l);
	if (err == LOBBY_ERR_BUSY) /* what was cancelled is not back yet */
		loop_timer_set(usb_loop(l->usb), &l->answer, HANDBACK_MS, send_question, l);
	else
		loop_timer_set(usb_loop(l->usb), &l->answer, wait, on_silence, l);
}

static void begin(struct zpl_link *l, enum zpl_question question)
{
	usb_listen_now(&l->listener);
	l->question = question;
	l->answered = false;
	send_question(l);
}

static void ask(struct zpl_link *l, enum zpl_question question)
{
	l->tries = 0;
	l->garbage = 0;
	l->counted = false;
	l->status = (struct zpl_status){ 0 };
	begin(l, question);
}

void zpl_link_identify(struct zpl_link *l, zpl_identified_fn *fn)
{
	l->identified = fn;
	ask(l, ZPL_ASK_IDENTITY);
}

void zpl_link_ask(struct zpl_link *l, zpl_asked_fn *fn)
{
	l->asked = fn;
	ask(l, ZPL_ASK_STATUS);
}

void zpl_link_ask_port(struct zpl_link *l, zpl_asked_fn *fn)
{
	l->asked = fn;
	ask(l, ZPL_ASK_PORT);
}

void zpl_link_hush(struct zpl_link *l)
{
	loop_timer_cancel(usb_loop(l->usb), &l->answer);
	l->question = ZPL_ASK_NOTHING;
	l->asked = NULL;
	l->identified = NULL;
}

/* ---- listening ---- */

static void take(struct zpl_link *l, enum zpl_answer answer)
{
	bool fits = (answer == ZPL_IDENTITY && l->question == ZPL_ASK_IDENTITY) ||
		    (answer == ZPL_STATUS && l->question == ZPL_ASK_STATUS) ||
		    (answer == ZPL_ERRORS && l->question == ZPL_ASK_ERRORS);

	if (answer == ZPL_GARBAGE)
		l->garbage++;
	if (answer == ZPL_STATUS && (l->question == ZPL_ASK_STATUS || l->question == ZPL_ASK_ERRORS)) {
		l->status = l->parser.status;
		l->counted = true;
	}
	if (answer == ZPL_ERRORS && l->question == ZPL_ASK_ERRORS) {
		zpl_add_errors(&l->status, &l->parser.status);
		l->deaf = 0;
	}
	if (fits && usb_is_writing(l->usb))
		l->answered = true;
	else if (fits)
		go_on(l);
	else if (l->question == ZPL_ASK_NOTHING && answer == ZPL_GARBAGE)
		l->events->alert(l->arg);
}

static void on_broken(void *arg, int err)
{
	struct zpl_link *l = arg;

	l->events->broken(l->arg, err);
}

static void on_heard(void *arg, const uint8_t *data, size_t len)
{
	struct zpl_link *l = arg;

	l->parser.stray = false;
	for (size_t i = 0; i < len; i++) {
		enum zpl_answer answer = zpl_parse(&l->parser, data[i]);

		if (answer != ZPL_NONE)
			take(l, answer);
	}
}

void zpl_link_init(struct zpl_link *l, struct usb_device *usb, const struct zpl_link_events *events, void *arg)
{
	*l = (struct zpl_link){
		.usb = usb,
		.events = events,
		.arg = arg,
		.listener = { .usb = usb, .len = READ_LEN, .heard = on_heard, .broken = on_broken, .arg = l }
	};
	usb_listen(&l->listener);
}

void zpl_link_fini(struct zpl_link *l)
{
	zpl_link_hush(l);
	usb_listen_stop(&l->listener);
}
