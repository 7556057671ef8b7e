/* What is printed and what waits for it: one job at a time, four waiting (queue.h), each on a printer of its form.
 *
 * Jobs come from other programs and from this one's self-test, all by the same way. Single-threaded; zero it, then
 * printing_init(). */
#ifndef LOBBY_DEVICES_PRINTING_H
#define LOBBY_DEVICES_PRINTING_H

#include "devices/list.h"
#include "devices/queue.h"

struct printing {
	struct device_list *list;
	struct queue queue;
	struct device_row *row; /* who has the queue's first job; NULL: nobody */
	bool closing;
	/** A job has ended: 0 only if the printer said that all of it is out. `from` is who gave it. */
	void (*ended)(void *arg, lobby_Program from, const char *job, int err);
	void *arg;
};

/** Borrows list and arg. */
void printing_init(struct printing *printing, struct device_list *list,
		   void (*ended)(void *arg, lobby_Program from, const char *job, int err), void *arg);
/** No job is begun any more, and nobody is told of one that ends. */
void printing_fini(struct printing *printing);
/** Copies the job to the end of the queue and begins it when its turn comes; ended() follows, maybe at once. The same
 * job again is no new one. */
void printing_add(struct printing *printing, const lobby_Print *print, lobby_Program from);
/** Drops the job of this name; ended(LOBBY_ERR_CLOSED) follows. */
void printing_cancel(struct printing *printing, const char *job);
/** Rows of pictures for the job under way. */
void printing_band(struct printing *printing, const lobby_PrintBand *band);
/** The job under way, NULL if there is none; only its name and `from` are for others. */
const struct queued *printing_job(const struct printing *printing);
/** A driver says that a job has ended. */
void printing_on_printed(struct printing *printing, const char *job, int err);

#endif
