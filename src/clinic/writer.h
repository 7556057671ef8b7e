/* The one thread that writes to the clinic's store, and commits many requests at once.
 *
 * Anybody queues jobs. The writer takes all that are queued (at most WRITER_GROUP), opens one transaction, runs each
 * job's write() inside a savepoint, commits with synchronous=FULL, and only then calls each job's done(). A job whose
 * write() fails is undone alone; a commit that fails fails all of the group. While one group waits for the disk the
 * next gathers, so the disk's latency is shared by all who wait. A second thread does what is slow and needs no store
 * (password hashing), before the job's write(); its queue is bounded. */
#ifndef LOBBY_CLINIC_WRITER_H
#define LOBBY_CLINIC_WRITER_H

#include "ledger.h"

#define WRITER_GROUP 512
#define WRITER_SLOW_MAX 16

/** One thing to write, in its owner's storage until done() returns. */
struct job {
	struct job *next;
	int (*slow)(struct job *job); /* optional: on the slow thread, first */
	/* On the writer, in its savepoint; optional. Results that another job of the group must not see before the
	 * commit stay in the job. */
	int (*write)(struct job *job, struct ledger *store);
	void (*done)(struct job *job,
		     int err); /* on the writer (or the slow thread when slow() failed); may free the job */
	int err;
};

struct writer;

/** Opens the store for writing and starts both threads. after_commit(arg) is called on the writer after each commit.
 * Errors as ledger_open(). */
int writer_new(struct writer **writer, const char *folder, void (*after_commit)(void *arg), void *arg) MUST_CHECK;
/** Finishes what is queued, then stops. */
void writer_free(struct writer *writer);
/** Queues the job. LOBBY_ERR_BUSY (done() is not called) when the slow queue is full. */
int writer_submit(struct writer *writer, struct job *job) MUST_CHECK;

#endif
