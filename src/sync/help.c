/* Somebody at the kiosk wants a person. The call goes to the clinic, and where it stands comes back to the screen:
 * being sent, with the desk, on the way, or that the desk cannot be reached, which is said within 3 s and tried on for.
 * A call that was cancelled is told too, for ever, since the first one may have arrived unanswered. */
#include "sync.h"

#include "base/log.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 3000
#define MAX_ANSWER 4096

static void send_call(void *arg);

static void push(struct help_call *call, lobby_HelpStage stage)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_help_state_tag };

	call->stage = stage;
	if (call->wanted.cancelled)
		return;
	text_copy(envelope.body.help_state.id, sizeof(envelope.body.help_state.id), call->wanted.id);
	envelope.body.help_state.stage = stage;
	wire_server_broadcast(call->sync->server, lobby_Program_PROGRAM_KIOSK, &envelope);
}

static void drop(struct help_call *call)
{
	loop_timer_cancel(call->sync->loop, &call->timer);
	fetch_cancel(&call->request);
	call->used = false;
}

static void take_stage(struct help_call *call, const char *stage)
{
	if (strcmp(stage, "on-the-way") == 0) {
		push(call, lobby_HelpStage_HELP_ON_THE_WAY);
	} else if (strcmp(stage, "sent") == 0) {
		push(call, lobby_HelpStage_HELP_SENT);
	} else if (strcmp(stage, "done") == 0) {
		push(call, lobby_HelpStage_HELP_DONE);
		drop(call);
	}
}

static void failed(struct help_call *call)
{
	if (call->stage != lobby_HelpStage_HELP_UNREACHABLE)
		push(call, lobby_HelpStage_HELP_UNREACHABLE);
	loop_timer_set(call->sync->loop, &call->timer, backoff_next_ms(&call->backoff), send_call, call);
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct help_call *call = arg;
	struct sync *sync = call->sync;
	json_t *answer = NULL;
	const char *stage;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err == 0)
		answer = json_loadb(body, len, 0, NULL);
	stage = json_string_value(json_object_get(answer, "stage"));
	if (err == 0 && stage == NULL)
		err = LOBBY_ERR_PROTOCOL;
	if (err != 0)
		failed(call);
	else if (call->wanted.cancelled)
		drop(call);
	else
		take_stage(call, stage);
	json_decref(answer);
	if (err != 0)
		sync_lost(sync, err);
	else
		sync_heard(sync);
}

static char *body_of(const lobby_HelpWanted *wanted)
{
	json_t *json = json_pack("{s:s, s:s, s:I, s:b}", "id", wanted->id, "step", wanted->step, "at_ms",
				 (json_int_t)wanted->at_ms, "cancelled", (int)wanted->cancelled);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

static void send_call(void *arg)
{
	struct help_call *call = arg;
	struct sync *sync = call->sync;
	char url[400], authorization[160];
	struct fetch_ask ask;
	char *body = NULL;
	int err = LOBBY_ERR_NOT_ENROLLED;

	if (sync_ask(sync, "help", url, sizeof(url), authorization, sizeof(authorization), &ask)) {
		body = body_of(&call->wanted);
		err = body ? 0 : LOBBY_ERR_NO_MEMORY;
	}
	if (err == 0) {
		ask.body = body;
		ask.len = strlen(body);
		ask.max_answer = MAX_ANSWER;
		ask.timeout_ms = PATIENCE_MS;
		err = fetch_start(sync->fetch, &call->request, &ask, on_answer, call);
	}
	free(body);
	if (err != 0)
		failed(call);
}

static struct help_call *find(struct sync *sync, const char *id)
{
	for (int i = 0; i < SYNC_MAX_HELP; i++)
		if (sync->help[i].used && strcmp(sync->help[i].wanted.id, id) == 0)
			return &sync->help[i];
	return NULL;
}

/* A free one, else a cancelled one, else the first: the last to call is the one who stands there. */
static struct help_call *place(struct sync *sync)
{
	for (int i = 0; i < SYNC_MAX_HELP; i++)
		if (!sync->help[i].used)
			return &sync->help[i];
	for (int i = 0; i < SYNC_MAX_HELP; i++)
		if (sync->help[i].wanted.cancelled)
			return &sync->help[i];
	return &sync->help[0];
}

void help_wanted(struct sync *sync, const lobby_HelpWanted *wanted)
{
	struct help_call *call = find(sync, wanted->id);

	if (call != NULL && call->wanted.cancelled == wanted->cancelled) {
		push(call, call->stage);
		return;
	}
	if (call == NULL)
		call = place(sync);
	if (call->used)
		drop(call);
	*call = (struct help_call){ .sync = sync, .used = true, .wanted = *wanted };
	log_event(LOG_NOTICE, wanted->cancelled ? "help-cancelled" : "help-wanted", "%s", "");
	push(call, lobby_HelpStage_HELP_SENDING);
	send_call(call);
}

void help_stage(struct sync *sync, const char *id, const char *stage)
{
	struct help_call *call = find(sync, id);

	if (call != NULL && !call->wanted.cancelled)
		take_stage(call, stage);
}

void help_retry(struct sync *sync)
{
	for (int i = 0; i < SYNC_MAX_HELP; i++) {
		struct help_call *call = &sync->help[i];

		if (!call->used || !call->timer.armed)
			continue;
		loop_timer_cancel(sync->loop, &call->timer);
		send_call(call);
	}
}

void help_stop(struct sync *sync)
{
	for (int i = 0; i < SYNC_MAX_HELP; i++)
		if (sync->help[i].used)
			drop(&sync->help[i]);
}
