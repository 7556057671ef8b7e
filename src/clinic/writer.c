/* See writer.h. Two queues, each a list under one mutex with one condition; the writer takes its whole list at a time.
 */
#include "writer.h"

#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define BEGIN_TRIES \
	12 /* each waits db.c's busy timeout: another process (an import) may hold the store for a while \
	    */

struct queue {
	struct job *head, **tail;
	int count;
	pthread_cond_t filled;
};

struct writer {
	struct ledger store;
	pthread_mutex_t lock;
	struct queue jobs, slow;
	bool stopping;
	pthread_t writer_thread, slow_thread;
	void (*after_commit)(void *arg);
	void *arg;
};

static void queue_init(struct queue *queue)
{
	*queue = (struct queue){ 0 };
	queue->tail = &queue->head;
	pthread_cond_init(&queue->filled, NULL);
}

static void queue_push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->tail = job;
	queue->tail = &job->next;
	if (queue->count++ == 0)
		pthread_cond_signal(&queue->filled);
}

/* Takes up to max jobs; waits for the first. NULL once stopping and empty. */
static struct job *queue_take(struct writer *writer, struct queue *queue, int max)
{
	struct job *first, *last;

	pthread_mutex_lock(&writer->lock);
	while (queue->head == NULL && !writer->stopping)
		pthread_cond_wait(&queue->filled, &writer->lock);
	first = last = queue->head;
	if (first != NULL) {
		int n = 1;

		for (; n < max && last->next != NULL; n++)
			last = last->next;
		queue->head = last->next;
		queue->count -= n;
		if (queue->head == NULL)
			queue->tail = &queue->head;
		last->next = NULL;
	}
	pthread_mutex_unlock(&writer->lock);
	return first;
}

static int begin(struct ledger *store)
{
	int err = LOBBY_ERR_BUSY;

	for (int i = 0; err == LOBBY_ERR_BUSY && i < BEGIN_TRIES; i++)
		err = ledger_run(store, "BEGIN IMMEDIATE", "");
	return err;
}

static int run_one(struct ledger *store, struct job *job)
{
	int err = ledger_run(store, "SAVEPOINT job", "");

	if (err != 0)
		return err;
	err = job->write(job, store);
	if (err != 0 && ledger_run(store, "ROLLBACK TO job", "") != 0)
		log_event(LOG_ERROR, "store-rollback-failed", "%s", "");
	if (ledger_run(store, "RELEASE job", "") != 0 && err == 0)
		err = LOBBY_ERR_IO;
	return err;
}

static int commit(struct ledger *store)
{
	int err = ledger_run(store, "COMMIT", "");

	if (err != 0 && !sqlite3_get_autocommit(store->db.handle) && ledger_run(store, "ROLLBACK", "") != 0)
		log_event(LOG_ERROR, "store-rollback-failed", "%s", "");
	return err;
}

static void run_group(struct writer *writer, struct job *group)
{
	struct job *next;
	int err = begin(&writer->store);

	for (struct job *job = group; job != NULL && err == 0; job = job->next)
		job->err = job->write != NULL ? run_one(&writer->store, job) : 0;
	if (err == 0)
		err = commit(&writer->store);
	if (err != 0)
		log_event(LOG_ERROR, "commit-failed", "reason=%s", err_event(err));
	else if (writer->after_commit != NULL)
		writer->after_commit(writer->arg);
	for (struct job *job = group; job != NULL; job = next) {
		next = job->next;
		job->done(job, err != 0 ? err : job->err);
	}
}

static void *writer_main(void *arg)
{
	struct writer *writer = arg;
	struct job *group;

	while ((group = queue_take(writer, &writer->jobs, WRITER_GROUP)) != NULL)
		run_group(writer, group);
	return NULL;
}

static void *slow_main(void *arg)
{
	struct writer *writer = arg;
	struct job *job;

	while ((job = queue_take(writer, &writer->slow, 1)) != NULL) {
		int err = job->slow(job);

		if (err != 0) {
			job->done(job, err);
			continue;
		}
		pthread_mutex_lock(&writer->lock);
		queue_push(&writer->jobs, job);
		pthread_mutex_unlock(&writer->lock);
	}
	return NULL;
}

int writer_new(struct writer **out, const char *folder, void (*after_commit)(void *arg), void *arg)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int err;

	if (writer == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = ledger_open(&writer->store, folder, true);
	/* Fewer, larger checkpoints: under load the same pages are written again and again. */
	if (err == 0 && (err = db_exec(&writer->store.db, "PRAGMA wal_autocheckpoint = 4000")) != 0)
		ledger_close(&writer->store);
	if (err != 0) {
		free(writer);
		return err;
	}
	pthread_mutex_init(&writer->lock, NULL);
	queue_init(&writer->jobs);
	queue_init(&writer->slow);
	writer->after_commit = after_commit;
	writer->arg = arg;
	if (pthread_create(&writer->writer_thread, NULL, writer_main, writer) != 0) {
		ledger_close(&writer->store);
		free(writer);
		return LOBBY_ERR_NO_MEMORY;
	}
	if (pthread_create(&writer->slow_thread, NULL, slow_main, writer) != 0) {
		writer->slow_thread = 0;
		writer_free(writer);
		return LOBBY_ERR_NO_MEMORY;
	}
	*out = writer;
	return 0;
}

void writer_free(struct writer *writer)
{
	if (writer == NULL)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stopping = true;
	pthread_cond_broadcast(&writer->slow.filled);
	pthread_mutex_unlock(&writer->lock);
	if (writer->slow_thread != 0)
		pthread_join(writer->slow_thread, NULL);
	pthread_cond_broadcast(&writer->jobs.filled);
	pthread_join(writer->writer_thread, NULL);
	/* What the slow thread pushed after the writer had looked for the last time. */
	if (writer->jobs.head != NULL)
		run_group(writer, queue_take(writer, &writer->jobs, WRITER_GROUP));
	ledger_close(&writer->store);
	pthread_mutex_destroy(&writer->lock);
	free(writer);
}

int writer_submit(struct writer *writer, struct job *job)
{
	int err = 0;

	pthread_mutex_lock(&writer->lock);
	if (job->slow != NULL && writer->slow.count >= WRITER_SLOW_MAX)
		err = LOBBY_ERR_BUSY;
	else
		queue_push(job->slow != NULL ? &writer->slow : &writer->jobs, job);
	pthread_mutex_unlock(&writer->lock);
	return err;
}
