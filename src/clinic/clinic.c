/* See clinic.h: what is opened in which order, and closed in the reverse. */
#include "clinic.h"

#include "desk.h"
#include "http.h"
#include "kiosks.h"
#include "link_store.h"
#include "links.h"
#include "signin.h"
#include "updates.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <stdlib.h>

#define LOG_DAYS 2 /* how long the change logs reach back */
#define PRUNE_MS (3600LL * 1000)

static void after_commit(void *arg)
{
	struct clinic *clinic = arg;

	if (clinic->hub != NULL)
		hub_wake(clinic->hub);
}

struct prune {
	struct job job;
};

static int write_prune(struct job *job, struct ledger *store)
{
	int64_t before = clock_wall_ms() - LOG_DAYS * 86400000LL;
	int err = ledger_run(store, "DELETE FROM desk_change WHERE at_ms < ?1", "i", before);

	(void)job;
	if (err == 0)
		err = ledger_run(store, "DELETE FROM feed_change WHERE at_ms < ?1", "i", before);
	if (err == 0)
		err = link_store_prune(store, clock_wall_ms());
	return err;
}

static void prune_done(struct job *job, int err)
{
	(void)err;
	free(job);
}

static void tick(void *arg, struct ledger *store)
{
	static int64_t next_ms; /* only on the hub's thread */
	struct clinic *clinic = arg;
	struct prune *prune;

	kiosks_tick(clinic->kiosks);
	links_tick(clinic->links, store);
	updates_tick(clinic, store);
	if (clock_mono_ms() < next_ms || (prune = calloc(1, sizeof(*prune))) == NULL)
		return;
	next_ms = clock_mono_ms() + PRUNE_MS;
	prune->job = (struct job){ .write = write_prune, .done = prune_done };
	if (writer_submit(clinic->writer, &prune->job) != 0)
		free(prune);
}

int clinic_open(struct clinic *clinic, const char *folder, const char *assets_folder)
{
	int err;

	*clinic = (struct clinic){ .folder = folder };
	ledger_pool_init(&clinic->pool, folder);
	err = file_make_folder(folder, 0700);
	if (err == 0)
		err = keys_load(clinic);
	if (err == 0)
		err = assets_load(&clinic->assets, assets_folder);
	if (err == 0)
		err = signin_new(&clinic->signin);
	if (err == 0)
		err = writer_new(&clinic->writer, folder, after_commit, clinic);
	if (err == 0)
		err = kiosks_new(&clinic->kiosks, clinic);
	if (err == 0)
		err = links_new(&clinic->links, clinic);
	if (err == 0)
		err = hub_new(&clinic->hub, &clinic->pool, events_render, tick, clinic);
	if (err == 0)
		err = hub_start(clinic->hub);
	if (err != 0) {
		log_event(LOG_ERROR, "start-failed", "reason=%s", err_event(err));
		clinic_close(clinic);
	}
	return err;
}

void clinic_stop_waiting(struct clinic *clinic)
{
	hub_stop(clinic->hub);
	links_stop(clinic->links);
}

void clinic_close(struct clinic *clinic)
{
	if (clinic->hub != NULL)
		hub_stop(clinic->hub);
	links_stop(clinic->links);
	writer_free(clinic->writer);
	links_free(clinic->links);
	hub_free(clinic->hub);
	kiosks_free(clinic->kiosks);
	signin_free(clinic->signin);
	assets_free(clinic->assets);
	keys_unload(clinic);
	ledger_pool_fini(&clinic->pool);
}
