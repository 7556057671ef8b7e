/* See queue.h: five places, moved up by hand, because a ring of five saves nothing. */
#include "devices/queue.h"

#include <string.h>

static int place_of(const struct queue *q, const char *job)
{
	for (int i = 0; i < q->count; i++)
		if (strcmp(q->jobs[i].print.job, job) == 0)
			return i;
	return -1;
}

static void drop(struct queue *q, int place)
{
	memmove(&q->jobs[place], &q->jobs[place + 1], (size_t)(q->count - place - 1) * sizeof(q->jobs[0]));
	q->count--;
	explicit_bzero(&q->jobs[q->count], sizeof(q->jobs[0]));
}

int queue_add(struct queue *q, const lobby_Print *print, lobby_Program from)
{
	if (place_of(q, print->job) >= 0)
		return LOBBY_ERR_EXISTS;
	if (q->count == QUEUE_MAX)
		return LOBBY_ERR_BUSY;
	q->jobs[q->count++] = (struct queued){ *print, from };
	return 0;
}

struct queued *queue_first(struct queue *q)
{
	return q->count > 0 ? &q->jobs[0] : NULL;
}

void queue_drop_first(struct queue *q)
{
	if (q->count > 0)
		drop(q, 0);
}

bool queue_drop(struct queue *q, const char *job, lobby_Program *from)
{
	int place = place_of(q, job);

	if (place < 0)
		return false;
	*from = q->jobs[place].from;
	drop(q, place);
	return true;
}

void queue_fini(struct queue *q)
{
	explicit_bzero(q, sizeof(*q));
}
