/* See provision.h. A file is carried out field by field; the first that fails ends it, and its sentence is the answer.
 * The network may need a while to come up: an enrolment that cannot reach the clinic is tried again for two minutes. */
#include "provision.h"

#include "efipanel.h"
#include "network.h"
#include "provfile.h"
#include "stick.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <dirent.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT "system/set-up.json"
#define KEPT_MAX 4096
#define KEPT_TIME "system/time-servers"
#define ENROL_MS 120000
#define AGAIN_MS 5000
#define SILENCE_MS 30000

struct provision {
	bool set_up;
	char language[17], time_zone[49];
	/* a file that is being carried out */
	struct provfile file;
	uint32_t token; /* 0: none */
	int64_t until_ms;
	struct loop_timer timer;
	bool asked; /* lobby-sync owes an answer */
};

static int keep(struct system *sys)
{
	struct provision *p = sys->provision;
	char path[512], *text;
	json_t *json;
	int err = system_state_path(sys, path, sizeof(path), KEPT);

	if (err != 0)
		return err;
	json = json_pack("{s:b,s:s,s:s}", "set_up", p->set_up, "language", p->language, "time_zone", p->time_zone);
	text = json_dumps(json, 0);
	json_decref(json);
	if (text == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = file_replace(path, text, strlen(text), 0600);
	free(text);
	system_changed(sys);
	return err;
}

void provision_ready(struct system *sys)
{
	struct provision *p = sys->provision;
	char path[512], *text = NULL;
	const char *word;
	size_t len = 0;
	json_t *json;

	if (system_state_path(sys, path, sizeof(path), KEPT_TIME) == 0)
		timeserver_hand_over(path, TIMESERVER_RUN);
	if (system_state_path(sys, path, sizeof(path), KEPT) != 0 || file_read(path, KEPT_MAX, &text, &len) != 0)
		return;
	json = json_loadb(text, len, 0, NULL);
	p->set_up = json_is_true(json_object_get(json, "set_up"));
	word = json_string_value(json_object_get(json, "language"));
	text_copy(p->language, sizeof(p->language), word != NULL ? word : "");
	word = json_string_value(json_object_get(json, "time_zone"));
	text_copy(p->time_zone, sizeof(p->time_zone), word != NULL ? word : "");
	json_decref(json);
	free(text);
	efipanel_language(sys, p->language);
}

/* ---- a file, step by step ---------------------------------------------------------------------------------------- */

static void finish(struct system *sys, int err, const char *text)
{
	struct provision *p = sys->provision;
	uint32_t token = p->token;

	log_event(err == 0 ? LOG_NOTICE : LOG_WARNING, "provisioned", "error=%s", err_event(err));
	loop_timer_cancel(sys->loop, &p->timer);
	sodium_memzero(&p->file, sizeof(p->file));
	p->token = 0;
	p->asked = false;
	system_answer_later(sys, token, err, text);
}

static void finish_well(struct system *sys)
{
	struct provision *p = sys->provision;
	char path[512];
	int err;

	if (p->file.language[0] != '\0')
		text_copy(p->language, sizeof(p->language), p->file.language);
	if (p->file.time_zone[0] != '\0')
		text_copy(p->time_zone, sizeof(p->time_zone), p->file.time_zone);
	p->set_up = p->set_up || p->file.set_up;
	err = keep(sys);
	efipanel_language(sys, p->language);
	if (err == 0 && p->file.time[0] != '\0' && system_state_path(sys, path, sizeof(path), KEPT_TIME) == 0)
		err = timeserver_set(path, TIMESERVER_RUN, p->file.time);
	finish(sys, err,
	       err == 0 ? N_("All that the stick says is set.") : N_("The settings could not be written to the disk."));
}

static void ask_sync(void *arg)
{
	struct system *sys = arg;
	struct provision *p = sys->provision;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_enrol_tag };

	if (clock_mono_ms() >= p->until_ms) {
		finish(sys, LOBBY_ERR_UNREACHABLE, N_("clinic: it could not be reached. Is the network right?"));
		return;
	}
	/* It may be late, or not answer: ask again. */
	loop_timer_set(sys->loop, &p->timer, sys->sync_there ? SILENCE_MS : AGAIN_MS, ask_sync, sys);
	if (!sys->sync_there)
		return;
	p->asked = true;
	envelope.body.enrol = p->file.enrol;
	wire_server_broadcast(sys->server, lobby_Program_PROGRAM_SYNC, &envelope);
	sodium_memzero(&envelope, sizeof(envelope));
}

void provision_enrolled(struct system *sys, const lobby_Enrolled *enrolled)
{
	struct provision *p = sys->provision;

	if (p->token == 0 || !p->asked)
		return;
	p->asked = false;
	if (enrolled->err == 0)
		finish_well(sys);
	else if (enrolled->err == LOBBY_ERR_UNREACHABLE || enrolled->err == LOBBY_ERR_TIMEOUT ||
		 enrolled->err == LOBBY_ERR_BUSY)
		loop_timer_set(sys->loop, &p->timer, AGAIN_MS, ask_sync, sys);
	else
		finish(sys, enrolled->err, enrolled->text);
}

static void enrol(struct system *sys)
{
	struct provision *p = sys->provision;

	if (p->file.enrol.url[0] == '\0') {
		finish_well(sys);
		return;
	}
	p->until_ms = clock_mono_ms() + ENROL_MS;
	ask_sync(sys);
}

static void on_network(struct system *sys, int err, const char *text)
{
	if (err != 0)
		finish(sys, err, text);
	else
		enrol(sys);
}

/* Four digits that are this machine's and stay: of its first cable's address. */
static void machine_digits(const struct system *sys, char out[5])
{
	char folder[256], path[640], *text = NULL, first[256] = "", digest[64];
	uint8_t hash[crypto_generichash_BYTES_MIN];
	struct dirent *entry;
	size_t len = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/class/net", sys->options.sys);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "e", 1) == 0 && (first[0] == '\0' || strcmp(entry->d_name, first) < 0))
			text_copy(first, sizeof(first), entry->d_name);
	if (dir != NULL)
		closedir(dir);
	snprintf(path, sizeof(path), "%s/%s/address", folder, first);
	if (first[0] == '\0' || file_read(path, 64, &text, &len) != 0)
		text = NULL;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)(text != NULL ? text : ""),
			   text != NULL ? len : 0, NULL, 0);
	snprintf(digest, sizeof(digest), "%04u", (unsigned)(hash[0] << 8 | hash[1]) % 10000);
	text_copy(out, 5, digest);
	free(text);
}

static int begin(struct system *sys, char *why, size_t size)
{
	struct provision *p = sys->provision;
	char digits[5], name[sizeof(p->file.enrol.name)];
	size_t len = 0;
	const char *text = stick_provisioning(sys, &len);
	int err;

	snprintf(why, size, N_("There is no signed stick with a provisioning file."));
	if (text == NULL)
		return LOBBY_ERR_NOT_FOUND;
	err = provfile_parse(text, len, &p->file, why, size);
	if (err != 0)
		return err;
	machine_digits(sys, digits);
	provfile_name(p->file.enrol.name, digits, name, sizeof(name));
	text_copy(p->file.enrol.name, sizeof(p->file.enrol.name), name);
	if (p->file.has_panel) {
		err = efipanel_set(sys, &p->file.panel, why, size);
		if (err != 0)
			return err;
	}
	if (p->file.has_network)
		return network_set(sys, &p->file.network, on_network, why, size);
	return 0;
}

void provision_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	struct provision *p = sys->provision;
	char why[SYSTEM_TEXT] = "";
	int err;

	if (p->token != 0 || !sys->state_ready) {
		system_answer(conn, command, LOBBY_ERR_BUSY, N_("It is still busy with this. Try again in a moment."));
		return;
	}
	p->token = system_defer(sys, conn, command);
	if (p->token == 0)
		return;
	err = begin(sys, why, sizeof(why));
	if (err != 0)
		finish(sys, err, why);
	else if (!p->file.has_network)
		enrol(sys);
}

void provision_set_up_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	int err;

	if (!sys->state_ready) {
		system_answer(conn, command, LOBBY_ERR_BUSY,
			      N_("The state partition is still being opened. Try again."));
		return;
	}
	sys->provision->set_up = true;
	if (command->language[0] != '\0' && efipanel_is_language(command->language))
		text_copy(sys->provision->language, sizeof(sys->provision->language), command->language);
	err = keep(sys);
	efipanel_language(sys, sys->provision->language);
	system_answer(conn, command, err, NULL);
}

/* ---- the part ---------------------------------------------------------------------------------------------------- */

int provision_init(struct system *sys)
{
	sys->provision = calloc(1, sizeof(*sys->provision));
	return sys->provision != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

void provision_fini(struct system *sys)
{
	if (sys->provision == NULL)
		return;
	loop_timer_cancel(sys->loop, &sys->provision->timer);
	sodium_memzero(sys->provision, sizeof(*sys->provision));
	free(sys->provision);
	sys->provision = NULL;
}

void provision_fill(struct system *sys, lobby_SystemState *state)
{
	const struct provision *p = sys->provision;

	state->set_up = p->set_up;
	text_copy(state->language, sizeof(state->language), p->language);
	text_copy(state->time_zone, sizeof(state->time_zone), p->time_zone);
}
