/* The kiosk's side of printing. How a job's pictures are given is the last letter of its name:
 *   t truly   s never (a silent kiosk)   n "they cannot be had"   w wrongly, then truly   l late, then truly */
#include "tests/fault/devices/lane.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define LATE_MS 3000

uint8_t world_bits(uint32_t row, uint32_t i)
{
	return (uint8_t)((row * 37 + i * 11 + (row >> 8)) | 0x01);
}

static struct world_job *find(struct world *w, const char *name)
{
	for (int i = 0; i < WORLD_JOBS; i++)
		if (w->jobs[i].given && strcmp(w->jobs[i].name, name) == 0)
			return &w->jobs[i];
	return NULL;
}

/* A free place, else that of a job that ended. */
static struct world_job *place(struct world *w)
{
	for (int i = 0; i < WORLD_JOBS; i++)
		if (!w->jobs[i].given)
			return &w->jobs[i];
	for (unsigned i = 0; i < WORLD_JOBS; i++)
		if (w->jobs[(w->jobs_sent + i) % WORLD_JOBS].ended)
			return &w->jobs[(w->jobs_sent + i) % WORLD_JOBS];
	return NULL;
}

const struct world_job *world_print(struct world *w, struct lane *lane, lobby_Print *print, char mode)
{
	static lobby_Envelope envelope;
	struct world_job *job = place(w);

	if (job == NULL || !w->kiosk_up)
		return NULL;
	*job = (struct world_job){ .lane = lane, .row_len = print->row_dots / 8 };
	snprintf(job->name, sizeof(job->name), "%u-%u-%u-%u-%c", w->number, w->epoch, lane->session, w->jobs_sent++,
		 mode);
	snprintf(print->job, sizeof(print->job), "%s", job->name);
	if (print->qr[0] != '\0')
		snprintf(print->qr, sizeof(print->qr), "%s", job->name);
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_tag };
	envelope.body.print = *print;
	if (wire_send(&w->kiosk, &envelope) != 0)
		return NULL;
	job->given = true;
	world_say(w, "%s: prints %s, %d lines", lane->serial, job->name, (int)print->line_count);
	return job;
}

const struct world_job *world_job_named(struct world *w, const char *name)
{
	return find(w, name);
}

void world_cancel(struct world *w, const char *job)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_print_tag };

	snprintf(envelope.body.print.job, sizeof(envelope.body.print.job), "%s", job);
	envelope.body.print.cancel = true;
	world_say(w, "cancels %s", job);
	if (w->kiosk_up && wire_send(&w->kiosk, &envelope) != 0)
		world_say(w, "cannot cancel");
}

void job_on_printed(struct world *w, const lobby_Printed *printed)
{
	struct world_job *job = find(w, printed->job);

	world_say(w, "printed %s: %d", printed->job, printed->err);
	if (job == NULL)
		return; /* of before the socket was gone */
	if (job->ended) {
		world_fail(w, "job %s ended twice: %d, %d", job->name, job->err, printed->err);
		return;
	}
	job->ended = true;
	job->err = printed->err;
	w->printed += printed->err == 0;
	if (printed->err == 0 && !job->lane->class->has_printed(job->lane, job))
		world_fail(w, "job %s was said to be printed and is not on paper", job->name);
}

static void give(struct world *w, const lobby_PrintWant *want, uint32_t first_row, uint32_t rows, size_t row_len,
		 size_t len)
{
	static lobby_Envelope envelope;
	lobby_PrintBand *band = &envelope.body.print_band;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_band_tag };
	snprintf(band->job, sizeof(band->job), "%s", want->job);
	band->first_row = first_row;
	band->rows = rows;
	if (len > sizeof(band->bits.bytes))
		len = sizeof(band->bits.bytes);
	for (size_t i = 0; i < len && rows > 0; i++)
		band->bits.bytes[i] = world_bits(first_row + (uint32_t)(i / row_len), (uint32_t)(i % row_len));
	band->bits.size = rows > 0 ? (pb_size_t)len : 0;
	if (w->kiosk_up && wire_send(&w->kiosk, &envelope) != 0)
		world_say(w, "cannot give rows");
}

static void give_truly(struct world *w, const lobby_PrintWant *want, size_t row_len)
{
	give(w, want, want->first_row, want->rows, row_len, want->rows * row_len);
}

static void give_wrongly(struct world *w, const lobby_PrintWant *want, size_t row_len)
{
	size_t len = want->rows * row_len;

	give(w, want, want->first_row + 1, want->rows, row_len, len);
	give(w, want, want->first_row, want->rows, row_len, len - 1);
	give(w, want, want->first_row, want->rows + 1, row_len, len);
	give(w, want, want->first_row, 0x40000000, row_len, len);
}

void job_on_want(struct world *w, const lobby_PrintWant *want)
{
	const struct world_job *job = find(w, want->job);

	if (job == NULL)
		return;
	if (want->rows == 0 || want->rows * job->row_len > 8192)
		world_fail(w, "job %s: %u rows were wanted at once", job->name, (unsigned)want->rows);
	switch (job->name[strlen(job->name) - 1]) {
	case 's':
		return;
	case 'n':
		give(w, want, want->first_row, 0, 0, 0);
		return;
	case 'l':
		for (int i = 0; i < WORLD_WANTS; i++) {
			if (w->wants[i].want.job[0] != '\0')
				continue;
			w->wants[i] = (struct world_want){ *want, job->row_len, clock_mono_ms() + LATE_MS };
			return;
		}
		return;
	case 'w':
		give_wrongly(w, want, job->row_len);
		give_truly(w, want, job->row_len);
		return;
	default:
		give_truly(w, want, job->row_len);
	}
}

bool job_give_late(struct world *w)
{
	bool any = false;

	for (int i = 0; i < WORLD_WANTS; i++) {
		struct world_want *late = &w->wants[i];

		if (late->want.job[0] == '\0' || late->due_ms > clock_mono_ms())
			continue;
		give_truly(w, &late->want, late->row_len);
		late->want.job[0] = '\0';
		any = true;
	}
	return any;
}

void job_forget(struct world *w)
{
	memset(w->jobs, 0, sizeof(w->jobs));
	memset(w->wants, 0, sizeof(w->wants));
}

bool job_all_ended(const struct world *w)
{
	for (int i = 0; i < WORLD_JOBS; i++)
		if (w->jobs[i].given && !w->jobs[i].ended)
			return false;
	return true;
}
