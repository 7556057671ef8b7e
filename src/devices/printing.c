/* See printing.h. The driver that was given a job ends it in printing_on_printed(), or refuses it at once; either way
 * the next one is begun from the same place, a loop and no recursion. */
#include "devices/printing.h"

#include "base/log.h"
#include "base/text.h"

#include <string.h>

void printing_init(struct printing *p, struct device_list *list,
		   void (*ended)(void *arg, lobby_Program from, const char *job, int err), void *arg)
{
	*p = (struct printing){ .list = list, .ended = ended, .arg = arg };
}

void printing_fini(struct printing *p)
{
	p->closing = true;
	queue_fini(&p->queue);
}

/* The first job has ended: forget it, say so. */
static void end_first(struct printing *p, int err)
{
	char job[sizeof(((lobby_Print *)0)->job)];
	lobby_Program from = queue_first(&p->queue)->from;

	text_copy(job, sizeof(job), queue_first(&p->queue)->print.job);
	p->row = NULL;
	queue_drop_first(&p->queue);
	if (!p->closing)
		p->ended(p->arg, from, job, err);
}

static void begin_next(struct printing *p)
{
	while (p->row == NULL && queue_first(&p->queue) != NULL && !p->closing) {
		struct device_row *row = list_printer(p->list, queue_first(&p->queue)->print.form);
		int err = LOBBY_ERR_UNPLUGGED;

		p->row = row;
		if (row != NULL)
			err = row->driver->print(row->state, &queue_first(&p->queue)->print);
		if (err != 0)
			end_first(p, err);
	}
}

void printing_on_printed(struct printing *p, const char *job, int err)
{
	struct queued *first = queue_first(&p->queue);

	if (first == NULL || strcmp(first->print.job, job) != 0)
		return;
	end_first(p, err);
	begin_next(p);
}

void printing_cancel(struct printing *p, const char *job)
{
	struct queued *first = queue_first(&p->queue);
	const struct device_row *row = p->row;
	lobby_Program from;

	if (first == NULL)
		return;
	if (strcmp(first->print.job, job) != 0) {
		if (queue_drop(&p->queue, job, &from))
			p->ended(p->arg, from, job, LOBBY_ERR_CLOSED);
	} else if (row != NULL) {
		row->driver->cancel(row->state); /* ends in printing_on_printed() */
	}
}

void printing_add(struct printing *p, const lobby_Print *print, lobby_Program from)
{
	int err = queue_add(&p->queue, print, from);

	if (err == LOBBY_ERR_EXISTS)
		return; /* its answer will come */
	if (err != 0) {
		p->ended(p->arg, from, print->job, err);
		return;
	}
	begin_next(p);
}

const struct queued *printing_job(const struct printing *p)
{
	return p->queue.count > 0 ? &p->queue.jobs[0] : NULL;
}

void printing_band(struct printing *p, const lobby_PrintBand *band)
{
	struct queued *first = queue_first(&p->queue);
	const struct device_row *row = p->row;

	if (first == NULL || row == NULL || row->driver->band == NULL || strcmp(first->print.job, band->job) != 0)
		return;
	if (row->driver->band(row->state, band) != 0)
		log_event(LOG_WARNING, "print-band", "row=%u rows=%u", band->first_row, band->rows);
}
