/* lobbyctl fleet: every kiosk of a clinic in a line each, from anywhere that reaches the clinic's server.
 *
 * The server's certificate is its own, so it is known by its fingerprint: the first time one is asked whether it is the
 * right one (lobby-clinic prints it, `lobby-clinic fingerprint`), and it is remembered beside other settings of this
 * user. No name or password goes to a server that is not the one. */
#include "ctl.h"

#include "fleet_table.h"
#include "https.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define KNOWN_MAX 65536
#define COULD_NOT 2

struct wanted {
	const char *url, *name, *fingerprint;
	bool as_json;
};

static int usage(void)
{
	fputs("Usage: lobbyctl fleet URL [--name NAME] [--fingerprint HEX] [--json]\n"
	      "  URL            the clinic server, like https://clinic.example:8443\n"
	      "  --name         who signs in at the desk's page; or $LOBBY_USER; else asked for\n"
	      "  --fingerprint  of the server's certificate (lobby-clinic fingerprint); else the one known, or asked "
	      "for\n"
	      "The password is in $LOBBY_PASSWORD, or asked for.\n"
	      "Exit status: 0 all well, 1 a kiosk or an update needs a look, 2 it could not be asked.\n",
	      stderr);
	return COULD_NOT;
}

/* ---- which server ---- */

static int known_path(char *out, size_t size, bool make)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int len;

	if (config != NULL && *config != '\0')
		len = snprintf(out, size, "%s/lobby", config);
	else
		len = snprintf(out, size, "%s/.config/lobby", home != NULL ? home : "");
	if (len < 0 || (size_t)len + sizeof("/clinics") > size || (home == NULL && config == NULL))
		return LOBBY_ERR_TOO_LONG;
	if (make && file_make_folder(out, 0700) != 0)
		return LOBBY_ERR_IO;
	snprintf(out + len, size - (size_t)len, "/clinics");
	return 0;
}

/* Lines of "URL FINGERPRINT", the last one counts. */
static bool look_up(const char *url, char fingerprint[65])
{
	char path[4096], *text = NULL, *rest = NULL;
	size_t len, url_len = strlen(url);
	bool found = false;

	if (known_path(path, sizeof(path), false) != 0 || file_read(path, KNOWN_MAX, &text, &len) != 0)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, url, url_len) == 0 && line[url_len] == ' ' && strlen(line + url_len + 1) == 64) {
			text_copy(fingerprint, 65, line + url_len + 1);
			found = true;
		}
	}
	free(text);
	return found;
}

static void remember(const char *url, const char *fingerprint)
{
	char path[4096];
	FILE *out;

	if (known_path(path, sizeof(path), true) != 0 || (out = fopen(path, "a")) == NULL)
		return;
	fprintf(out, "%s %s\n", url, fingerprint);
	if (fclose(out) != 0)
		fprintf(stderr, "It could not be remembered in %s.\n", path);
}

/* A line from the terminal, "" if there is none to ask. */
static void ask(const char *question, bool hidden, char *out, size_t size)
{
	struct termios before, quiet;
	bool changed = false;

	out[0] = '\0';
	if (!isatty(STDIN_FILENO))
		return;
	fputs(question, stderr);
	if (hidden && tcgetattr(STDIN_FILENO, &before) == 0) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		changed = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
	}
	if (fgets(out, (int)size, stdin) == NULL)
		out[0] = '\0';
	if (changed) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	out[strcspn(out, "\r\n")] = '\0';
}

static bool trust(const struct wanted *w, const char *url, const char *seen)
{
	char known[65] = "", answer[16];

	if (w->fingerprint != NULL)
		text_copy(known, sizeof(known), w->fingerprint);
	else if (!look_up(url, known)) {
		fprintf(stderr, "%s shows a certificate with the fingerprint\n  %s\n", url, seen);
		ask("Is that what `lobby-clinic fingerprint` prints at the clinic? (yes/no) ", false, answer,
		    sizeof(answer));
		if (strcmp(answer, "yes") != 0 && strcmp(answer, "y") != 0) {
			fputs("Not asked any further. To say it beforehand: --fingerprint HEX\n", stderr);
			return false;
		}
		remember(url, seen);
		return true;
	}
	if (strcasecmp(known, seen) == 0)
		return true;
	fprintf(stderr,
		"This is not the clinic's server, or its certificate is a new one: it shows\n  %s\n"
		"and should show\n  %s\n",
		seen, known);
	return false;
}

/* ---- asking ---- */

static int sign_in(struct https *server, const struct wanted *w)
{
	const char *name = w->name != NULL ? w->name : getenv("LOBBY_USER"), *password = getenv("LOBBY_PASSWORD");
	char typed_name[65], typed[257], *body = NULL;
	json_t *json, *answer = NULL;
	int status;

	if (name == NULL) {
		ask("Name: ", false, typed_name, sizeof(typed_name));
		name = typed_name;
	}
	if (password == NULL) {
		ask("Password: ", true, typed, sizeof(typed));
		password = typed;
	}
	json = json_pack("{ss ss}", "name", name, "password", password);
	body = json != NULL ? json_dumps(json, 0) : NULL;
	status = body != NULL ? https_ask(server, "/desk/api/sign-in", body, &answer) : COULD_NOT;
	if (body != NULL)
		sodium_memzero(body, strlen(body));
	sodium_memzero(typed, sizeof(typed));
	free(body);
	json_decref(json);
	json_decref(answer);
	return status;
}

static int show(struct https *server, const struct wanted *w)
{
	json_t *fleet = NULL, *bye = NULL;
	int status = sign_in(server, w);

	if (status != 0)
		return status;
	status = https_ask(server, "/desk/api/fleet", NULL, &fleet);
	if (https_ask(server, "/desk/api/sign-out", "{}", &bye) == 0)
		json_decref(bye);
	if (status != 0)
		return status;
	if (w->as_json) {
		json_dumpf(fleet, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	status = fleet_table_print(fleet, w->as_json ? NULL : stdout) > 0;
	json_decref(fleet);
	return fflush(stdout) == 0 ? status : COULD_NOT;
}

/* "clinic.example:8443/" -> "https://clinic.example:8443" */
static bool read_url(const char *typed, char *out, size_t size)
{
	bool has_scheme = strncasecmp(typed, "https://", 8) == 0;
	size_t len = strcspn(typed, "#");

	while (len > 0 && typed[len - 1] == '/')
		len--;
	if (len == 0 || (!has_scheme && strstr(typed, "://") != NULL) || strcspn(typed, " \t\r\n") < len)
		return false;
	return snprintf(out, size, "%s%.*s", has_scheme ? "" : "https://", (int)len, typed) < (int)size;
}

static bool parse(int argc, char **argv, struct wanted *w)
{
	for (int i = 0; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--name") == 0 && more)
			w->name = argv[++i];
		else if (strcmp(argv[i], "--fingerprint") == 0 && more)
			w->fingerprint = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			w->as_json = true;
		else if (argv[i][0] == '-' || w->url != NULL)
			return false;
		else
			w->url = argv[i];
	}
	return w->url != NULL;
}

int ctl_fleet(int argc, char **argv)
{
	struct wanted w = { 0 };
	struct https *server;
	char url[300], seen[65];
	int status = COULD_NOT;

	if (!parse(argc, argv, &w))
		return usage();
	if (!read_url(w.url, url, sizeof(url))) {
		fputs("That is no address of a clinic server, like https://clinic.example:8443\n", stderr);
		return COULD_NOT;
	}
	server = https_new(url, seen);
	if (server == NULL) {
		fprintf(stderr, "%s does not answer.\n", url);
		return COULD_NOT;
	}
	if (trust(&w, url, seen))
		status = show(server, &w);
	https_free(server);
	return status;
}
