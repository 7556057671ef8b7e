/* DLE EOT answers do not name their question, so there is one question at a time, and after a silence the link hears
 * nothing for a moment and begins again, lest a late answer be taken for the next one's. */
#include "drivers/escpos/link.h"

#include "base/log.h"

#include <string.h>

#define READ_LEN 64
#define ANSWER_MS 500
#define DEAF_MS 200
#define ASK_TRIES 3
#define GET_PORT_STATUS 1
#define ASK_ERROR 3 /* which error? Asked only when there is one: not every printer answers it */

enum { NOTHING = -1, PORT = -2 }; /* instead of an index of these */
static const uint8_t questions[] = { 1, 2, ASK_ERROR, 4 };

static void finish(struct escpos_link *l, int err)
{
	escpos_asked_fn *then = l->then;

	loop_timer_cancel(usb_loop(l->usb), &l->answer);
	l->then = NULL;
	if (then != NULL)
		then(l->arg, err, &l->asked);
}

/* ---- GET_PORT_STATUS ---- */

static void on_port(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos_link *l = arg;

	if (err == LOBBY_ERR_UNPLUGGED || l->question != PORT)
		return; /* the latter: hushed, and by now something else is asked */
	if (err != 0 || len < 1) {
		finish(l, LOBBY_ERR_TIMEOUT);
		return;
	}
	l->asked = escpos_port_status(data[0]);
	/* With an input endpoint this was the last resort: "fine" then only means that the port is. */
	finish(l, usb_info(l->usb)->in.address != 0 && escpos_error_of(&l->asked) == 0 ? LOBBY_ERR_TIMEOUT : 0);
}

static void on_no_port(void *arg)
{
	struct escpos_link *l = arg;

	finish(l, LOBBY_ERR_TIMEOUT);
}

static void ask_port(struct escpos_link *l)
{
	l->question = PORT;
	l->overtaken = false;
	if (usb_control(l->usb, 0xa1, GET_PORT_STATUS, 0, usb_info(l->usb)->number, 1, ANSWER_MS, on_port, l) != 0)
		loop_timer_set(usb_loop(l->usb), &l->answer, ANSWER_MS, on_no_port, l);
}

void escpos_link_ask_port(struct escpos_link *l, escpos_asked_fn *then)
{
	bool asking = l->then != NULL;

	l->then = then;
	if (!asking)
		ask_port(l);
}

/* ---- DLE EOT ---- */

static void on_no_answer(void *arg);

static void go_on(struct escpos_link *l);

/* What counts is the answer; but it can overtake the news that its question was sent, and then has waited for this. */
static void on_sent(void *arg, int err, const uint8_t *data, size_t len)
{
	struct escpos_link *l = arg;

	(void)err;
	(void)data;
	(void)len;
	if (l->overtaken && l->then != NULL)
		go_on(l);
}

static void send_question(struct escpos_link *l)
{
	uint8_t bytes[3] = { 0x10, 0x04, questions[l->question] };

	l->overtaken = false;
	usb_listen_now(&l->listener);
	loop_timer_set(usb_loop(l->usb), &l->answer, ANSWER_MS, on_no_answer, l);
	if (usb_write(l->usb, bytes, sizeof(bytes), ANSWER_MS - 100, on_sent, l) != 0)
		log_event(LOG_DEBUG, "printer-ask", "question=%d", questions[l->question]);
}

/* The question is answered and the output pipe free. */
static void go_on(struct escpos_link *l)
{
	l->question++;
	if (l->question < (int)sizeof(questions) && questions[l->question] == ASK_ERROR && !l->asked.error)
		l->question++;
	if (l->question < (int)sizeof(questions))
		send_question(l);
	else
		finish(l, 0);
}

static void begin_again(void *arg)
{
	struct escpos_link *l = arg;

	l->question = 0;
	l->asked = (struct escpos_status){ 0 };
	send_question(l);
}

static void on_no_answer(void *arg)
{
	struct escpos_link *l = arg;

	usb_cancel_write(l->usb);
	if (++l->tries < ASK_TRIES) {
		l->question = NOTHING;
		loop_timer_set(usb_loop(l->usb), &l->answer, DEAF_MS, begin_again, l);
	} else if (l->garbage > 0) {
		finish(l, LOBBY_ERR_PROTOCOL);
	} else {
		ask_port(l);
	}
}

void escpos_link_ask(struct escpos_link *l, escpos_asked_fn *then)
{
	bool asking = l->then != NULL;

	l->then = then;
	if (asking)
		return;
	l->tries = 0;
	l->garbage = 0;
	if (usb_info(l->usb)->in.address == 0)
		ask_port(l);
	else
		begin_again(l);
}

void escpos_link_hush(struct escpos_link *l)
{
	loop_timer_cancel(usb_loop(l->usb), &l->answer);
	l->then = NULL;
	l->question = NOTHING;
	l->overtaken = false;
}

/* ---- what the printer says ---- */

static void take_answer(struct escpos_link *l, uint8_t value)
{
	if (l->then == NULL || l->question < 0 || l->overtaken)
		return;
	escpos_add_realtime(&l->asked, questions[l->question], value);
	if (usb_is_writing(l->usb))
		l->overtaken = true;
	else
		go_on(l);
}

static void on_broken(void *arg, int err)
{
	struct escpos_link *l = arg;

	l->events->broken(l->arg, err);
}

static void on_heard(void *arg, const uint8_t *data, size_t len)
{
	struct escpos_link *l = arg;

	for (size_t i = 0; i < len; i++) {
		struct escpos_status status;
		uint8_t value;

		switch (escpos_parse(&l->parser, data[i], &status, &value)) {
		case ESCPOS_REALTIME:
			take_answer(l, value);
			break;
		case ESCPOS_AUTO:
			l->events->status(l->arg, &status);
			break;
		case ESCPOS_PAPER:
			l->events->drained(l->arg);
			break;
		case ESCPOS_TEXT:
			l->events->text(l->arg, l->parser.text);
			break;
		case ESCPOS_GARBAGE:
			l->garbage++;
			break;
		case ESCPOS_NONE:
			break;
		}
	}
}

void escpos_link_init(struct escpos_link *l, struct usb_device *usb, const struct escpos_link_events *events, void *arg)
{
	*l = (struct escpos_link){
		.usb = usb,
		.events = events,
		.arg = arg,
		.question = NOTHING,
		.listener = { .usb = usb, .len = READ_LEN, .heard = on_heard, .broken = on_broken, .arg = l }
	};
	if (usb_info(usb)->in.address != 0)
		usb_listen(&l->listener);
}

void escpos_link_fini(struct escpos_link *l)
{
	escpos_link_hush(l);
	usb_listen_stop(&l->listener);
}
