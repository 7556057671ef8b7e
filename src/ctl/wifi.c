/* lobbyctl wifi: looks for networks, and joins one. The passphrase comes from standard input, so that it stands in no
 * list of processes and no history. */
#include "ctl.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_MS 3000
#define PATIENCE_MS 3000
#define COMMAND_MS 100000

static int send_command(lobby_Envelope *envelope, bool quiet)
{
	struct ctl_ask ask = { .socket = "system.sock",
			       .program = "lobby-system",
			       .send = envelope,
			       .wanted = lobby_Envelope_system_answer_tag,
			       .connect_ms = CONNECT_MS,
			       .patience_ms = COMMAND_MS };
	const lobby_SystemAnswer *answer = &ask.answer.body.system_answer;

	envelope->body.system_command.request = 1;
	if (ctl_ask(&ask) != 0)
		return 1;
	if (answer->err != 0 || !quiet)
		fprintf(answer->err != 0 ? stderr : stdout, "%s\n", answer->text[0] != '\0' ? answer->text : "Done.");
	return answer->err != 0 ? 1 : 0;
}

static int look(void)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };
	struct ctl_ask ask = { .socket = "system.sock",
			       .program = "lobby-system",
			       .wanted = lobby_Envelope_system_state_tag,
			       .connect_ms = CONNECT_MS,
			       .patience_ms = PATIENCE_MS };
	const lobby_SystemState *s = &ask.answer.body.system_state;

	envelope.body.system_command.what = lobby_SystemDo_SYSTEM_LOOK_WIRELESS;
	if (send_command(&envelope, true) != 0 || ctl_ask(&ask) != 0)
		return 1;
	for (pb_size_t i = 0; i < s->wireless_count; i++)
		printf("%3u %%  %-9s %s\n", (unsigned)s->wireless[i].percent,
		       s->wireless[i].unfit    ? "unfit"
		       : s->wireless[i].locked ? "locked"
					       : "open",
		       s->wireless[i].ssid);
	if (s->wireless_count == 0)
		printf("No network was found.\n");
	return 0;
}

static int join(const char *ssid)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };
	lobby_SystemCommand *c = &envelope.body.system_command;
	char line[sizeof(c->network.passphrase) + 2] = "";
	int status = 2;

	c->what = lobby_SystemDo_SYSTEM_SET_NETWORK;
	c->has_network = true;
	if (fgets(line, sizeof(line), stdin) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (text_copy(c->network.ssid, sizeof(c->network.ssid), ssid) &&
	    text_copy(c->network.passphrase, sizeof(c->network.passphrase), line))
		status = send_command(&envelope, false);
	else
		fputs("The name or the passphrase is too long.\n", stderr);
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&envelope, sizeof(envelope));
	return status;
}

int ctl_wifi(int argc, char **argv)
{
	if (argc == 0)
		return look();
	if (argc == 2 && strcmp(argv[0], "join") == 0)
		return join(argv[1]);
	fputs("Usage: lobbyctl wifi [join NAME]\n", stderr);
	return 2;
}
