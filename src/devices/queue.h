/* The print jobs that wait, first the one being printed. Bounded; a job that leaves is overwritten. */
#ifndef LOBBY_DEVICES_QUEUE_H
#define LOBBY_DEVICES_QUEUE_H

#include "base/err.h"
#include "wire.pb.h"

#include <stdbool.h>

#define QUEUE_MAX 5 /* one printing, four waiting */

struct queued {
	lobby_Print print;
	lobby_Program from; /* who is told how it ended */
};

/* Zero it before first use. */
struct queue {
	struct queued jobs[QUEUE_MAX];
	int count;
};

/** Copies the job to the end. LOBBY_ERR_BUSY: full; LOBBY_ERR_EXISTS: a job of this name is in it. */
int queue_add(struct queue *queue, const lobby_Print *print, lobby_Program from) MUST_CHECK;
/** NULL when empty. */
struct queued *queue_first(struct queue *queue);
void queue_drop_first(struct queue *queue);
/** Drops the job of this name; false if there is none. */
bool queue_drop(struct queue *queue, const char *job, lobby_Program *from);
void queue_fini(struct queue *queue);

#endif
