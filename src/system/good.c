/* See good.h. What was good before is one line a slot in STATE/system/good. */
#include "good.h"

#include "facts.h"
#include "power.h"
#include "rootread.h"
#include "slotwork.h"
#include "update.h"
#include "version.h"
#include "worker.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 15000
#define READ_MS (20 * 60 * 1000)
#define MAX_RECORD 256
#define RECORD "system/good"

struct good {
	struct loop_timer look;
	int64_t up_at_start_ms;
	int64_t picture_since_ms; /* monotonic; -1: none */
	bool was_steady;
	bool reached;
	bool devices_seen;
	bool sync_seen;
	bool before; /* was good in this slot before */
	bool other;  /* the other slot holds what was good */
	bool over;   /* nothing more to find out */
	bool held;
	bool yes;
	struct worker worker;
	struct rootread root;
};

enum good_verdict good_judge(const struct good_facts *f)
{
	bool steady = f->picture_ms >= GOOD_STEADY_MS;
	/* Until the picture that it has now came: one that comes and goes every few seconds is none. */
	int64_t dark_ms = f->up_ms - (f->picture_ms > 0 ? f->picture_ms : 0);
	bool clinic = f->sync_spoke && (!f->enrolled || f->reached || f->up_ms >= GOOD_OFFLINE_MS);

	if (steady && (!f->trial || (f->devices_up && clinic)))
		return GOOD_YES;
	if (!f->was_steady && !steady && dark_ms >= (f->trial ? GOOD_TRIAL_PICTURE_MS : GOOD_PICTURE_MS))
		return f->kiosk_there && !f->has_display && !(f->trial && f->other) ? GOOD_HOLD : GOOD_NO;
	/* Only a new version may be to blame for that. */
	if (f->trial && f->up_ms >= GOOD_PARTS_MS && (!f->devices_seen || !f->sync_seen))
		return GOOD_QUIETLY;
	return GOOD_WAIT;
}

/* ---- what was good before ---- */

static void read_record(struct system *sys, char versions[2][VERSION_SIZE])
{
	char path[PATH_MAX], *text = NULL;
	size_t len;

	versions[0][0] = versions[1][0] = '\0';
	if (system_state_path(sys, path, sizeof(path), RECORD) != 0 || file_read(path, MAX_RECORD, &text, &len) != 0)
		return;
	facts_value(text, "a", versions[0], VERSION_SIZE);
	facts_value(text, "b", versions[1], VERSION_SIZE);
	free(text);
}

/* version: what is good in that slot, empty: nothing. */
static void write_record(struct system *sys, int slot, const char *version)
{
	char path[PATH_MAX], versions[2][VERSION_SIZE], text[MAX_RECORD];
	int len, err;

	read_record(sys, versions);
	if (strcmp(versions[slot], version) == 0)
		return;
	snprintf(versions[slot], VERSION_SIZE, "%s", version);
	len = snprintf(text, sizeof(text), "a=%s\nb=%s\n", versions[0], versions[1]);
	err = system_state_path(sys, path, sizeof(path), "system");
	if (err == 0)
		err = file_make_folder(path, 0700);
	if (err == 0)
		err = system_state_path(sys, path, sizeof(path), RECORD);
	if (err == 0)
		err = file_replace(path, text, (size_t)len, 0600);
	if (err != 0)
		log_event(LOG_ERROR, "good-record", "error=%s", err_event(err));
}

void good_forget_other(struct system *sys)
{
	if (system_is_appliance(sys))
		write_record(sys, sys->boot.slot[0] == 'a' ? 1 : 0, "");
}

/* ---- the verdict ---- */

static struct good_facts gather(const struct system *sys)
{
	const struct good *g = sys->good;
	int64_t now_ms = clock_mono_ms();

	return (struct good_facts){
		.up_ms = g->up_at_start_ms + now_ms - sys->started_ms,
		.trial = !g->before,
		.other = g->other,
		.kiosk_there = sys->kiosk_there,
		.picture_ms = g->picture_since_ms < 0 ? -1 : now_ms - g->picture_since_ms,
		.was_steady = g->was_steady,
		.has_display = facts_has_display(sys),
		.devices_up = sys->kiosk_spoke && sys->kiosk.devices_up,
		.sync_spoke = sys->sync_spoke,
		.devices_seen = g->devices_seen,
		.sync_seen = g->sync_seen,
		.enrolled = sys->sync.enrolled,
		.reached = g->reached,
	};
}

static void on_yes(struct system *sys)
{
	struct good *g = sys->good;

	log_event(LOG_NOTICE, "good", "version=%s slot=%s before=%d", sys->boot.version, sys->boot.slot, g->before);
	g->yes = true;
	slotwork_good(sys);
	if (!g->before)
		write_record(sys, sys->boot.slot[0] - 'a', sys->boot.version);
	facts_keep_min_version(&sys->options, sys->boot.min_version);
	update_good(sys);
}

static void on_read(void *arg, int status)
{
	struct system *sys = arg;

	if (status == 0) {
		on_yes(sys);
		return;
	}
	/* Blocks that cannot be read are no less lost than wrong ones. The try is not given back. */
	log_event(LOG_ERROR, "root-unreadable", "status=%d", status);
	power_restart_when_quiet(sys, "root-unreadable");
}

/* It does what it should; now its last test. */
static void read_root(struct system *sys)
{
	struct good *g = sys->good;
	int err = rootread_find(&sys->options, &g->root);

	g->over = true;
	if (err == 0)
		err = worker_start(&g->worker, sys->loop, READ_MS, rootread_work, &g->root, NULL, on_read, sys);
	if (err == 0)
		return;
	log_event(LOG_WARNING, "root-unread", "error=%s", err_event(err));
	on_yes(sys);
}

static void judge(struct system *sys)
{
	struct good *g = sys->good;
	struct good_facts facts = gather(sys);

	g->was_steady |= facts.picture_ms >= GOOD_STEADY_MS;
	switch (good_judge(&facts)) {
	case GOOD_YES:
		read_root(sys);
		break;
	case GOOD_HOLD:
		/* A display may be plugged in yet: the kiosk then says so. */
		if (!g->held) {
			log_event(LOG_WARNING, "good-unknown", "%s", "reason=no-display");
			slotwork_good(sys);
		}
		g->held = true;
		break;
	case GOOD_QUIETLY:
		g->over = true;
		power_restart_when_quiet(sys, "parts-missing");
		break;
	case GOOD_NO:
		g->over = true;
		power_restart_now(sys, "no-picture");
		break;
	default:
		break;
	}
}

static void look(void *arg)
{
	struct system *sys = arg;

	if (!sys->good->over)
		judge(sys);
	if (!sys->good->over)
		loop_timer_set(sys->loop, &sys->good->look, LOOK_MS, look, sys);
}

int good_init(struct system *sys)
{
	sys->good = calloc(1, sizeof(*sys->good));
	if (sys->good == NULL)
		return LOBBY_ERR_NO_MEMORY;
	sys->good->picture_since_ms = -1;
	sys->good->up_at_start_ms = facts_uptime_ms(sys);
	sys->good->over = !system_is_appliance(sys);
	look(sys);
	return 0;
}

void good_fini(struct system *sys)
{
	if (sys->good == NULL)
		return;
	loop_timer_cancel(sys->loop, &sys->good->look);
	worker_stop(&sys->good->worker);
	free(sys->good);
	sys->good = NULL;
}

void good_ready(struct system *sys)
{
	char versions[2][VERSION_SIZE];

	if (!system_is_appliance(sys))
		return;
	facts_raise_min_version(&sys->options, sys->boot.min_version);
	read_record(sys, versions);
	sys->good->before = strcmp(versions[sys->boot.slot[0] - 'a'], sys->boot.version) == 0;
	sys->good->other = versions['b' - sys->boot.slot[0]][0] != '\0';
}

void good_heard(struct system *sys)
{
	struct good *g = sys->good;

	if (!sys->kiosk_spoke || !sys->kiosk.presented)
		g->picture_since_ms = -1;
	else if (g->picture_since_ms < 0)
		g->picture_since_ms = clock_mono_ms();
	g->devices_seen |= sys->kiosk_spoke && sys->kiosk.devices_up;
	g->sync_seen |= sys->sync_spoke;
	g->reached |= sys->sync_spoke && sys->sync.reachable;
	if (!g->over)
		judge(sys);
}

bool good_is_known(const struct system *sys)
{
	return sys->good->yes;
}
