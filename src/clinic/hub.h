/* Who waits for news, and how they get it: long polls of kiosks and event streams of desk pages.
 *
 * One thread looks at the heads of the two change logs after each commit (hub_wake) and a few times a second (another
 * process may have written: an import), renders each desk change once for all pages into a bounded ring, and resumes
 * who waits. A page that fell behind the ring reads from the store by itself (events.c). Timers (kiosks that went
 * silent) run here too, by the clock module's time. */
#ifndef LOBBY_CLINIC_HUB_H
#define LOBBY_CLINIC_HUB_H

#include "ledger.h"

#include <microhttpd.h>
#include <stdbool.h>

#define HUB_RING 2048 /* events kept rendered */

struct hub;

enum hub_log { HUB_DESK, HUB_FEED };

/** A suspended connection, in its owner's storage. */
struct hub_waiter {
	struct hub_waiter *prev, *next;
	struct MHD_Connection *connection;
	enum hub_log log;
	int64_t due_mono_ms; /* resumed then even without news */
	bool waiting;
};

/** Renders desk change `id` as the text of one event, malloc'ed; NULL to leave it out. */
typedef char *hub_render_fn(struct ledger *store, int64_t id, const char *kind, const char *ref);
/** Called a few times a second on the hub's thread. */
typedef void hub_tick_fn(void *arg, struct ledger *store);

int hub_new(struct hub **hub, struct ledger_pool *pool, hub_render_fn *render, hub_tick_fn *tick, void *arg) MUST_CHECK;
/** Starts the thread; separate, since tick() may need what is made between. */
int hub_start(struct hub *hub) MUST_CHECK;
/** Stops the thread and resumes everybody; from then on hub_wait() refuses. */
void hub_stop(struct hub *hub);
void hub_free(struct hub *hub);
bool hub_stopping(const struct hub *hub);

/** Something was committed: look. Any thread. */
void hub_wake(struct hub *hub);

/** Suspends the connection until the log's head passes `seen` or the time comes. False (and not suspended) when it has
 * already, or the time has come, or the hub is stopping. */
bool hub_wait(struct hub *hub, struct hub_waiter *waiter, int64_t seen);
/** Forgets a waiter whose connection is going. */
void hub_forget(struct hub *hub, struct hub_waiter *waiter);

/** A page came or went: without pages nothing is rendered. */
void hub_page_add(struct hub *hub);
void hub_page_remove(struct hub *hub);
/** The rendered events after *cursor, concatenated (at most about max bytes, at least one event), malloc'ed, and moves
 * *cursor. NULL with *behind false: nothing newer. NULL with *behind true: the ring no longer reaches back that far. */
char *hub_events_after(struct hub *hub, int64_t *cursor, size_t max, size_t *len, bool *behind);

#endif
