/* See hub.h. The ring covers the desk changes in (low, head]; an event that rendered to nothing still moves the head.
 */
#include "hub.h"

#include "base/clock.h"
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TICK_MS 250
#define RENDER_AT_ONCE 256

struct ring_event {
	int64_t id;
	char *text;
	size_t len;
};

struct hub {
	pthread_mutex_t lock;
	pthread_t thread;
	bool started, stopping;
	int wake_fd;
	struct ledger_pool *pool;
	hub_render_fn *render;
	hub_tick_fn *tick;
	void *arg;
	struct hub_waiter *waiters;
	int pages;
	int64_t low, head; /* desk changes rendered: (low, head] */
	int64_t feed_head;
	struct ring_event ring[HUB_RING];
	unsigned first, count;
};

int hub_new(struct hub **out, struct ledger_pool *pool, hub_render_fn *render, hub_tick_fn *tick, void *arg)
{
	struct hub *hub = calloc(1, sizeof(*hub));

	if (hub == NULL)
		return LOBBY_ERR_NO_MEMORY;
	hub->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hub->wake_fd < 0) {
		free(hub);
		return LOBBY_ERR_IO;
	}
	pthread_mutex_init(&hub->lock, NULL);
	hub->pool = pool;
	hub->render = render;
	hub->tick = tick;
	hub->arg = arg;
	*out = hub;
	return 0;
}

void hub_wake(struct hub *hub)
{
	uint64_t one = 1;

	if (write(hub->wake_fd, &one, sizeof(one)) < 0)
		return; /* full: it is awake */
}

static void unlink_waiter(struct hub *hub, struct hub_waiter *waiter)
{
	if (waiter->prev != NULL)
		waiter->prev->next = waiter->next;
	else
		hub->waiters = waiter->next;
	if (waiter->next != NULL)
		waiter->next->prev = waiter->prev;
	waiter->prev = waiter->next = NULL;
	waiter->waiting = false;
}

bool hub_wait(struct hub *hub, struct hub_waiter *waiter, int64_t seen)
{
	bool wait;

	pthread_mutex_lock(&hub->lock);
	wait = !hub->stopping && (waiter->log == HUB_DESK ? hub->head : hub->feed_head) <= seen &&
	       clock_mono_ms() < waiter->due_mono_ms;
	if (wait) {
		waiter->prev = NULL;
		waiter->next = hub->waiters;
		if (hub->waiters != NULL)
			hub->waiters->prev = waiter;
		hub->waiters = waiter;
		waiter->waiting = true;
		MHD_suspend_connection(waiter->connection);
	}
	pthread_mutex_unlock(&hub->lock);
	return wait;
}

void hub_forget(struct hub *hub, struct hub_waiter *waiter)
{
	pthread_mutex_lock(&hub->lock);
	if (waiter->waiting)
		unlink_waiter(hub, waiter);
	pthread_mutex_unlock(&hub->lock);
}

/* Under the lock. */
static void resume_due(struct hub *hub, bool desk_news, bool feed_news)
{
	int64_t now = clock_mono_ms();
	struct hub_waiter *next;

	for (struct hub_waiter *w = hub->waiters; w != NULL; w = next) {
		next = w->next;
		if (hub->stopping || w->due_mono_ms <= now || (w->log == HUB_DESK ? desk_news : feed_news)) {
			unlink_waiter(hub, w);
			MHD_resume_connection(w->connection);
		}
	}
}

static void ring_clear(struct hub *hub)
{
	for (; hub->count > 0; hub->count--, hub->first = (hub->first + 1) % HUB_RING)
		free(hub->ring[hub->first].text);
	hub->low = hub->head;
}

/* Under the lock. Takes the text. */
static void ring_push(struct hub *hub, int64_t id, char *take_text)
{
	hub->head = id;
	if (take_text == NULL)
		return;
	if (hub->count == HUB_RING) {
		hub->low = hub->ring[hub->first].id;
		free(hub->ring[hub->first].text);
		hub->first = (hub->first + 1) % HUB_RING;
		hub->count--;
	}
	hub->ring[(hub->first + hub->count++) % HUB_RING] =
		(struct ring_event){ .id = id, .text = take_text, .len = strlen(take_text) };
}

/* Renders what is new for the pages. Returns whether anything was. */
static bool render_news(struct hub *hub, struct ledger *store)
{
	struct change {
		int64_t id;
		char kind[16], ref[72];
	} *changes = calloc(RENDER_AT_ONCE, sizeof(*changes));
	bool news = false;
	int count;

	do {
		sqlite3_stmt *rows;
		count = 0;
		if (changes == NULL ||
		    ledger_query(store, &rows,
				 "SELECT id, kind, ref FROM desk_change WHERE id > ?1 ORDER BY id LIMIT ?2", "ii",
				 hub->head, (int64_t)RENDER_AT_ONCE) != 0)
			break;
		while (count < RENDER_AT_ONCE && ledger_step(store, rows) == 1) {
			struct change *c = &changes[count++];

			c->id = sqlite3_column_int64(rows, 0);
			snprintf(c->kind, sizeof(c->kind), "%s", db_text(rows, 1));
			snprintf(c->ref, sizeof(c->ref), "%s", db_text(rows, 2));
		}
		sqlite3_reset(rows);
		for (int i = 0; i < count; i++) {
			char *text = hub->render(store, changes[i].id, changes[i].kind, changes[i].ref);

			pthread_mutex_lock(&hub->lock);
			ring_push(hub, changes[i].id, text);
			pthread_mutex_unlock(&hub->lock);
			news = true;
		}
	} while (count == RENDER_AT_ONCE);
	free(changes);
	return news;
}

static void look(struct hub *hub, struct ledger *store)
{
	int64_t desk = 0, feed = 0;
	bool desk_news = false, feed_news, render;

	/* sqlite_sequence keeps the highest number ever used, rows pruned or not. */
	if (ledger_int(store, &desk, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'desk_change'",
		       "") != 0 ||
	    ledger_int(store, &feed, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'feed_change'",
		       "") != 0)
		return;
	pthread_mutex_lock(&hub->lock);
	feed_news = feed > hub->feed_head;
	hub->feed_head = feed;
	render = desk > hub->head && hub->pages > 0;
	if (desk > hub->head && hub->pages == 0) {
		hub->head = desk;
		ring_clear(hub);
	}
	pthread_mutex_unlock(&hub->lock);
	if (render)
		desk_news = render_news(hub, store);
	pthread_mutex_lock(&hub->lock);
	resume_due(hub, desk_news, feed_news);
	pthread_mutex_unlock(&hub->lock);
}

static void *hub_main(void *arg)
{
	struct hub *hub = arg;
	struct ledger *store = ledger_pool_take(hub->pool);
	int64_t last_tick = clock_mono_ms() - TICK_MS;
	uint64_t count;

	while (store != NULL && !hub_stopping(hub)) {
		struct pollfd fd = { .fd = hub->wake_fd, .events = POLLIN };

		if (poll(&fd, 1, TICK_MS) > 0 && read(hub->wake_fd, &count, sizeof(count)) < 0)
			continue;
		look(hub, store);
		if (clock_mono_ms() - last_tick >= TICK_MS) {
			last_tick = clock_mono_ms();
			hub->tick(hub->arg, store);
		}
	}
	if (store == NULL)
		log_event(LOG_ERROR, "hub-failed", "%s", "");
	ledger_pool_give(hub->pool, store);
	return NULL;
}

int hub_start(struct hub *hub)
{
	struct ledger *store = ledger_pool_take(hub->pool);

	if (store == NULL)
		return LOBBY_ERR_IO;
	look(hub, store);
	ledger_pool_give(hub->pool, store);
	if (pthread_create(&hub->thread, NULL, hub_main, hub) != 0)
		return LOBBY_ERR_NO_MEMORY;
	hub->started = true;
	return 0;
}

bool hub_stopping(const struct hub *hub)
{
	return __atomic_load_n(&hub->stopping, __ATOMIC_ACQUIRE);
}

void hub_stop(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	__atomic_store_n(&hub->stopping, true, __ATOMIC_RELEASE);
	resume_due(hub, true, true);
	pthread_mutex_unlock(&hub->lock);
	hub_wake(hub);
	if (hub->started)
		pthread_join(hub->thread, NULL);
	hub->started = false;
}

void hub_free(struct hub *hub)
{
	if (hub == NULL)
		return;
	ring_clear(hub);
	close(hub->wake_fd);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}

void hub_page_add(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->pages++;
	pthread_mutex_unlock(&hub->lock);
}

void hub_page_remove(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->pages--;
	pthread_mutex_unlock(&hub->lock);
}

char *hub_events_after(struct hub *hub, int64_t *cursor, size_t max, size_t *len, bool *behind)
{
	char *text = NULL;
	unsigned from = 0, to;
	size_t total = 0;

	pthread_mutex_lock(&hub->lock);
	*behind = *cursor < hub->low;
	if (*behind || *cursor >= hub->head)
		goto out;
	while (from < hub->count && hub->ring[(hub->first + from) % HUB_RING].id <= *cursor)
		from++;
	for (to = from; to < hub->count && (to == from || total < max); to++)
		total += hub->ring[(hub->first + to) % HUB_RING].len;
	if (total == 0)
		*cursor = hub->head; /* what came since shows nothing */
	text = total > 0 ? malloc(total + 1) : NULL;
	if (text == NULL)
		goto out;
	*len = 0;
	for (; from < to; from++) {
		const struct ring_event *event = &hub->ring[(hub->first + from) % HUB_RING];

		memcpy(text + *len, event->text, event->len + 1);
		*len += event->len;
		*cursor = event->id;
	}
out:
	pthread_mutex_unlock(&hub->lock);
	return text;
}
