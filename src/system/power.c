/* See power.h. The wish to restart is kept until it has been granted; whatever else happens, nobody's visit is cut off
 * by it. */
#include "power.h"

#include "child.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mark.h"

#include <stdlib.h>

#define CHILD_MS 30000
#define AGAIN_MS 60000 /* systemd did not take it */
#define WORD_MS 3000   /* the screen says that it restarts */
#define SURE_MS 180000 /* systemd took it, and this program should be gone long since */

struct power {
	struct child child;
	struct loop_timer wait;
	bool wanted;
	const char *verb; /* "reboot", "poweroff": it has begun */
	bool force;	  /* something hangs: without asking it */
};

static void run_now(void *arg);

static void on_end(void *arg, int status)
{
	struct system *sys = arg;

	if (status == 0) {
		/* The end comes with SIGTERM, before this. */
		sys->power->force = true;
		loop_timer_set(sys->loop, &sys->power->wait, SURE_MS, run_now, sys);
		return;
	}
	log_event(LOG_ERROR, "power-refused", "verb=%s status=%d", sys->power->verb, status);
	loop_timer_set(sys->loop, &sys->power->wait, AGAIN_MS, run_now, sys);
}

static void run_now(void *arg)
{
	struct system *sys = arg;
	struct power *p = sys->power;
	const char *const argv[] = { sys->options.power, p->force ? "--force" : "--no-block", p->verb, NULL };
	int err;

	if (p->force)
		log_event(LOG_ERROR, "power-late", "verb=%s", p->verb);
	err = child_start(&p->child, sys->loop, argv, CHILD_MS, NULL, on_end, sys);
	if (err == 0 || err == LOBBY_ERR_BUSY)
		return;
	log_event(LOG_ERROR, "power-refused", "verb=%s error=%s", p->verb, err_event(err));
	loop_timer_set(sys->loop, &p->wait, AGAIN_MS, run_now, sys);
}

/* Once it has been said, nothing takes it back. */
static void run(struct system *sys, const char *verb)
{
	struct power *p = sys->power;

	if (p->verb != NULL)
		return;
	p->verb = verb;
	system_changed(sys);
	loop_timer_set(sys->loop, &p->wait, WORD_MS, run_now, sys);
}

void power_fill(struct system *sys, lobby_SystemState *state)
{
	state->restarting = sys->power->verb != NULL;
}

static void grant(void *arg)
{
	struct system *sys = arg;
	struct power *p = sys->power;
	int64_t left;

	if (!p->wanted || p->verb != NULL || sys->nobody_since_ms < 0)
		return;
	left = sys->nobody_since_ms + POWER_QUIET_MS - clock_mono_ms();
	if (left > 0) {
		loop_timer_set(sys->loop, &p->wait, left, grant, sys);
		return;
	}
	p->wanted = false;
	run(sys, "reboot");
}

int power_init(struct system *sys)
{
	sys->power = calloc(1, sizeof(*sys->power));
	return sys->power != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

void power_fini(struct system *sys)
{
	if (sys->power == NULL)
		return;
	child_stop(&sys->power->child);
	loop_timer_cancel(sys->loop, &sys->power->wait);
	free(sys->power);
	sys->power = NULL;
}

void power_heard(struct system *sys)
{
	if (sys->power->wanted)
		grant(sys);
}

void power_restart_when_quiet(struct system *sys, const char *why)
{
	if (!sys->power->wanted)
		log_event(LOG_NOTICE, "restart-wanted", "why=%s", why);
	sys->power->wanted = true;
	grant(sys);
}

void power_restart_now(struct system *sys, const char *why)
{
	log_event(LOG_NOTICE, "restart", "why=%s", why);
	run(sys, "reboot");
}

void power_restart_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	power_restart_when_quiet(sys, "command");
	system_answer(conn, command, 0,
		      sys->power->wanted ? N_("It restarts when nobody has been at the screen for two minutes.")
					 : N_("It restarts now."));
}

void power_now_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	bool off = command->what == lobby_SystemDo_SYSTEM_POWER_OFF;

	system_answer(conn, command, 0, off ? N_("It turns itself off.") : N_("It restarts now."));
	log_event(LOG_NOTICE, off ? "power-off" : "restart", "%s", "why=command");
	run(sys, off ? "poweroff" : "reboot");
}
