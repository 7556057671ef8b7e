/* lobbyctl system: the box in plain words. Exit status 1 when something is wrong, like lobbyctl status. */
#include "ctl.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 300
#define PATIENCE_MS 3000
#define LITTLE_KB (100 * 1024) /* free on the disk */
#define HOT_C 85
#define CLOCK_WRONG_MS 2000

static void print_span(int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 7200)
		printf("%" PRId64 " min", s < 0 ? 0 : s / 60);
	else if (s < 172800)
		printf("%" PRId64 " h", s / 3600);
	else
		printf("%" PRId64 " days", s / 86400);
}

static int print_version(const lobby_SystemState *s)
{
	printf("Version:  %s", s->version);
	if (s->slot[0] == '\0')
		printf(", not an appliance");
	else if (s->other_version[0] != '\0')
		printf(" in slot %s; the other slot has %s", s->slot, s->other_version);
	else
		printf(" in slot %s; NOTHING THAT STARTS in the other", s->slot);
	printf("\n");
	if (s->development)
		printf("          Signed with DEVELOPMENT KEYS: anybody can make such an image.\n");
	if (s->machine[0] != '\0')
		printf("Machine:  %s\n", s->machine);
	printf("Running:  ");
	print_span(clock_wall_ms() - s->booted_ms);
	printf("\n");
	if (s->slot[0] != '\0')
		printf("Start:    Secure Boot is %s\n",
		       s->secure_boot ? "on" : "OFF: it starts whatever is on its disk");
	return s->slot[0] != '\0' && s->other_version[0] == '\0';
}

static int print_state(const lobby_SystemState *s)
{
	static const char *const words[] = { "not there yet", "encrypted, opened by this machine's TPM",
					     "encrypted, but its key lies beside it: this machine has no TPM",
					     "IN MEMORY ONLY: visits are lost at the next restart" };
	bool little = s->state_total_kb > 0 && s->state_free_kb < LITTLE_KB;

	if (s->state_total_kb > 0)
		printf("Disk:     %" PRIu64 " of %" PRIu64 " MB free%s\n", s->state_free_kb / 1024,
		       s->state_total_kb / 1024, little ? ": ALMOST FULL" : "");
	if (s->slot[0] == '\0')
		return little;
	printf("          %s\n", (size_t)s->protection < sizeof(words) / sizeof(words[0]) ? words[s->protection] : "?");
	if (s->protection_text[0] != '\0')
		printf("          %s\n", s->protection_text);
	return little + (s->protection == lobby_Protection_PROTECTION_MEMORY);
}

static int print_clock(const lobby_SystemState *s)
{
	bool wrong = s->clock_error_ms > CLOCK_WRONG_MS || s->clock_error_ms < -CLOCK_WRONG_MS;

	if (s->slot[0] == '\0')
		return 0;
	printf("Clock:    %s", s->clock_right ? "right" : "not synchronised since the start");
	if (s->clock_error_ms != 0)
		printf(", last %" PRId64 " ms %s", s->clock_error_ms < 0 ? -s->clock_error_ms : s->clock_error_ms,
		       s->clock_error_ms < 0 ? "slow" : "fast");
	printf("\n");
	return wrong;
}

static int print_heat(const lobby_SystemState *s)
{
	bool hot = s->has_temperature && s->temperature_c >= HOT_C;

	printf("Memory:   %" PRIu32 " MB in use\n", s->memory_used_kb / 1024);
	if (s->has_temperature)
		printf("Heat:     %d °C%s\n", (int)s->temperature_c, hot ? ": TOO HOT" : "");
	return hot;
}

static const char *link_trouble(const lobby_Link *l)
{
	static const char *const words[] = {
		[lobby_LinkTrouble_LINK_PASSPHRASE] = ": the Wi-Fi did not accept the passphrase",
		[lobby_LinkTrouble_LINK_AWAY] = ": the Wi-Fi is not in reach",
		[lobby_LinkTrouble_LINK_REFUSED] = ": the Wi-Fi turned this kiosk away",
	};

	return (size_t)l->trouble < sizeof(words) / sizeof(words[0]) && words[l->trouble] != NULL ? words[l->trouble]
												  : "";
}

static void print_links(const lobby_SystemState *s)
{
	for (pb_size_t i = 0; i < s->link_count; i++) {
		const lobby_Link *l = &s->link[i];

		printf("Network:  %s, %s", l->name, l->kind == lobby_LinkKind_LINK_WIRELESS ? "Wi-Fi" : "cable");
		if (l->ssid[0] != '\0')
			printf(" \"%s\"", l->ssid);
		if (!l->up)
			printf(", %s", l->kind == lobby_LinkKind_LINK_WIRELESS ? "not joined" : "no cable plugged in");
		else
			printf(", %s", l->address[0] != '\0' ? l->address : "no address yet");
		printf("%s\n", link_trouble(l));
	}
	if (s->link_count == 0)
		printf("Network:  none found\n");
}

static void print_panel(const lobby_SystemState *s)
{
	if (s->slot[0] == '\0')
		return;
	printf("Panel:    %s%s%s, turned by %" PRIu32 "°\n",
	       s->panel.connector[0] != '\0' ? s->panel.connector : "the first that is found",
	       s->panel.mode[0] != '\0' ? ", " : "", s->panel.mode, s->panel.rotation);
	if (s->stick.state != lobby_StickState_STICK_NONE)
		printf("Stick:    %s%s%s\n",
		       s->stick.state == lobby_StickState_STICK_TRUSTED	  ? "a technician's"
		       : s->stick.state == lobby_StickState_STICK_REFUSED ? "REFUSED"
									  : "being looked at",
		       s->stick.text[0] != '\0' ? ": " : "", s->stick.text);
}

static int print_update(const lobby_SystemState *s)
{
	static const char *const words[] = { "none",
					     "waits until nobody is at the screen",
					     "being installed",
					     "installed, starts when nobody is at the screen",
					     "runs on trial",
					     "good",
					     "FELL BACK",
					     "REFUSED" };
	const lobby_Update *u = &s->update;

	if (s->slot[0] == '\0')
		return 0;
	printf("Update:   %s%s%s", u->version, u->version[0] != '\0' ? ": " : "",
	       (size_t)u->stage < sizeof(words) / sizeof(words[0]) ? words[u->stage] : "?");
	if (u->stage == lobby_UpdateStage_UPDATE_INSTALLING)
		printf(", %" PRIu32 " %%", u->percent);
	printf("\n");
	if (u->text[0] != '\0')
		printf("          %s\n", u->text);
	return u->stage == lobby_UpdateStage_UPDATE_FELL_BACK || u->stage == lobby_UpdateStage_UPDATE_REFUSED;
}

static int show(void)
{
	struct ctl_ask ask = { .socket = "system.sock",
			       .program = "lobby-system",
			       .wanted = lobby_Envelope_system_state_tag,
			       .connect_ms = CONNECT_MS,
			       .patience_ms = PATIENCE_MS };
	const lobby_SystemState *s = &ask.answer.body.system_state;
	int wrong;

	if (ctl_ask(&ask) != 0)
		return 1;
	wrong = print_version(s);
	wrong += print_state(s);
	wrong += print_heat(s);
	wrong += print_clock(s);
	print_links(s);
	print_panel(s);
	wrong += print_update(s);
	printf(wrong == 0 ? "All well.\n" : "%d thing%s to look at.\n", wrong, wrong == 1 ? "" : "s");
	return wrong == 0 ? 0 : 1;
}

/* ---- commands ---- */

static int command(lobby_SystemDo what, const char *path)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };
	lobby_SystemCommand *c = &envelope.body.system_command;
	struct ctl_ask ask = { .socket = "system.sock",
			       .program = "lobby-system",
			       .send = &envelope,
			       .wanted = lobby_Envelope_system_answer_tag,
			       .connect_ms = CONNECT_MS,
			       .patience_ms = 60000 };
	const lobby_SystemAnswer *answer = &ask.answer.body.system_answer;

	c->request = 1;
	c->what = what;
	if (path != NULL && strlen(path) >= sizeof(c->path)) {
		fputs("The name is too long.\n", stderr);
		return 2;
	}
	if (path != NULL)
		snprintf(c->path, sizeof(c->path), "%s", path);
	if (ctl_ask(&ask) != 0)
		return 1;
	fprintf(answer->err != 0 ? stderr : stdout, "%s\n", answer->text[0] != '\0' ? answer->text : "Done.");
	return answer->err != 0 ? 1 : 0;
}

static const struct {
	const char *name;
	lobby_SystemDo what;
	bool path;
} commands[] = {
	{ "restart", lobby_SystemDo_SYSTEM_RESTART, false },
	{ "restart-now", lobby_SystemDo_SYSTEM_RESTART_NOW, false },
	{ "power-off", lobby_SystemDo_SYSTEM_POWER_OFF, false },
	{ "install", lobby_SystemDo_SYSTEM_INSTALL, true },
	{ "install-stick", lobby_SystemDo_SYSTEM_INSTALL_STICK, false },
	{ "logs-to-stick", lobby_SystemDo_SYSTEM_LOGS_TO_STICK, false },
	{ "provision", lobby_SystemDo_SYSTEM_PROVISION, false },
	{ "wipe", lobby_SystemDo_SYSTEM_WIPE, false },
};

int ctl_system(int argc, char **argv)
{
	if (argc == 0)
		return show();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[0], commands[i].name) == 0 && argc == (commands[i].path ? 2 : 1))
			return command(commands[i].what, commands[i].path ? argv[1] : NULL);
	fputs("Usage: lobbyctl system [restart|restart-now|power-off|install "
	      "BUNDLE|install-stick|logs-to-stick|provision|"
	      "wipe]\n",
	      stderr);
	return 2;
}
