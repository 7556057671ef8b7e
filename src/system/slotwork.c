/* See slotwork.h. One worker at a time; what is asked for meanwhile is done after it. */
#include "slotwork.h"

#include "esp.h"
#include "slots.h"
#include "worker.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 120000 /* RAUC's handler may have the partition */
#define AGAIN_MS 30000
#define TRIES 5

struct slotwork {
	struct worker worker;
	struct loop_timer again;
	bool want_look;
	bool want_good;
	bool does_good; /* what the worker is at */
	int tries;
	bool starts[SLOTS];
	char version[SLOTS][VERSION_SIZE];
};

static void start(struct system *sys);

/* ---- in the worker ---- */

static int work(void *arg)
{
	static struct slots_plan plan;
	static struct slots_seen seen;
	struct system *sys = arg;
	struct esp esp;
	int err = esp_open(&esp, sys->options.esp, sys->boot.esp);

	if (err == 0)
		err = slots_read(esp.root, &seen);
	if (err == 0 && sys->slotwork->does_good) {
		slots_plan_good(&seen, slots_of_name(sys->boot.slot), sys->boot.version, &plan);
		err = slots_apply(esp.root, &plan);
		if (err == 0)
			err = slots_read(esp.root, &seen);
	}
	for (int slot = 0; err == 0 && slot < SLOTS; slot++) {
		const struct slots_file *file = slots_file_of(&seen, slot);

		worker_say("%s %d %s", slots_name(slot), slots_starts(&seen, slot), file != NULL ? file->version : "");
	}
	esp_close(&esp);
	return -err;
}

/* ---- in lobby-system ---- */

static void on_line(void *owner, const char *line)
{
	struct system *sys = owner;
	char name[2] = { line[0], '\0' };
	int slot = slots_of_name(name);

	if (slot < 0 || strlen(line) < 4)
		return;
	sys->slotwork->starts[slot] = line[2] == '1';
	text_copy(sys->slotwork->version[slot], VERSION_SIZE, line + 4);
}

static void start_again(void *arg)
{
	start(arg);
}

static void on_done(void *owner, int status)
{
	struct system *sys = owner;
	struct slotwork *w = sys->slotwork;

	if (status == 0) {
		if (w->does_good)
			log_event(LOG_NOTICE, "slot-armed", "slot=%s", sys->boot.slot);
		w->tries = 0;
		system_changed(sys);
	} else {
		log_event(LOG_ERROR, "slots", "error=%s", err_event(-status));
		if (++w->tries < TRIES) {
			w->want_good |= w->does_good;
			w->want_look |= !w->does_good;
			loop_timer_set(sys->loop, &w->again, AGAIN_MS, start_again, sys);
			return;
		}
	}
	start(sys);
}

static void start(struct system *sys)
{
	struct slotwork *w = sys->slotwork;

	if (worker_runs(&w->worker) || (!w->want_look && !w->want_good))
		return;
	loop_timer_cancel(sys->loop, &w->again);
	w->does_good = w->want_good;
	w->want_good = w->want_look = false;
	if (worker_start(&w->worker, sys->loop, PATIENCE_MS, work, sys, on_line, on_done, sys) != 0)
		on_done(sys, -LOBBY_ERR_NO_MEMORY);
}

int slotwork_init(struct system *sys)
{
	sys->slotwork = calloc(1, sizeof(*sys->slotwork));
	if (sys->slotwork == NULL)
		return LOBBY_ERR_NO_MEMORY;
	slotwork_look(sys);
	return 0;
}

void slotwork_fini(struct system *sys)
{
	if (sys->slotwork == NULL)
		return;
	worker_stop(&sys->slotwork->worker);
	loop_timer_cancel(sys->loop, &sys->slotwork->again);
	free(sys->slotwork);
	sys->slotwork = NULL;
}

void slotwork_fill(struct system *sys, lobby_SystemState *state)
{
	if (slotwork_other_starts(sys))
		text_copy(state->other_version, sizeof(state->other_version),
			  sys->slotwork->version[1 - slots_of_name(sys->boot.slot)]);
}

void slotwork_look(struct system *sys)
{
	if (!system_is_appliance(sys))
		return;
	sys->slotwork->want_look = true;
	start(sys);
}

void slotwork_good(struct system *sys)
{
	if (!system_is_appliance(sys))
		return;
	sys->slotwork->want_good = true;
	sys->slotwork->tries = 0;
	start(sys);
}

bool slotwork_other_starts(const struct system *sys)
{
	return system_is_appliance(sys) && sys->slotwork->starts[1 - slots_of_name(sys->boot.slot)];
}
