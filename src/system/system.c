/* See system.h: the server, the dispatch and the one place where SystemState is put together. Parts are asked for their
 * fields afresh each time, so that there is no copy that could be stale; what has not changed is not sent. */
#include "system.h"

#include "facts.h"
#include "provision.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/notify.h"
#include "base/text.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_MS 60000
#define NOT_HERE N_("This machine is not a Lobby appliance.")

bool system_is_appliance(const struct system *sys)
{
	return sys->boot.slot[0] != '\0';
}

int system_state_path(const struct system *sys, char *out, size_t size, const char *name)
{
	const char *folder = sys->options.state != NULL ? sys->options.state : SYSTEM_STATE;

	return snprintf(out, size, "%s/%s", folder, name) < (int)size ? 0 : LOBBY_ERR_TOO_LONG;
}

bool system_nobody_for(const struct system *sys, int64_t ms)
{
	return sys->nobody_since_ms >= 0 && clock_mono_ms() - sys->nobody_since_ms >= ms;
}

/* ---- telling ---- */

static void gather(struct system *sys, lobby_SystemState *state)
{
	memset(state, 0, sizeof(*state));
	for (size_t i = 0; i < system_part_count; i++)
		if (system_parts[i].fill != NULL)
			system_parts[i].fill(sys, state);
}

/* As a peer would see it. */
static bool is_told(const struct system *sys, const lobby_Envelope *envelope)
{
	static uint8_t bytes[2][WIRE_MAX_PACKET];
	static lobby_Envelope told;
	int len, told_len;

	told.which_body = lobby_Envelope_system_state_tag;
	told.body.system_state = sys->told;
	told_len = wire_encode(&told, bytes[0], sizeof(bytes[0]));
	len = wire_encode(envelope, bytes[1], sizeof(bytes[1]));
	return len >= 0 && len == told_len && memcmp(bytes[0], bytes[1], (size_t)len) == 0;
}

static void tell_now(void *arg)
{
	struct system *sys = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_state_tag };

	gather(sys, &envelope.body.system_state);
	if (is_told(sys, &envelope))
		return;
	sys->told = envelope.body.system_state;
	wire_server_broadcast(sys->server, lobby_Program_PROGRAM_UNKNOWN, &envelope);
}

void system_changed(struct system *sys)
{
	if (!sys->tell.armed)
		loop_timer_set(sys->loop, &sys->tell, 0, tell_now, sys);
}

void system_tell(struct system *sys)
{
	tell_now(sys);
}

static void look_again(void *arg)
{
	struct system *sys = arg;

	loop_timer_set(sys->loop, &sys->look, LOOK_MS, look_again, sys);
	tell_now(sys);
}

void system_state_ready(struct system *sys)
{
	if (sys->state_ready)
		return;
	sys->state_ready = true;
	notify_ready(sys->loop); /* lobby-sync and the journal wait for it */
	for (size_t i = 0; i < system_part_count; i++)
		if (system_parts[i].ready != NULL)
			system_parts[i].ready(sys);
	system_changed(sys);
}

/* ---- answers ---- */

static void send_answer(struct wire_conn *conn, uint32_t request, int err, const char *text)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_answer_tag };
	lobby_SystemAnswer *answer = &envelope.body.system_answer;

	answer->request = request;
	answer->err = err;
	text_copy(answer->text, sizeof(answer->text), text != NULL ? text : err != 0 ? err_staff_text(err) : "");
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_INFO, "answer-untold", "peer=%d", (int)conn->peer);
}

void system_answer(struct wire_conn *conn, const lobby_SystemCommand *command, int err, const char *text)
{
	send_answer(conn, command->request, err, text);
}

uint32_t system_defer(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	for (int i = 0; i < SYSTEM_LATER; i++) {
		struct system_later *later = &sys->later[i];

		if (later->token != 0)
			continue;
		if (++sys->last_token == 0)
			sys->last_token = 1;
		*later = (struct system_later){ conn, sys->last_token, command->request };
		return later->token;
	}
	system_answer(conn, command, LOBBY_ERR_BUSY, NULL);
	return 0;
}

void system_answer_later(struct system *sys, uint32_t token, int err, const char *text)
{
	for (int i = 0; i < SYSTEM_LATER; i++) {
		struct system_later *later = &sys->later[i];

		if (token == 0 || later->token != token)
			continue;
		if (later->conn != NULL)
			send_answer(later->conn, later->request, err, text);
		later->token = 0;
		later->conn = NULL;
	}
}

/* ---- commands ---- */

static void take_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	const struct system_command *row =
		(size_t)command->what < system_command_count ? &system_commands[command->what] : NULL;
	bool allowed = row != NULL && (row->from & (1u << conn->peer)) != 0;

	log_event(LOG_NOTICE, "command", "what=%s peer=%d allowed=%d", row != NULL ? row->name : "?", (int)conn->peer,
		  allowed);
	if (row == NULL)
		system_answer(conn, command, LOBBY_ERR_INVALID, NULL);
	else if (!allowed)
		system_answer(conn, command, LOBBY_ERR_FORBIDDEN, N_("This program may not ask for that."));
	else if (row->appliance && !system_is_appliance(sys) && !(row->installer && sys->boot.installer))
		system_answer(conn, command, LOBBY_ERR_INVALID, NOT_HERE);
	else if (row->run == NULL)
		system_answer(conn, command, LOBBY_ERR_INVALID, N_("This version of Lobby cannot do that."));
	else
		row->run(sys, conn, command);
}

/* ---- peers ---- */

/* The programs run as users of their own, so that one that was taken over cannot ask in another's name: lobby-sync,
 * which listens to the network, cannot wipe. A machine without these users (a desk machine) has only one. */
static bool is_who_it_says(const struct wire_conn *conn)
{
	static const char *const users[] = { [lobby_Program_PROGRAM_KIOSK] = "lobby-kiosk",
					     [lobby_Program_PROGRAM_DEVICES] = "lobby-devices",
					     [lobby_Program_PROGRAM_SYNC] = "lobby-sync",
					     [lobby_Program_PROGRAM_CTL] = "root" };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct passwd *user;

	if (getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	if (cred.uid == 0)
		return true;
	if ((size_t)conn->peer >= sizeof(users) / sizeof(users[0]) || users[conn->peer] == NULL)
		return false;
	user = getpwnam(users[conn->peer]);
	return user == NULL || user->pw_uid == cred.uid;
}

/* Tells the parts, and keeps how long nobody has been at the screen. A kiosk that is not there has nobody in front. */
static void heard(struct system *sys)
{
	bool somebody = sys->kiosk_there && sys->kiosk_spoke && sys->kiosk.screen == lobby_KioskScreen_KIOSK_IN_USE;

	if (somebody)
		sys->nobody_since_ms = -1;
	else if (sys->nobody_since_ms < 0)
		sys->nobody_since_ms = clock_mono_ms();
	for (size_t i = 0; i < system_part_count; i++)
		if (system_parts[i].heard != NULL)
			system_parts[i].heard(sys);
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct system *sys = arg;
	lobby_Envelope answer = { .which_body = lobby_Envelope_ping_tag };

	if (envelope->which_body == lobby_Envelope_system_command_tag && is_who_it_says(conn)) {
		take_command(sys, conn, &envelope->body.system_command);
	} else if (envelope->which_body == lobby_Envelope_kiosk_state_tag &&
		   conn->peer == lobby_Program_PROGRAM_KIOSK && is_who_it_says(conn)) {
		sys->kiosk = envelope->body.kiosk_state;
		sys->kiosk_spoke = true;
		heard(sys);
	} else if (envelope->which_body == lobby_Envelope_sync_state_tag && conn->peer == lobby_Program_PROGRAM_SYNC &&
		   is_who_it_says(conn)) {
		sys->sync = envelope->body.sync_state;
		sys->sync_spoke = true;
		heard(sys);
	} else if (envelope->which_body == lobby_Envelope_enrolled_tag && conn->peer == lobby_Program_PROGRAM_SYNC &&
		   is_who_it_says(conn)) {
		provision_enrolled(sys, &envelope->body.enrolled);
	} else if (envelope->which_body == lobby_Envelope_ping_tag) {
		answer.body.ping = (lobby_Ping){ .number = envelope->body.ping.number, .answer = true };
		if (!envelope->body.ping.answer && wire_send(conn, &answer) != 0)
			log_event(LOG_INFO, "ping-unanswered", "peer=%d", (int)conn->peer);
	} else {
		log_event(LOG_WARNING, "wire-unexpected", "tag=%d peer=%d", (int)envelope->which_body, (int)conn->peer);
	}
}

static void note_peer(struct system *sys, const struct wire_conn *conn, bool up)
{
	if (conn->peer == lobby_Program_PROGRAM_KIOSK) {
		sys->kiosk_there = up;
		sys->kiosk_spoke = false;
		sys->kiosk = (lobby_KioskState)lobby_KioskState_init_zero;
	} else if (conn->peer == lobby_Program_PROGRAM_SYNC) {
		sys->sync_there = up;
		sys->sync_spoke = false;
	} else {
		return;
	}
	heard(sys);
}

static void on_peer(void *arg, struct wire_conn *conn, bool up)
{
	struct system *sys = arg;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_state_tag };

	if (!up) {
		for (int i = 0; i < SYSTEM_LATER; i++)
			if (sys->later[i].conn == conn)
				sys->later[i].conn = NULL;
		note_peer(sys, conn, false);
		return;
	}
	tell_now(sys);
	envelope.body.system_state = sys->told;
	if (wire_send(conn, &envelope) != 0)
		log_event(LOG_INFO, "state-untold", "peer=%d", (int)conn->peer);
	if (is_who_it_says(conn))
		note_peer(sys, conn, true);
}

/* ---- start and end ---- */

static const char *or_else(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

void system_set_options(struct system *sys, const struct system_options *options)
{
	sys->options = (struct system_options){
		.esp = options->esp,
		.state = options->state,
		.release = or_else(options->release, "/usr/lib/lobby/release"),
		.boot = or_else(options->boot, "/run/lobby-boot"),
		.rauc = or_else(options->rauc, "rauc"),
		.sys = or_else(options->sys, "/sys"),
		.proc = or_else(options->proc, "/proc"),
		.stick = options->stick,
		.stick_key = or_else(options->stick_key, "/usr/share/lobby/keys/stick.pub"),
		.support_key = or_else(options->support_key, "/usr/share/lobby/keys/support.pub"),
		.efivars = or_else(options->efivars, "/sys/firmware/efi/efivars"),
		.networkd = or_else(options->networkd, "/run/systemd/network"),
		.power = or_else(options->power, "systemctl"),
		.install = or_else(options->install, "/install"),
		.dev = or_else(options->dev, "/dev"),
	};
}

int system_init(struct system *sys, struct loop *loop, const struct system_options *options, const char *path)
{
	memset(sys, 0, sizeof(*sys));
	sys->loop = loop;
	sys->links_fd = -1;
	sys->started_ms = sys->nobody_since_ms = clock_mono_ms();
	system_set_options(sys, options);
	facts_read_boot(&sys->boot, sys->options.release, sys->options.boot);
	sys->server = wire_server_new(loop, path, lobby_Program_PROGRAM_SYSTEM, on_message, on_peer, sys);
	if (sys->server == NULL)
		return LOBBY_ERR_IO;
	for (size_t i = 0; i < system_part_count; i++) {
		int err = system_parts[i].init(sys);

		if (err != 0) {
			log_event(LOG_ERROR, "part", "name=%s error=%s", system_parts[i].name, err_event(err));
			system_fini(sys);
			return err;
		}
	}
	if (!sys->state_pending)
		system_state_ready(sys);
	look_again(sys);
	return 0;
}

void system_fini(struct system *sys)
{
	if (sys->server == NULL)
		return;
	wire_server_free(sys->server);
	sys->server = NULL;
	for (size_t i = system_part_count; i-- > 0;)
		if (system_parts[i].fini != NULL)
			system_parts[i].fini(sys);
	loop_timer_cancel(sys->loop, &sys->tell);
	loop_timer_cancel(sys->loop, &sys->look);
}
