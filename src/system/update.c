/* See update.h. One bundle at a time: looked at, waiting, being installed. */
#include "update.h"

#include "child.h"
#include "good.h"
#include "info.h"
#include "power.h"
#include "slotwork.h"
#include "version.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 120000		    /* rauc info; a stick may be slow */
#define INSTALL_MS (30 * 60 * 1000) /* rauc install */
#define STOP_MS 60000		    /* systemctl stop */
#define RECORD "system/update.json"
#define MAX_RECORD 1024
#define AGAIN_MS 60000
#define BOOT_ID 37
#define FOLDER "update/"

enum at { AT_REST, AT_LOOKING, AT_WAITING, AT_INSTALLING };

struct update {
	enum at at;
	struct child child;
	struct loop_timer wait;
	char path[PATH_MAX];
	bool take_file;			 /* it goes when it is over */
	char said_version[VERSION_SIZE]; /* by the clinic */
	uint32_t token;
	lobby_Update shown;
	char reason[INFO_REASON]; /* RAUC's LastError */
};

static void show(struct system *sys, lobby_UpdateStage stage, const char *version, const char *text)
{
	lobby_Update *shown = &sys->update->shown;

	shown->stage = stage;
	shown->percent = 0;
	text_copy(shown->version, sizeof(shown->version), version);
	text_copy(shown->text, sizeof(shown->text), text);
	system_changed(sys);
}

static void answer(struct system *sys, int err, const char *text)
{
	system_answer_later(sys, sys->update->token, err, text);
	sys->update->token = 0;
}

static void drop_file(struct system *sys)
{
	if (sys->update->take_file)
		unlink(sys->update->path);
	sys->update->take_file = false;
}

static void refuse(struct system *sys, const char *text)
{
	drop_file(sys);
	log_event(LOG_WARNING, "update-refused", "version=%s reason=\"%s\"", sys->update->shown.version, text);
	sys->update->at = AT_REST;
	show(sys, lobby_UpdateStage_UPDATE_REFUSED, sys->update->shown.version, text);
	answer(sys, LOBBY_ERR_REFUSED, text);
}

/* ---- the record ---- */

static void boot_id(const struct system *sys, char out[BOOT_ID])
{
	char path[PATH_MAX], *text = NULL;
	size_t len;

	out[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/sys/kernel/random/boot_id", sys->options.proc) >= (int)sizeof(path) ||
	    file_read(path, 64, &text, &len) != 0)
		return;
	text_copy(out, BOOT_ID, text_trim(text));
	free(text);
}

static void write_record(struct system *sys, const char *stage, const char *slot)
{
	char path[PATH_MAX], boot[BOOT_ID], *text;
	json_t *json;
	int err;

	boot_id(sys, boot);
	json = json_pack("{s:s, s:s, s:s, s:s, s:b}", "version", sys->update->shown.version, "slot", slot, "stage",
			 stage, "boot", boot, "stick", sys->update->take_file);
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	err = text == NULL ? LOBBY_ERR_NO_MEMORY : system_state_path(sys, path, sizeof(path), "system");
	if (err == 0)
		err = file_make_folder(path, 0700);
	if (err == 0)
		err = system_state_path(sys, path, sizeof(path), RECORD);
	if (err == 0)
		err = file_replace(path, text, strlen(text), 0600);
	free(text);
	if (err != 0)
		log_event(LOG_ERROR, "update-record", "error=%s", err_event(err));
}

static const char *word(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL && strlen(text) < 64 ? text : "";
}

/* What became of what was installed before the restart. */
static void recall(struct system *sys, const json_t *json)
{
	const char *version = word(json, "version"), *slot = word(json, "slot"), *stage = word(json, "stage");
	char boot[BOOT_ID], text[INFO_TEXT];

	boot_id(sys, boot);
	if (!version_is_valid(version))
		return;
	if (strcmp(stage, "installed") == 0 && boot[0] != '\0' && strcmp(word(json, "boot"), boot) == 0) {
		/* Only this program was restarted. */
		show(sys, lobby_UpdateStage_UPDATE_INSTALLED, version, "");
		power_restart_when_quiet(sys, "update");
	} else if (strcmp(stage, "refused") == 0) {
		return;
	} else if (strcmp(slot, sys->boot.slot) == 0 && strcmp(version, sys->boot.version) == 0) {
		show(sys, strcmp(stage, "good") == 0 ? lobby_UpdateStage_UPDATE_GOOD : lobby_UpdateStage_UPDATE_TRIAL,
		     version, "");
	} else if (strcmp(stage, "installing") != 0) {
		snprintf(text, sizeof(text),
			 strcmp(stage, "good") == 0 ? N_("Version %s does not start any more. Version %s runs again.")
						    : N_("Version %s did not come up. Version %s runs again."),
			 version, sys->boot.version);
		show(sys, lobby_UpdateStage_UPDATE_FELL_BACK, version, text);
		if (strcmp(stage, "fell-back") != 0) {
			log_event(LOG_ERROR, "update-fell-back", "version=%s", version);
			write_record(sys, "fell-back", slot);
		}
	} else if (boot[0] != '\0' && strcmp(word(json, "boot"), boot) != 0) {
		snprintf(text, sizeof(text),
			 json_is_true(json_object_get(json, "stick"))
				 ? N_("The installation of version %s was interrupted. Start it from the stick again.")
				 : N_("The installation of version %s was interrupted. It begins again if the clinic "
				      "still offers it."),
			 version);
		log_event(LOG_WARNING, "update-interrupted", "version=%s", version);
		show(sys, lobby_UpdateStage_UPDATE_NONE, version, text);
		write_record(sys, "refused", slot); /* said once */
	}
}

void update_ready(struct system *sys)
{
	char path[PATH_MAX], *text = NULL;
	json_t *json;
	size_t len;

	/* Of a stick: nobody waits for it any more. RAUC, if it still installs, has it open. */
	for (int whole = 0; whole < 2; whole++)
		if (update_stick_path(sys, whole, path, sizeof(path)) == 0)
			unlink(path);
	if (!system_is_appliance(sys) || system_state_path(sys, path, sizeof(path), RECORD) != 0 ||
	    file_read(path, MAX_RECORD, &text, &len) != 0)
		return;
	json = json_loadb(text, len, 0, NULL);
	free(text);
	if (json_is_object(json))
		recall(sys, json);
	json_decref(json);
}

void update_good(struct system *sys)
{
	struct update *u = sys->update;

	if (u->shown.stage == lobby_UpdateStage_UPDATE_TRIAL) {
		show(sys, lobby_UpdateStage_UPDATE_GOOD, u->shown.version, "");
		write_record(sys, "good", sys->boot.slot);
	}
	update_heard(sys); /* one may wait for that */
}

/* ---- installing ---- */

static void go_on(void *arg);

static const char *other_slot(const struct system *sys)
{
	return sys->boot.slot[0] == 'a' ? "b" : "a";
}

static void on_install_line(void *arg, const char *line)
{
	struct system *sys = arg;
	struct update *u = sys->update;
	int percent = info_percent(line);
	const char *reason = info_last_error(line);

	if (percent > (int)u->shown.percent) {
		u->shown.percent = (uint32_t)percent;
		system_changed(sys);
	}
	if (reason != NULL && text_is_clean(reason, strlen(reason)))
		text_copy(u->reason, sizeof(u->reason), reason);
}

static void fail(struct system *sys, const char *reason)
{
	char text[INFO_TEXT];

	slotwork_look(sys);
	write_record(sys, "refused", other_slot(sys));
	info_explain(reason, text);
	refuse(sys, text);
}

static void on_stopped(void *arg, int status)
{
	if (status != 0)
		log_event(LOG_ERROR, "update-unstopped", "status=%d", status);
	fail(arg, INFO_TOO_LONG);
}

/* Only RAUC's client has ended: its service would go on, and make the slot the first choice after it was called bad. */
static void stop_rauc(struct system *sys)
{
	const char *const argv[] = { sys->options.power, "stop", "rauc.service", NULL };

	if (child_start(&sys->update->child, sys->loop, argv, STOP_MS, NULL, on_stopped, sys) != 0)
		on_stopped(sys, -1);
}

static void on_installed(void *arg, int status)
{
	struct system *sys = arg;
	struct update *u = sys->update;

	slotwork_look(sys);
	if (status != 0) {
		if (u->reason[0] == '\0')
			info_reason(u->child.output, u->reason);
		if (strstr(u->reason, "lready processing") != NULL) {
			/* One from before this program was restarted. */
			u->at = AT_WAITING;
			show(sys, lobby_UpdateStage_UPDATE_WAITING, u->shown.version,
			     N_("Another one is being installed."));
			loop_timer_set(sys->loop, &u->wait, AGAIN_MS, go_on, sys);
			return;
		}
		log_event(LOG_WARNING, "update-failed", "status=%d reason=\"%s\"", status, u->reason);
		if (status < 0)
			stop_rauc(sys);
		else
			fail(sys, u->reason);
		return;
	}
	u->at = AT_REST;
	drop_file(sys);
	log_event(LOG_NOTICE, "update-installed", "version=%s", u->shown.version);
	show(sys, lobby_UpdateStage_UPDATE_INSTALLED, u->shown.version, "");
	write_record(sys, "installed", other_slot(sys));
	power_restart_when_quiet(sys, "update");
}

static void install(struct system *sys)
{
	struct update *u = sys->update;
	const char *const argv[] = { sys->options.rauc, "install", u->path, NULL };
	int err = child_start(&u->child, sys->loop, argv, INSTALL_MS, on_install_line, on_installed, sys);

	if (err != 0) {
		refuse(sys, N_("The part that installs updates (RAUC) is not there."));
		return;
	}
	log_event(LOG_NOTICE, "update-install", "version=%s", u->shown.version);
	u->at = AT_INSTALLING;
	good_forget_other(sys);
	u->reason[0] = '\0';
	show(sys, lobby_UpdateStage_UPDATE_INSTALLING, u->shown.version, "");
	/* The power may go when RAUC has made it the first choice and before it has said so. */
	write_record(sys, "installing", other_slot(sys));
}

static void go_on(void *arg)
{
	struct system *sys = arg;
	struct update *u = sys->update;
	char text[INFO_TEXT];

	if (u->at != AT_WAITING)
		return;
	if (!good_is_known(sys)) {
		/* The other slot may be needed yet. */
		snprintf(text, sizeof(text), N_("It waits until version %s, which runs now, is known to be good."),
			 sys->boot.version);
		show(sys, lobby_UpdateStage_UPDATE_WAITING, u->shown.version, text);
	} else if (system_nobody_for(sys, UPDATE_QUIET_MS)) {
		install(sys);
	} else {
		show(sys, lobby_UpdateStage_UPDATE_WAITING, u->shown.version,
		     N_("It is installed when nobody has been at the screen for a minute."));
		if (sys->nobody_since_ms >= 0)
			loop_timer_set(sys->loop, &u->wait, sys->nobody_since_ms + UPDATE_QUIET_MS - clock_mono_ms(),
				       go_on, sys);
	}
}

void update_heard(struct system *sys)
{
	go_on(sys);
}

/* ---- looking ---- */

/* NULL, or why not. */
static const char *why_not(struct system *sys, const struct info_bundle *bundle, char text[INFO_TEXT])
{
	const struct update *u = sys->update;

	if (strcmp(bundle->compatible, UPDATE_COMPATIBLE) != 0)
		return N_("The update is for another kind of machine.");
	if (u->said_version[0] != '\0' && strcmp(u->said_version, bundle->version) != 0)
		snprintf(text, INFO_TEXT, N_("It should be version %s and is version %s."), u->said_version,
			 bundle->version);
	else if (sys->boot.min_version[0] != '\0' && version_compare(bundle->version, sys->boot.min_version) < 0)
		snprintf(text, INFO_TEXT, N_("Version %s is too old: no version before %s may follow this one."),
			 bundle->version, sys->boot.min_version);
	else if (strcmp(bundle->version, sys->boot.version) == 0 && slotwork_other_starts(sys))
		snprintf(text, INFO_TEXT, N_("Version %s runs already."), bundle->version);
	else
		return NULL;
	return text;
}

static void on_looked(void *arg, int status)
{
	struct system *sys = arg;
	struct update *u = sys->update;
	struct info_bundle bundle;
	char text[INFO_TEXT];
	const char *reason;

	if (status != 0 || info_parse(u->child.output, &bundle) != 0) {
		info_reason(u->child.output, u->reason);
		info_explain(status < 0 ? INFO_TOO_LONG : u->reason, text);
		log_event(LOG_WARNING, "update-unread", "status=%d reason=\"%s\"", status, u->reason);
		refuse(sys, text);
		return;
	}
	text_copy(u->shown.version, sizeof(u->shown.version), bundle.version);
	reason = why_not(sys, &bundle, text);
	if (reason != NULL) {
		refuse(sys, reason);
		return;
	}
	u->at = AT_WAITING;
	go_on(sys);
	answer(sys, 0, u->shown.text);
}

bool update_is_busy(const struct system *sys)
{
	return sys->update->at == AT_LOOKING || sys->update->at == AT_INSTALLING;
}

int update_stick_path(const struct system *sys, bool whole, char *out, size_t size)
{
	return system_state_path(sys, out, size, whole ? "system/stick.raucb" : "system/stick.part");
}

void update_install(struct system *sys, const char *path, const char *version, bool take_file, uint32_t token)
{
	struct update *u = sys->update;
	const char *const argv[] = { sys->options.rauc, "info", "--output-format=json", u->path, NULL };

	if (update_is_busy(sys)) {
		system_answer_later(sys, token, LOBBY_ERR_BUSY, N_("Another update is under way."));
		return;
	}
	if (strlen(path) >= sizeof(u->path)) {
		system_answer_later(sys, token, LOBBY_ERR_TOO_LONG, NULL);
		return;
	}
	loop_timer_cancel(sys->loop, &u->wait);
	if (strcmp(u->path, path) != 0)
		drop_file(sys); /* of one that waited */
	u->take_file = take_file;
	text_copy(u->path, sizeof(u->path), path);
	text_copy(u->said_version, sizeof(u->said_version), version);
	u->token = token;
	u->at = AT_LOOKING;
	show(sys, lobby_UpdateStage_UPDATE_WAITING, version, N_("It is being looked at."));
	if (child_start(&u->child, sys->loop, argv, LOOK_MS, NULL, on_looked, sys) != 0)
		refuse(sys, N_("The part that installs updates (RAUC) is not there."));
}

/* "NAME" or "FOLDER/NAME", nothing that leads out of it. */
static bool is_below(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	if (strncmp(path, folder, len) != 0)
		return false;
	path += len;
	return *path != '\0' && *path != '.' && strchr(path, '/') == NULL;
}

/* Nobody offers any more what came from the update folder: a stick's is its technician's affair. What is being
 * installed already cannot be stopped. */
static void call_back(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command,
		      const char *folder)
{
	struct update *u = sys->update;
	bool ours = is_below(folder, u->path);

	if (u->at == AT_INSTALLING && ours) {
		system_answer(conn, command, LOBBY_ERR_BUSY, N_("It is being installed already."));
		return;
	}
	if ((u->at == AT_WAITING || u->at == AT_LOOKING) && ours) {
		log_event(LOG_NOTICE, "update-called-back", "version=%s", u->shown.version);
		child_stop(&u->child);
		loop_timer_cancel(sys->loop, &u->wait);
		u->at = AT_REST;
		show(sys, lobby_UpdateStage_UPDATE_NONE, "", "");
		answer(sys, LOBBY_ERR_STALE, NULL);
	}
	system_answer(conn, command, 0, NULL);
}

void update_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	char folder[PATH_MAX], path[PATH_MAX];
	uint32_t token;

	if (command->path[0] == '\0' && system_state_path(sys, folder, sizeof(folder), FOLDER) == 0) {
		call_back(sys, conn, command, folder);
		return;
	}
	if (system_state_path(sys, folder, sizeof(folder), FOLDER) != 0 ||
	    snprintf(path, sizeof(path), "%s%s", is_below("", command->path) ? folder : "", command->path) >=
		    (int)sizeof(path) ||
	    !is_below(folder, path)) {
		system_answer(conn, command, LOBBY_ERR_INVALID, N_("The update must be in the update folder."));
		return;
	}
	token = system_defer(sys, conn, command);
	if (token != 0)
		update_install(sys, path, command->version, false, token);
}

/* ---- start and end ---- */

int update_init(struct system *sys)
{
	sys->update = calloc(1, sizeof(*sys->update));
	return sys->update != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

void update_fini(struct system *sys)
{
	if (sys->update == NULL)
		return;
	/* The installation itself is RAUC's service's, which goes on. */
	child_stop(&sys->update->child);
	loop_timer_cancel(sys->loop, &sys->update->wait);
	free(sys->update);
	sys->update = NULL;
}

void update_fill(struct system *sys, lobby_SystemState *state)
{
	state->has_update = true;
	state->update = sys->update->shown;
}
