/* A health link that a patient holds up, while the clinic can be reached: the clinic opens it (the kiosk itself talks
 * to nobody else), and the kiosk waits for that at most ten seconds. Whatever goes wrong on the way means later: the
 * link goes with the visit, if the patient agrees, and the clinic opens it then. */
#include "sync.h"

#include "base/log.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000 /* lobby-clinic gives up a second before */
#define MAX_ANSWER 16384

static void answer_kiosk(struct sync *sync, const json_t *told)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_health_read_tag };

	health_take_answer(&sync->health, told, &envelope.body.health_read);
	wire_server_broadcast(sync->server, lobby_Program_PROGRAM_KIOSK, &envelope);
	sodium_memzero(&envelope, sizeof(envelope));
}

static void on_answer(void *arg, int err, int status, const char *body, size_t len)
{
	struct sync *sync = arg;
	json_t *told = NULL;

	if (err == 0)
		err = fetch_err_of(status, body, len);
	if (err == 0)
		told = json_loadb(body, len, 0, NULL);
	if (err != 0)
		log_event(LOG_WARNING, "health-link-not-asked", "err=%s status=%d", err_event(err), status);
	/* A read that is newer has stopped this one. */
	if (health_link_of(&sync->health, sync->link_ask.health_request) != NULL)
		answer_kiosk(sync, told);
	json_decref(told);
}

static char *body_of(const char *link)
{
	json_t *json = json_pack("{s:s}", "link", link);
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text;
}

bool link_ask_start(struct sync *sync, uint32_t health_request)
{
	const char *link = health_link_of(&sync->health, health_request);
	char url[400], authorization[160];
	struct fetch_ask ask;
	char *body;
	int err = LOBBY_ERR_NO_MEMORY;

	if (link == NULL || !sync->reachable ||
	    !sync_ask(sync, "health-link", url, sizeof(url), authorization, sizeof(authorization), &ask))
		return false;
	body = body_of(link);
	if (body != NULL) {
		ask.body = body;
		ask.len = strlen(body);
		ask.max_answer = MAX_ANSWER;
		ask.timeout_ms = PATIENCE_MS;
		sync->link_ask.health_request = health_request;
		err = fetch_start(sync->fetch, &sync->link_ask.request, &ask, on_answer, sync);
		sodium_memzero(body, ask.len);
	}
	free(body);
	return err == 0;
}

void link_ask_stop(struct sync *sync)
{
	if (sync->link_ask.request.active)
		fetch_cancel(&sync->link_ask.request);
}
