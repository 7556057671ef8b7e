/* lobbyctl enrol: hands address and code to lobby-sync, which does the work, and says what came of it. */
#include "ctl.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Longer than lobby-sync waits for the clinic. */
#define PATIENCE_MS 40000
#define CONNECT_MS 3000 /* the kiosk may be starting */

static int usage(void)
{
	fputs("Usage: lobbyctl enrol URL CODE [--name NAME]\n"
	      "  URL    the clinic server, like https://clinic.example:8443\n"
	      "  CODE   from the desk's Kiosks page, like 7QXK-M2PD-9TRA (good for ten minutes, once)\n"
	      "  NAME   what the desk calls this kiosk, like \"Lobby 1\"\n",
	      stderr);
	return 2;
}

int ctl_enrol(int argc, char **argv)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_enrol_tag };
	lobby_Enrol *enrol = &envelope.body.enrol;
	struct ctl_ask ask = { .socket = "sync.sock",
			       .program = "lobby-sync",
			       .send = &envelope,
			       .wanted = lobby_Envelope_enrolled_tag,
			       .connect_ms = CONNECT_MS,
			       .patience_ms = PATIENCE_MS };
	const char *words[2] = { NULL, NULL }, *name = "";
	int count = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--name") == 0 && i + 1 < argc)
			name = argv[++i];
		else if (strncmp(argv[i], "--name=", 7) == 0)
			name = argv[i] + 7;
		else if (argv[i][0] == '-' || count == 2)
			return usage();
		else
			words[count++] = argv[i];
	}
	if (count != 2)
		return usage();
	if (!text_copy(enrol->url, sizeof(enrol->url), words[0]) ||
	    !text_copy(enrol->code, sizeof(enrol->code), words[1]) ||
	    !text_copy(enrol->name, sizeof(enrol->name), name)) {
		fputs("The address, the code or the name is too long.\n", stderr);
		return 2;
	}
	if (ctl_ask(&ask) != 0)
		return 1;
	fprintf(ask.answer.body.enrolled.err ? stderr : stdout, "%s\n", ask.answer.body.enrolled.text);
	return ask.answer.body.enrolled.err ? 1 : 0;
}
