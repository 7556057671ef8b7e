/* See links.h. A link is a secret like a key: it is in memory while it is worked on, overwritten after, and neither
 * logged nor written to the audit, which has what became of it. */
#include "links.h"

#include "health_link.h"
#include "http.h"
#include "link_store.h"
#include "outside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cards/shc.h"

#include <stdlib.h>
#include <string.h>

#define KIOSKS_KEPT 32
#define MINUTE_MS 60000

/* One link to resolve; in its owner's storage until job->done. */
struct work {
	struct work *next;
	char link[SHC_MAX_LINK + 1];
	struct health_found found;
	bool keep;		   /* until the visit comes */
	struct link_sealed sealed; /* of what is to be kept */
	struct job *job;
};

struct links {
	struct clinic *clinic;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct work *head, **tail;
	int waiting;
	bool stopping; /* atomic; also read while a server is waited for */
	bool later;    /* a queued link is under way */
	pthread_t threads[LINKS_THREADS];
	int started;
	struct {
		int64_t kiosk, since_mono_ms;
		int count;
	} asked[KIOSKS_KEPT];
};

static bool is_stopping(const struct links *links)
{
	return __atomic_load_n(&links->stopping, __ATOMIC_ACQUIRE);
}

/* ---- the threads ---- */

static struct work *take(struct links *links)
{
	struct work *work;

	pthread_mutex_lock(&links->lock);
	while (links->head == NULL && !is_stopping(links))
		pthread_cond_wait(&links->filled, &links->lock);
	work = links->head;
	if (work != NULL) {
		links->head = work->next;
		links->waiting--;
		if (links->head == NULL)
			links->tail = &links->head;
	}
	pthread_mutex_unlock(&links->lock);
	return work;
}

static void *run(void *arg)
{
	struct links *links = arg;
	struct work *work;

	while ((work = take(links)) != NULL) {
		health_link_resolve(links->clinic, work->link, &links->stopping, &work->found);
		log_event(LOG_INFO, "health-link", "outcome=%s files=%d", health_outcome_word(work->found.outcome),
			  work->found.count);
		if (work->keep && work->found.count > 0 &&
		    link_store_seal(work->link, &work->found, &work->sealed) != 0)
			work->found.outcome = HEALTH_LATER;
		if (writer_submit(links->clinic->writer, work->job) != 0)
			work->job->done(work->job, LOBBY_ERR_BUSY);
	}
	return NULL;
}

/* LOBBY_ERR_BUSY, LOBBY_ERR_CLOSED. */
static int give(struct links *links, struct work *work)
{
	int err = 0;

	pthread_mutex_lock(&links->lock);
	if (is_stopping(links)) {
		err = LOBBY_ERR_CLOSED;
	} else if (links->waiting >= LINKS_WAITING) {
		err = LOBBY_ERR_BUSY;
	} else {
		work->next = NULL;
		*links->tail = work;
		links->tail = &work->next;
		links->waiting++;
		pthread_cond_signal(&links->filled);
	}
	pthread_mutex_unlock(&links->lock);
	return err;
}

static void work_fini(struct work *work)
{
	health_found_fini(&work->found);
	link_sealed_fini(&work->sealed);
	sodium_memzero(work->link, sizeof(work->link));
}

/* ---- for a kiosk ---- */

struct asked {
	struct work work;
	struct links *links;
};

static void asked_free(void *data)
{
	struct asked *asked = data;

	work_fini(&asked->work);
	free(asked);
}

/* Counts this one; false: too many in this minute, and *wait_s until the next. */
static bool may_ask(struct links *links, int64_t kiosk, int *wait_s)
{
	int64_t now = clock_mono_ms();
	size_t at = 0;
	bool may;

	pthread_mutex_lock(&links->lock);
	/* Its own place, else the one that was used least lately. */
	for (size_t i = 0; i < KIOSKS_KEPT; i++) {
		if (links->asked[i].kiosk == kiosk) {
			at = i;
			break;
		}
		if (links->asked[i].since_mono_ms < links->asked[at].since_mono_ms)
			at = i;
	}
	if (links->asked[at].kiosk != kiosk || now - links->asked[at].since_mono_ms >= MINUTE_MS) {
		links->asked[at].kiosk = kiosk;
		links->asked[at].since_mono_ms = now;
		links->asked[at].count = 0;
	}
	may = links->asked[at].count < LINKS_A_MINUTE;
	links->asked[at].count += may;
	*wait_s = (int)((links->asked[at].since_mono_ms + MINUTE_MS - now + 999) / 1000);
	pthread_mutex_unlock(&links->lock);
	return may;
}

static json_t *insurance_of(const struct shc_facts *facts)
{
	const struct card_insurance *in = &facts->insurance;

	if (!facts->insured)
		return json_null();
	return json_pack("{ss ss ss ss ss ss ss ss ss ss ss ss ss ss ss}", "payor", in->payor, "payor_id", in->payor_id,
			 "member_id", in->member_id, "group", in->group, "plan", in->plan, "subscriber", in->subscriber,
			 "family", in->family, "given", in->given, "birth_date", in->birth_date, "period_start",
			 in->period_start, "period_end", in->period_end, "rx_bin", in->rx_bin, "rx_pcn", in->rx_pcn,
			 "rx_group", in->rx_group, "dependent", in->dependent);
}

static json_t *answer_of(const struct health_found *found)
{
	const struct shc_facts *facts = &found->facts;

	return json_pack("{ss ss ss ss ss ss sI sI sI so}", "outcome", health_outcome_word(found->outcome), "issuer",
			 found->issuer, "expired", found->expired, "family", facts->family, "given", facts->given,
			 "birth_date", facts->birth_date, "immunizations", (json_int_t)facts->immunizations, "other",
			 (json_int_t)facts->other, "files", (json_int_t)found->count, "insurance", insurance_of(facts));
}

static int audit_asked(struct ledger *store, int64_t kiosk, const char *outcome)
{
	return ledger_run(
		store,
		"INSERT INTO audit(at_ms, user, action, subject, detail) SELECT ?1, '', 'health-link', id, ?3 "
		"FROM kiosk WHERE number = ?2",
		"iit", clock_wall_ms(), kiosk, outcome);
}

static int write_asked(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	struct asked *asked = r->data;
	int err = audit_asked(store, r->kiosk, health_outcome_word(asked->work.found.outcome));

	if (err == 0 && asked->work.sealed.count > 0)
		err = link_store_keep(store, &asked->work.sealed, clock_wall_ms());
	if (err == 0 && (r->answer = answer_of(&asked->work.found)) == NULL)
		err = LOBBY_ERR_NO_MEMORY;
	return err;
}

static int hand_over(struct request *r)
{
	struct asked *asked = r->data;

	return give(asked->links, &asked->work);
}

int kiosk_health_link(struct request *r)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	json_t *json = NULL;
	const char *link;
	int err = asked == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = asked;
	r->data_free = asked != NULL ? asked_free : NULL;
	if (err != 0)
		return err;
	asked->links = r->clinic->links;
	asked->work.job = &r->job;
	asked->work.keep = true;
	link = request_text(json, "link", SHC_MAX_LINK);
	if (link == NULL || strncmp(link, "shlink:/", 8) != 0)
		err = LOBBY_ERR_INVALID;
	else
		text_copy(asked->work.link, sizeof(asked->work.link), link);
	json_decref(json);
	if (err != 0)
		return err;
	if (!may_ask(asked->links, r->kiosk, &r->retry_after_s))
		return LOBBY_ERR_BUSY;
	r->retry_after_s = 0;
	return request_hand(r, hand_over, write_asked);
}

/* ---- what came with a visit ---- */

struct later {
	struct job job; /* first: a job is its link */
	struct work work;
	struct links *links;
	char document[72];
};

static int write_later(struct job *job, struct ledger *store)
{
	struct later *later = (struct later *)job;

	/* Broken off: it counts as not tried. */
	if (is_stopping(later->links) && later->work.found.outcome == HEALTH_LATER)
		return 0;
	return link_store_found(store, later->document, &later->work.found, clock_wall_ms());
}

static void later_done(struct job *job, int err)
{
	struct later *later = (struct later *)job;
	struct links *links = later->links;

	if (err != 0)
		log_event(LOG_ERROR, "health-link-not-kept", "err=%s", err_event(err));
	work_fini(&later->work);
	free(later);
	pthread_mutex_lock(&links->lock);
	links->later = false;
	pthread_mutex_unlock(&links->lock);
}

/* The one that is due the longest; NULL if none is. */
static struct later *find_due(struct ledger *store)
{
	struct later *later = NULL;
	sqlite3_stmt *row;

	if (ledger_query(store, &row,
			 "SELECT q.document, d.url FROM link_queue q JOIN document d ON d.id = q.document"
			 " WHERE q.due_ms <= ?1 ORDER BY q.due_ms LIMIT 1",
			 "i", clock_wall_ms()) != 0)
		return NULL;
	if (ledger_step(store, row) == 1 && (later = calloc(1, sizeof(*later))) != NULL) {
		text_copy(later->document, sizeof(later->document), db_text(row, 0));
		text_copy(later->work.link, sizeof(later->work.link), db_text(row, 1));
	}
	sqlite3_reset(row);
	return later;
}

void links_tick(struct links *links, struct ledger *store)
{
	struct later *later;
	bool busy;

	pthread_mutex_lock(&links->lock);
	busy = links->later || is_stopping(links);
	pthread_mutex_unlock(&links->lock);
	later = busy ? NULL : find_due(store);
	if (later == NULL)
		return;
	later->links = links;
	later->job = (struct job){ .write = write_later, .done = later_done };
	later->work.job = &later->job;
	pthread_mutex_lock(&links->lock);
	links->later = true;
	pthread_mutex_unlock(&links->lock);
	if (give(links, &later->work) != 0)
		later_done(&later->job, 0);
}

/* ---- all of it ---- */

int links_new(struct links **out, struct clinic *clinic)
{
	struct links *links = calloc(1, sizeof(*links));

	if (links == NULL || outside_init() != 0) {
		free(links);
		return LOBBY_ERR_NO_MEMORY;
	}
	links->clinic = clinic;
	links->tail = &links->head;
	pthread_mutex_init(&links->lock, NULL);
	pthread_cond_init(&links->filled, NULL);
	for (; links->started < LINKS_THREADS; links->started++)
		if (pthread_create(&links->threads[links->started], NULL, run, links) != 0) {
			links_free(links);
			return LOBBY_ERR_NO_MEMORY;
		}
	*out = links;
	return 0;
}

void links_stop(struct links *links)
{
	if (links == NULL)
		return;
	pthread_mutex_lock(&links->lock);
	__atomic_store_n(&links->stopping, true, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&links->filled);
	pthread_mutex_unlock(&links->lock);
	for (; links->started > 0; links->started--)
		pthread_join(links->threads[links->started - 1], NULL);
}

void links_free(struct links *links)
{
	if (links == NULL)
		return;
	links_stop(links);
	outside_fini();
	pthread_cond_destroy(&links->filled);
	pthread_mutex_destroy(&links->lock);
	free(links);
}
