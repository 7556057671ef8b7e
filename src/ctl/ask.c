/* See ctl.h: one loop, one connection, one answer. */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct asking {
	struct ctl_ask *ask;
	struct loop *loop;
	struct wire_conn conn;
	struct loop_timer timer;
	int err;
};

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct asking *a = arg;

	(void)conn;
	if (envelope->which_body != a->ask->wanted)
		return;
	a->ask->answer = *envelope;
	a->err = 0;
	loop_stop(a->loop);
}

static void give_up(void *arg)
{
	struct asking *a = arg;

	loop_stop(a->loop);
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	struct asking *a = arg;

	if (!up)
		return;
	a->err = LOBBY_ERR_TIMEOUT;
	loop_timer_set(a->loop, &a->timer, a->ask->patience_ms, give_up, a);
	if (a->ask->send != NULL && wire_send(conn, a->ask->send) != 0) {
		a->err = LOBBY_ERR_CLOSED;
		loop_stop(a->loop);
	}
}

static void explain(const struct ctl_ask *ask, const char *path, int err)
{
	if (err == LOBBY_ERR_FORBIDDEN)
		fprintf(stderr, "You may not talk to %s (%s). Try with sudo.\n", ask->program, path);
	else if (err == LOBBY_ERR_TIMEOUT)
		fprintf(stderr, "%s runs but did not answer in time.\n", ask->program);
	else
		fprintf(stderr, "%s does not run: nobody answers at %s.\n", ask->program, path);
}

int ctl_ask(struct ctl_ask *ask)
{
	struct asking a = { .ask = ask, .err = LOBBY_ERR_CLOSED };
	char path[108];

	if (wire_path(path, sizeof(path), ask->socket) != 0) {
		fputs("The run folder's name (LOBBY_RUN) is too long.\n", stderr);
		return LOBBY_ERR_TOO_LONG;
	}
	if (access(path, W_OK) != 0 && errno == EACCES) {
		explain(ask, path, LOBBY_ERR_FORBIDDEN);
		return LOBBY_ERR_FORBIDDEN;
	}
	a.loop = loop_new();
	if (a.loop == NULL)
		return LOBBY_ERR_NO_MEMORY;
	loop_timer_set(a.loop, &a.timer, ask->connect_ms, give_up, &a);
	wire_client_start(&a.conn, a.loop, path, lobby_Program_PROGRAM_CTL, on_message, on_state, &a);
	/* The timers end this; the count does where a test's clock stands still (a turn then takes 2 ms). */
	for (int64_t turns = 0; turns < ask->connect_ms + ask->patience_ms && loop_turn(a.loop, -1); turns++)
		;
	wire_close(&a.conn);
	loop_timer_cancel(a.loop, &a.timer);
	loop_free(a.loop);
	if (a.err != 0)
		explain(ask, path, a.err);
	return a.err;
}
