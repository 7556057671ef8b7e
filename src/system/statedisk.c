/* See statedisk.h. */
#include "statedisk.h"

#include "keep.h"
#include "ladder.h"
#include "power.h"
#include "worker.h"

#include "base/log.h"
#include "base/mark.h"
#include "base/notify.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A large, slow, damaged disk: checked (keep.c: ten minutes, twice), then made anew. */
#define CLIMB_MS (30 * 60 * 1000)
#define EXTEND "EXTEND_TIMEOUT_USEC=1860000000" /* sd_notify(3): a minute more, in place of TimeoutStartSec= */
#define WIPE_MS 60000

struct statedisk {
	struct worker worker;
	struct ladder ladder;
	struct ladder_result result;
	bool done;	     /* its last line was heard */
	uint32_t wipe_token; /* of the command that is under way */
};

static void ready(struct system *sys)
{
	struct statedisk *d = sys->statedisk;

	log_event(LOG_NOTICE, "state", "protection=%d text=\"%s\"", (int)d->result.protection, d->result.text);
	system_changed(sys);
	system_state_ready(sys);
}

static void on_line(void *owner, const char *line)
{
	struct system *sys = owner;
	struct statedisk *d = sys->statedisk;

	if (ladder_parse(line, &d->result) == 0)
		d->done = true;
	else if (strncmp(line, "stage ", 6) == 0)
		text_copy(d->result.text, sizeof(d->result.text), line + 6);
	system_changed(sys);
}

static void on_done(void *owner, int status)
{
	struct system *sys = owner;
	struct statedisk *d = sys->statedisk;

	if (status == 0 && d->done) {
		ready(sys);
		return;
	}
	if (status == LADDER_RESTART) {
		/* Not ready: a version that cannot open what was kept is not to be found good. */
		power_restart_now(sys, "state-closed");
		return;
	}
	/* Not even memory could be mounted, or it was killed: nothing is ready, and the screen says so. */
	log_event(LOG_ERROR, "state-failed", "status=%d", status);
	d->result.protection = lobby_Protection_PROTECTION_STARTING;
	text_copy(d->result.text, sizeof(d->result.text),
		  N_("The state partition could not be opened or made. Restart the kiosk; if this stays, replace its "
		     "disk."));
	system_changed(sys);
}

static struct ladder places_of(const struct system *sys)
{
	return (struct ladder){ .disk = sys->boot.disk,
				.esp = sys->boot.esp,
				.esp_folder = sys->options.esp,
				.sys = sys->options.sys,
				.tpm = "/dev/tpmrm0",
				.definitions = "/usr/lib/repart.d",
				.run = "/run",
				.state = "/var/lib/lobby",
				.slot = sys->boot.slot,
				.version = sys->boot.version };
}

int statedisk_init(struct system *sys)
{
	struct statedisk *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return LOBBY_ERR_NO_MEMORY;
	sys->statedisk = d;
	if (sys->options.state != NULL) {
		d->result.protection = lobby_Protection_PROTECTION_NO_TPM;
		text_copy(d->result.text, sizeof(d->result.text), N_("A folder stands in for the state partition."));
		return keep_folders(sys->options.state);
	}
	if (!system_is_appliance(sys))
		return 0;
	d->ladder = places_of(sys);
	sys->state_pending = true;
	if (ladder_earlier(&d->ladder, &d->result) == 0) {
		ready(sys);
		return 0;
	}
	notify_manager(EXTEND);
	return worker_start(&d->worker, sys->loop, CLIMB_MS, ladder_work, &d->ladder, on_line, on_done, sys);
}

void statedisk_fini(struct system *sys)
{
	if (sys->statedisk == NULL)
		return;
	worker_stop(&sys->statedisk->worker);
	free(sys->statedisk);
	sys->statedisk = NULL;
}

void statedisk_fill(struct system *sys, lobby_SystemState *state)
{
	const struct statedisk *d = sys->statedisk;

	state->protection = d->result.protection;
	text_copy(state->protection_text, sizeof(state->protection_text), d->result.text);
}

/* ---- wipe -------------------------------------------------------------------------------------------------------- */

static int wipe_folder(void *arg)
{
	static const char *const folders[] = { "sync", "update", "system", "journal" };
	const struct system *sys = arg;
	char path[512];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (system_state_path(sys, path, sizeof(path), folders[i]) == 0)
			keep_empty(path);
	return 0;
}

static void on_wiped(void *owner, int status)
{
	struct system *sys = owner;

	log_event(LOG_NOTICE, "wiped", "status=%d", status);
	system_answer_later(sys, sys->statedisk->wipe_token, status == 0 ? 0 : LOBBY_ERR_IO,
			    status == 0 ? N_("All that was kept is unreadable now. It restarts as a new kiosk.")
					: N_("The disk could not be overwritten. Take it out and destroy it."));
	if (status == 0)
		power_restart_now(sys, "wipe");
}

void statedisk_wipe_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	struct statedisk *d = sys->statedisk;
	bool folder = sys->options.state != NULL;
	int err;

	if (worker_runs(&d->worker)) {
		system_answer(conn, command, LOBBY_ERR_BUSY,
			      N_("The state partition is still being opened. Try again."));
		return;
	}
	d->wipe_token = system_defer(sys, conn, command);
	if (d->wipe_token == 0)
		return;
	err = worker_start(&d->worker, sys->loop, WIPE_MS, folder ? wipe_folder : ladder_wipe,
			   folder ? (void *)sys : (void *)&d->ladder, NULL, on_wiped, sys);
	if (err != 0)
		system_answer_later(sys, d->wipe_token, err, NULL);
}
