/* See updates.h: the store's side of a rollout. The decision is rollout.c's; here its rows are read, and what it
 * decided is written down with everything that follows from it in the same transaction: offers, pauses, what kiosks and
 * pages are told, the audit. */
#include "updates.h"

#include "kiosks.h"
#include "rollout.h"
#include "updates_rows.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "checkin/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 5000

/* Told beside a kiosk's stage (api.md); while the text stands there, it is so. */
#define NOT_REACHED "It cannot be reached"
static const char passed_over[] = NOT_REACHED ": the others go on without it until it is back.";
static const char waited_for[] = NOT_REACHED ", and it is the one to begin with: the others wait for it.";
static const char no_further[] = "It got no further for two hours.";

int updates_folder(const char *data, char out[CLINIC_PATH_MAX])
{
	if (snprintf(out, CLINIC_PATH_MAX, "%s/updates", data) >= CLINIC_PATH_MAX)
		return LOBBY_ERR_TOO_LONG;
	return file_make_folder(out, 0700);
}

int updates_path(const char *data, const char *sha256, char out[CLINIC_PATH_MAX])
{
	return snprintf(out, CLINIC_PATH_MAX, "%s/updates/%s.raucb", data, sha256) >= CLINIC_PATH_MAX
		       ? LOBBY_ERR_TOO_LONG
		       : 0;
}

/* Tells the desk of it, and the audit under the version. */
static int note(struct ledger *store, const struct update *u, const char *who, const char *action, const char *detail)
{
	int err = change_audit(store, who, action, u->version, detail);

	return err != 0 ? err : change_desk(store, "update", u->sha256);
}

/* ---- what there is ---- */

int updates_add(struct ledger *store, const struct bundle *bundle, const char *who)
{
	struct update u = { 0 };
	int err = ledger_run(store,
			     "INSERT INTO software(sha256, version, size, added_ms) VALUES(?1, ?2, ?3, ?4)"
			     " ON CONFLICT DO NOTHING",
			     "ttii", bundle->sha256, bundle->version, bundle->size, clock_wall_ms());

	if (err != 0)
		return err;
	if (ledger_changes(store) == 0)
		return LOBBY_ERR_EXISTS;
	text_copy(u.version, sizeof(u.version), bundle->version);
	text_copy(u.sha256, sizeof(u.sha256), bundle->sha256);
	return note(store, &u, who, "update-add", bundle->sha256);
}

int updates_remove(struct ledger *store, const char *sha256, const char *who)
{
	struct update u;
	int err = update_load(store, sha256, &u);

	if (err != 0)
		return err;
	if (u.current)
		return LOBBY_ERR_STALE;
	err = ledger_run(store, "DELETE FROM software_offer WHERE software = ?1", "i", u.number);
	if (err == 0)
		err = ledger_run(store, "DELETE FROM software WHERE number = ?1", "i", u.number);
	if (err == 0)
		err = change_feed(store, "update", "", 0);
	return err != 0 ? err : note(store, &u, who, "update-remove", "");
}

int updates_find(struct ledger *store, const char *version, char sha256[65])
{
	sqlite3_stmt *row;
	int err = ledger_query(store, &row, "SELECT sha256 FROM software WHERE version = ?1 OR sha256 = ?1", "t",
			       version);

	if (err == 0 && (err = ledger_step(store, row)) == 1) {
		text_copy(sha256, 65, db_text(row, 0));
		sqlite3_reset(row);
		return 0;
	}
	return err < 0 ? err : LOBBY_ERR_NOT_FOUND;
}

/* ---- what a person decides ---- */

static int set_state(struct ledger *store, const struct update *u, const char *state, const char *reason)
{
	int err = ledger_run(store, "UPDATE software SET state = ?2, reason = ?3 WHERE number = ?1", "itt", u->number,
			     state, reason);

	/* To every kiosk: whoever is on the way with it stops, or goes on. */
	return err != 0 ? err : change_feed(store, "update", "", 0);
}

/* Whatever is current no longer is: 'stopped' on its way, 'replaced' when it was done. */
static int end_current(struct ledger *store)
{
	struct update u;
	int err = update_current(store, &u);

	if (err != 0)
		return err == LOBBY_ERR_NOT_FOUND ? 0 : err;
	err = set_state(store, &u, strcmp(u.state, "done") == 0 ? "replaced" : "stopped", "");
	return err != 0 ? err : change_desk(store, "update", u.sha256);
}

int updates_start(struct ledger *store, const char *sha256, const char *first, bool downgrade, const char *who)
{
	struct update u;
	int64_t kiosk = 0;
	int err = update_load(store, sha256, &u);

	if (err == 0 && *first != '\0')
		err = ledger_int(store, &kiosk,
				 "SELECT number FROM kiosk WHERE id = ?1 AND removed_ms IS NULL AND system <> ''", "t",
				 first);
	if (err == 0)
		err = end_current(store);
	/* Begun anew: what it failed on before is tried again. */
	if (err == 0)
		err = ledger_run(store, "DELETE FROM software_offer WHERE software = ?1", "i", u.number);
	if (err == 0)
		err = ledger_run(
			store,
			"UPDATE software SET state = 'running', reason = '', step = 0, first = ?2, downgrade = ?3"
			" WHERE number = ?1",
			"iii", u.number, kiosk, (int64_t)downgrade);
	if (err == 0)
		err = change_feed(store, "update", "", 0);
	if (err == 0)
		err = note(store, &u, who, "update-start", downgrade ? "also to newer" : "");
	return err != 0 ? err : updates_run(store);
}

int updates_pause(struct ledger *store, const char *sha256, const char *who)
{
	char reason[120];
	struct update u;
	int err = update_load(store, sha256, &u);

	if (err != 0)
		return err;
	if (strcmp(u.state, "running") != 0)
		return LOBBY_ERR_STALE;
	snprintf(reason, sizeof(reason), "Paused by %s.", *who != '\0' ? who : "the command line");
	err = set_state(store, &u, "paused", reason);
	return err != 0 ? err : note(store, &u, who, "update-pause", "");
}

int updates_stop(struct ledger *store, const char *sha256, const char *who)
{
	struct update u;
	int err = update_load(store, sha256, &u);

	if (err != 0)
		return err;
	if (!u.current)
		return LOBBY_ERR_STALE;
	err = set_state(store, &u, "stopped", "");
	return err != 0 ? err : note(store, &u, who, "update-stop", "");
}

static int retry(struct ledger *store, const struct update *u, int64_t kiosk)
{
	char id[37];

	visit_new_id(id);
	return ledger_run(store,
			  "UPDATE software_offer SET id = ?3, stage = 'offered', stage_ms = ?4, percent = 0, text = ''"
			  " WHERE software = ?1 AND kiosk = ?2",
			  "iiti", u->number, kiosk, id, clock_wall_ms());
}

/* One that has not begun to install stands still while it is paused: only what was wrong before counts. */
static bool has_failed(const struct update_kiosk *k)
{
	if (k->at.stage < ROLLOUT_INSTALLING)
		return !k->at.excused && strcmp(k->text, no_further) == 0;
	return rollout_trouble_of(&k->at, clock_wall_ms()) != ROLLOUT_FINE;
}

int updates_resume(struct ledger *store, const char *sha256, bool without, const char *who)
{
	struct update_kiosk *kiosks = NULL;
	int count = 0, err;
	struct update u;

	err = update_load(store, sha256, &u);
	if (err == 0 && strcmp(u.state, "paused") != 0)
		err = LOBBY_ERR_STALE;
	if (err == 0)
		err = update_kiosks(store, &u, &kiosks, &count);
	for (int i = 0; err == 0 && i < count; i++) {
		if (!has_failed(&kiosks[i]))
			continue;
		err = without ? ledger_run(store,
					   "UPDATE software_offer SET excused = 1 WHERE software = ?1 AND kiosk = ?2",
					   "ii", u.number, kiosks[i].at.number)
			      : retry(store, &u, kiosks[i].at.number);
		if (err == 0)
			err = change_desk(store, "kiosk", kiosks[i].id);
	}
	free(kiosks);
	if (err == 0)
		err = ledger_run(store,
				 "UPDATE software_offer SET stage_ms = ?2"
				 " WHERE software = ?1 AND excused = 0 AND stage IN ('offered', 'downloading')",
				 "ii", u.number, clock_wall_ms());
	if (err == 0)
		err = set_state(store, &u, "running", "");
	if (err == 0)
		err = note(store, &u, who, "update-resume", without ? "without those that failed" : "");
	return err != 0 ? err : updates_run(store);
}

/* ---- what is due ---- */

static int pause_for(struct ledger *store, const struct update *u, const struct update_kiosk *k,
		     enum rollout_trouble trouble)
{
	char reason[360];
	int err = 0;

	switch (trouble) {
	case ROLLOUT_DID_FALL_BACK:
		snprintf(reason, sizeof(reason), "%s did not come up with it and went back to its old version.%s%s",
			 k->name, *k->text != '\0' ? " " : "", k->text);
		break;
	case ROLLOUT_DID_REFUSE:
		snprintf(reason, sizeof(reason), "%s refused it.%s%s", k->name, *k->text != '\0' ? " " : "", k->text);
		break;
	case ROLLOUT_SILENT:
		snprintf(reason, sizeof(reason),
			 "%s began to install it and has not been heard of for %lld minutes since.", k->name,
			 (long long)(ROLLOUT_SILENT_MS / 60000));
		break;
	default:
		if (k->at.stage < ROLLOUT_INSTALLING) {
			snprintf(reason, sizeof(reason), "%s %s for two hours.%s%s", k->name,
				 k->at.stage == ROLLOUT_OFFERED ? "has not begun to download it"
								: "got no further with downloading it",
				 *k->text != '\0' ? " " : "", k->text);
			err = ledger_run(store,
					 "UPDATE software_offer SET text = ?3 WHERE software = ?1 AND kiosk = ?2",
					 "iit", u->number, k->at.number, no_further);
			break;
		}
		snprintf(reason, sizeof(reason), "%s has been %s for two hours without becoming good.", k->name,
			 k->at.stage == ROLLOUT_TRIAL ? "on trial" : "installing");
	}
	log_event(LOG_WARNING, "update-paused", "kiosk=%lld stage=%s", (long long)k->at.number,
		  rollout_stage_word(k->at.stage));
	if (err == 0)
		err = set_state(store, u, "paused", reason);
	return err != 0 ? err : note(store, u, "", "update-paused", reason);
}

static int offer_to(struct ledger *store, const struct update *u, const struct update_kiosk *k, enum rollout_step step)
{
	char id[37];
	int err;

	visit_new_id(id);
	err = ledger_run(store,
			 "INSERT OR REPLACE INTO software_offer(software, kiosk, id, step, stage, stage_ms)"
			 " VALUES(?1, ?2, ?3, ?4, 'offered', ?5)",
			 "iitii", u->number, k->at.number, id, (int64_t)step, clock_wall_ms());
	if (err == 0)
		err = change_feed(store, "update", "", k->at.number);
	return err != 0 ? err : change_desk(store, "kiosk", k->id);
}

static int carry_out(struct ledger *store, const struct update *u, const struct update_kiosk *kiosks, int count,
		     const struct rollout_plan *plan, const bool *offer)
{
	const char *state = plan->done ? "done" : "running";
	int err = 0;

	if (plan->trouble != ROLLOUT_FINE)
		return pause_for(store, u, &kiosks[plan->trouble_at], plan->trouble);
	for (int i = 0; err == 0 && i < count; i++)
		if (offer[i])
			err = offer_to(store, u, &kiosks[i], plan->step);
	if (err != 0 || (plan->offers == 0 && plan->step == (enum rollout_step)u->step && strcmp(state, u->state) == 0))
		return err;
	err = ledger_run(store, "UPDATE software SET step = ?2, state = ?3 WHERE number = ?1", "iit", u->number,
			 (int64_t)plan->step, state);
	if (err == 0 && plan->done && strcmp(u->state, "done") != 0)
		err = change_audit(store, "", "update-done", u->version, "");
	return err != 0 ? err : change_desk(store, "update", u->sha256);
}

/* Says of each kiosk that is passed over that it is, and no longer when it is back: from then on it has its time. */
static int note_reach(struct ledger *store, const struct update *u, struct update_kiosk *kiosks, int count)
{
	int64_t now_ms = clock_wall_ms();
	int err = 0;

	for (int i = 0; err == 0 && i < count; i++) {
		struct update_kiosk *k = &kiosks[i];
		bool was = strncmp(k->text, NOT_REACHED, strlen(NOT_REACHED)) == 0;
		const char *text = was ? "" : k->text;

		if (rollout_is_passed_over(&k->at, now_ms))
			text = u->step == ROLLOUT_ONE && k->at.number == u->first ? waited_for : passed_over;
		if (strcmp(text, k->text) == 0)
			continue;
		if (*text == '\0')
			k->at.stage_ms = now_ms;
		text_copy(k->text, sizeof(k->text), text);
		err = ledger_run(
			store, "UPDATE software_offer SET text = ?3, stage_ms = ?4 WHERE software = ?1 AND kiosk = ?2",
			"iiti", u->number, k->at.number, k->text, k->at.stage_ms);
		if (err == 0)
			err = change_desk(store, "kiosk", k->id);
		if (err == 0)
			err = change_desk(store, "update", u->sha256);
	}
	return err;
}

/* While the clinic's server was away it heard of nobody, which is nobody's fault. */
static int64_t started_ms(void)
{
	static int64_t first_ms; /* only on the writer's thread */

	if (first_ms == 0)
		first_ms = clock_wall_ms();
	return first_ms;
}

int updates_run(struct ledger *store)
{
	struct update_kiosk *kiosks = NULL;
	struct rollout_kiosk at[KIOSKS_MAX];
	bool offer[KIOSKS_MAX];
	struct rollout_plan plan;
	struct update u;
	int count = 0, err = update_current(store, &u);

	if (err != 0)
		return err == LOBBY_ERR_NOT_FOUND ? 0 : err;
	if (strcmp(u.state, "paused") == 0)
		return 0;
	err = update_kiosks(store, &u, &kiosks, &count);
	if (err == 0)
		err = note_reach(store, &u, kiosks, count);
	for (int i = 0; i < count; i++) {
		at[i] = kiosks[i].at;
		if (at[i].stage_ms < started_ms())
			at[i].stage_ms = started_ms();
	}
	if (err == 0) {
		plan = rollout_decide((enum rollout_step)u.step, u.first, at, count, clock_wall_ms(), offer);
		err = carry_out(store, &u, kiosks, count, &plan, offer);
	}
	free(kiosks);
	return err;
}

/* ---- what a kiosk tells ---- */

static const char *text_in(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

/* What the kiosk's report says of this offer; ROLLOUT_NONE when it is of something else. */
static enum rollout_stage reported(const struct update *u, const struct update_offer *offer, const json_t *system)
{
	const json_t *update = json_object_get(system, "update");
	const char *id = text_in(update, "id"), *word = text_in(update, "stage");
	enum rollout_stage stage;

	if (strcmp(text_in(system, "version"), u->version) == 0)
		return update_is_settled(word, offer->stage, offer->stage_ms) ? ROLLOUT_GOOD : ROLLOUT_TRIAL;
	if (strcmp(text_in(update, "version"), u->version) != 0 || (*id != '\0' && strcmp(id, offer->id) != 0) ||
	    !rollout_stage_of(word, &stage) || stage <= ROLLOUT_OFFERED || stage == ROLLOUT_GOOD)
		return ROLLOUT_NONE;
	/* Without an id, how the last try ended says nothing of the one that has not begun. */
	if (*id == '\0' && stage >= ROLLOUT_FELL_BACK && offer->stage == ROLLOUT_OFFERED)
		return ROLLOUT_NONE;
	return stage;
}

static int take_report(struct ledger *store, const struct update *u, int64_t kiosk, const json_t *system)
{
	const json_t *update = json_object_get(system, "update");
	struct update_offer offer;
	enum rollout_stage stage;
	int err = update_offer_load(store, u, kiosk, &offer);

	if (err != 0)
		return err == LOBBY_ERR_NOT_FOUND ? 0 : err;
	stage = reported(u, &offer, system);
	if (stage == ROLLOUT_NONE)
		return 0;
	err = ledger_run(store,
			 "UPDATE software_offer SET stage = ?3, percent = ?4, text = ?5,"
			 " stage_ms = CASE WHEN stage = ?3 AND (stage <> 'downloading'"
			 " OR (percent = ?4 AND text NOT LIKE '" NOT_REACHED "%')) THEN stage_ms ELSE ?6 END"
			 " WHERE software = ?1 AND kiosk = ?2",
			 "iititi", u->number, kiosk, rollout_stage_word(stage),
			 (int64_t)json_integer_value(json_object_get(update, "percent")), text_in(update, "text"),
			 clock_wall_ms());
	/* It is over for this kiosk: the offer is taken back. */
	if (err == 0 && stage >= ROLLOUT_GOOD && offer.stage < ROLLOUT_GOOD)
		err = change_feed(store, "update", "", kiosk);
	return err != 0 ? err : change_desk(store, "update", u->sha256);
}

int updates_heard(struct ledger *store, int64_t kiosk, const json_t *system, bool changed)
{
	struct update u;
	int err = update_current(store, &u);

	if (err != 0)
		return err == LOBBY_ERR_NOT_FOUND ? 0 : err;
	if (changed)
		err = change_desk(store, "update", u.sha256);
	if (err == 0 && system != NULL)
		err = take_report(store, &u, kiosk, system);
	return err != 0 ? err : updates_run(store);
}

/* ---- the tick ---- */

struct run {
	struct job job;
};

static int write_run(struct job *job, struct ledger *store)
{
	(void)job;
	return updates_run(store);
}

static void run_done(struct job *job, int err)
{
	if (err != 0)
		log_event(LOG_WARNING, "updates-failed", "reason=%s", err_event(err));
	free(job);
}

void updates_tick(struct clinic *clinic, struct ledger *store)
{
	static int64_t next_ms; /* only on the hub's thread */
	struct update u;
	struct run *run;

	if (clock_mono_ms() < next_ms && next_ms - clock_mono_ms() <= TICK_MS)
		return;
	next_ms = clock_mono_ms() + TICK_MS;
	if (update_current(store, &u) != 0 || strcmp(u.state, "paused") == 0 || (run = calloc(1, sizeof(*run))) == NULL)
		return;
	run->job = (struct job){ .write = write_run, .done = run_done };
	if (writer_submit(clinic->writer, &run->job) != 0)
		free(run);
}
