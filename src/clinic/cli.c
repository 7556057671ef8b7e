/* The command line of lobby-clinic: one table of commands, one of options. Commands other than serve work on the same
 * store beside a running server, which notices within a quarter of a second. */
#include "cli.h"

#include "arrivals.h"
#include "cli_update.h"
#include "clinic.h"
#include "day.h"
#include "demo.h"
#include "http.h"
#include "import.h"
#include "issuers.h"
#include "kiosks.h"
#include "logo.h"
#include "signin.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 32

struct options {
	const char *data, *listen, *assets, *day, *cards, *uses, *days, *first;
	bool downgrade, without, as_json;
	const char *words[WORDS_MAX]; /* what is no option: FILE or NAME, and VALUE */
	int count;
};

static const char usage[] =
	"lobby-clinic: the clinic's server\n"
	"  lobby-clinic serve      --data DIR [--listen 127.0.0.1:8443] [--assets DIR]\n"
	"  lobby-clinic import     --data DIR FILE          a FHIR R4 Bundle or NDJSON; all of it or nothing\n"
	"  lobby-clinic issuers    --data DIR [FILE...]     prints who may issue health cards; or makes it those of "
	"FILEs:\n"
	"                                                   a VCI directory snapshot, {\"issuers\":[...]}, "
	"{\"iss\",\"keys\"}\n"
	"  lobby-clinic demo       --data DIR [--day YYYY-MM-DD] [--cards FILE] [--assets DIR]\n"
	"  lobby-clinic user       --data DIR NAME          adds an administrator; the password on standard input\n"
	"  lobby-clinic kiosk-code --data DIR NAME [--uses N] [--days D]\n"
	"                                                   prints an enrolment code: for one kiosk, ten minutes; or "
	"for "
	"N within\n"
	"                                                   D days (30), and {n} in NAME is each one's number\n"
	"  lobby-clinic update     --data DIR add FILE.raucb | list [--json] | start VERSION [--first KIOSK] "
	"[--downgrade]\n"
	"                                     | pause VERSION | resume VERSION [--without] | stop VERSION | remove "
	"VERSION\n"
	"                                                   updates for kiosks: one kiosk, then a tenth, then all\n"
	"  lobby-clinic setting    --data DIR [NAME VALUE]  prints the settings, or sets one\n"
	"  lobby-clinic logo       --data DIR [FILE]        prints this PNG on every slip; without FILE, none\n"
	"  lobby-clinic fingerprint --data DIR              prints the SHA-256 of the server's certificate\n"
	"  lobby-clinic arrivals   --data DIR               today's arrivals, a line each (this reading is audited)\n"
	"  lobby-clinic --help, --version\n"
	"DIR is made if it is missing. --assets, or LOBBY_ASSETS, is the folder with desk/ and demo/.\n"
	"Exit status: 0 done, 1 failed (the reason is on standard error), 2 not understood.\n";

static int fail(const char *what, int err)
{
	fprintf(stderr, "lobby-clinic: %s: %s\n", what, err_staff_text(err));
	return 1;
}

/* The assets beside the source tree's build, or the system's. */
static void find_assets(char out[CLINIC_PATH_MAX], const struct options *o)
{
	static const char *const beside[] = { "../../assets", "../share/lobby" };
	const char *given = o->assets != NULL ? o->assets : getenv("LOBBY_ASSETS");
	char exe[CLINIC_PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	out[0] = '\0';
	if (given != NULL) {
		text_copy(out, CLINIC_PATH_MAX, given);
		return;
	}
	exe[len > 0 ? len : 0] = '\0';
	if (strrchr(exe, '/') != NULL)
		*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (snprintf(out, CLINIC_PATH_MAX, "%s/%s", exe, beside[i]) < CLINIC_PATH_MAX && access(out, R_OK) == 0)
			return;
	}
	text_copy(out, CLINIC_PATH_MAX, "/usr/share/lobby");
}

/* ---- serve ---- */

static int say_where(struct clinic *clinic, const struct http *http)
{
	struct ledger *store = ledger_pool_take(&clinic->pool);
	char token[33];
	int err = store != NULL ? signin_setup_token(store, token) : LOBBY_ERR_NO_MEMORY;

	ledger_pool_give(&clinic->pool, store);
	if (err == 0)
		printf("https://%s/#setup=%s\n", clinic_http_address(http), token);
	else if (err != LOBBY_ERR_EXISTS)
		return err;
	printf("listening https://%s\n", clinic_http_address(http));
	return fflush(stdout) == 0 ? 0 : LOBBY_ERR_IO;
}

static int serve(const struct options *o)
{
	const char *listen = o->listen != NULL ? o->listen : "127.0.0.1:8443";
	char assets[CLINIC_PATH_MAX];
	struct clinic clinic;
	struct http *http;
	sigset_t set;
	int err, signal_number;

	/* Before any thread: all inherit the mask, and this one waits for them. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	find_assets(assets, o);
	err = clinic_open(&clinic, o->data, assets);
	if (err != 0)
		return fail(o->data, err);
	err = clinic_http_start(&http, &clinic, listen);
	if (err != 0) {
		clinic_close(&clinic);
		fprintf(stderr, "lobby-clinic: %s: %s\n", listen,
			err == LOBBY_ERR_INVALID  ? "Not an address and port like 127.0.0.1:8443."
			: err == LOBBY_ERR_EXISTS ? "Another program listens there already."
						  : err_staff_text(err));
		return 1;
	}
	err = say_where(&clinic, http);
	if (err == 0)
		sigwait(&set, &signal_number);
	clinic_stop_waiting(&clinic);
	clinic_http_stop(http);
	clinic_close(&clinic);
	return err == 0 ? 0 : fail("serve", err);
}

/* ---- small commands ---- */

static int open_store(const struct options *o, struct ledger *store)
{
	int err = file_make_folder(o->data, 0700);

	return err != 0 ? err : ledger_open(store, o->data, false);
}

static int add_user(const struct options *o)
{
	char password[SIGNIN_PASSWORD_MAX + 2] = "";
	struct ledger store;
	int err;

	if (fgets(password, sizeof(password), stdin) == NULL)
		return fail("no password on standard input", LOBBY_ERR_INVALID);
	password[strcspn(password, "\r\n")] = '\0';
	err = open_store(o, &store);
	if (err != 0)
		return fail(o->data, err);
	err = signin_user_set(&store, o->words[0], password, "admin");
	sodium_memzero(password, sizeof(password));
	ledger_close(&store);
	if (err == LOBBY_ERR_INVALID)
		fprintf(stderr, "lobby-clinic: a name needs 1 to 64 characters, a password %d to %d\n",
			SIGNIN_PASSWORD_MIN, SIGNIN_PASSWORD_MAX);
	return err == 0 ? 0 : fail("user", err);
}

/* A whole number from 1 to max; fallback without text; 0 for nonsense. */
static int number_of(const char *text, int max, int fallback)
{
	char *end;
	long n;

	if (text == NULL)
		return fallback;
	n = strtol(text, &end, 10);
	return *text != '\0' && *end == '\0' && n >= 1 && n <= max ? (int)n : 0;
}

static int make_kiosk_code(const struct options *o)
{
	int uses = number_of(o->uses, KIOSK_CODE_USES_MAX, 1), days = number_of(o->days, KIOSK_CODE_DAYS_MAX, 30), err;
	struct kiosk_code code = { 0 };
	struct ledger store;

	if (uses == 0 || days == 0) {
		fprintf(stderr, "lobby-clinic: --uses is 1 to %d, --days 1 to %d\n", KIOSK_CODE_USES_MAX,
			KIOSK_CODE_DAYS_MAX);
		return 2;
	}
	err = open_store(o, &store);
	if (err != 0)
		return fail(o->data, err);
	if (o->uses == NULL && o->days == NULL)
		err = kiosk_code_make(&code, o->words[0]);
	else
		err = kiosk_code_make_many(&code, o->words[0], uses, days);
	if (err == 0)
		err = db_begin(&store.db);
	if (err == 0) {
		err = kiosk_code_store(&store, &code);
		if (err == 0)
			err = change_audit(&store, "", "kiosk-code", "", code.name);
		err = db_end(&store.db, err);
	}
	ledger_close(&store);
	if (err != 0)
		return fail("kiosk-code", err);
	printf("%s\n", code.code);
	return 0;
}

/* By which a technician knows the server (lobbyctl fleet). */
static int fingerprint(const struct options *o)
{
	struct clinic clinic = { .folder = o->data };
	char hex[65];
	int err = file_make_folder(o->data, 0700);

	if (err == 0)
		err = keys_load(&clinic);
	if (err != 0)
		return fail(o->data, err);
	sodium_bin2hex(hex, sizeof(hex), clinic.fingerprint, sizeof(clinic.fingerprint));
	keys_unload(&clinic);
	printf("%s\n", hex);
	return 0;
}

static int update(const struct options *o)
{
	struct cli_update wanted = { .verb = o->words[0],
				     .word = o->count > 1 ? o->words[1] : NULL,
				     .first = o->first,
				     .downgrade = o->downgrade,
				     .without = o->without,
				     .as_json = o->as_json };
	struct ledger store;
	int status, err = open_store(o, &store);

	if (err != 0)
		return fail(o->data, err);
	status = cli_update(&store, o->data, &wanted);
	ledger_close(&store);
	return status;
}

static int import(const struct options *o)
{
	struct ledger store;
	int err = open_store(o, &store);

	if (err != 0)
		return fail(o->data, err);
	err = import_file(&store, o->words[0], stderr);
	ledger_close(&store);
	if (err == LOBBY_ERR_REFUSED) {
		fprintf(stderr, "lobby-clinic: %s was not imported: put right what is said above, then try again\n",
			o->words[0]);
		return 1;
	}
	return err == 0 ? 0 : fail(o->words[0], err);
}

static int issuers(const struct options *o)
{
	struct ledger store;
	int err = open_store(o, &store);

	if (err != 0)
		return fail(o->data, err);
	if (o->count == 0)
		err = issuers_print(&store, stdout);
	else
		err = issuers_import(&store, o->words, o->count, stderr);
	ledger_close(&store);
	return err == 0 ? 0 : err == LOBBY_ERR_REFUSED ? 1 : fail("issuers", err);
}

static int parse_day(const char *text, int64_t *day_ms)
{
	struct clock_civil day;
	int err = clinic_day_parse(text, &day);

	if (err != 0)
		return err;
	day.hour = 12;
	*day_ms = clock_ms_of_civil(&day);
	return 0;
}

static int demo(const struct options *o)
{
	char assets[CLINIC_PATH_MAX], folder[CLINIC_PATH_MAX + 8];
	struct ledger store;
	int64_t day_ms = 0;
	int err = o->day != NULL ? parse_day(o->day, &day_ms) : 0;

	if (err != 0)
		return fail(o->day, err);
	find_assets(assets, o);
	snprintf(folder, sizeof(folder), "%s/demo", assets);
	err = open_store(o, &store);
	if (err != 0)
		return fail(o->data, err);
	err = demo_fill(&store, folder, day_ms);
	if (err == 0 && o->cards != NULL)
		err = demo_cards(&store, folder, o->cards);
	ledger_close(&store);
	return err == 0 ? 0 : fail("demo", err);
}

static int print_settings(struct ledger *store)
{
	json_t *all = clinic_settings_load(store);
	int rc;

	clinic_settings_hide(all);
	rc = json_dumpf(all, stdout, JSON_INDENT(2));

	putchar('\n');
	json_decref(all);
	return rc == 0 ? 0 : LOBBY_ERR_IO;
}

static int setting_failed(const struct options *o, int err)
{
	if (o->count > 0 && (err == LOBBY_ERR_NOT_FOUND || err == LOBBY_ERR_INVALID)) {
		fprintf(stderr, "lobby-clinic: %s: %s\n", o->words[0],
			err == LOBBY_ERR_INVALID ? "this cannot be its value. It is:"
						 : "there is no such setting. There are:");
		clinic_settings_describe(err == LOBBY_ERR_INVALID ? o->words[0] : NULL, stderr);
		return 1;
	}
	return fail(o->count > 0 ? o->words[0] : "setting", err);
}

static int setting(const struct options *o)
{
	struct ledger store;
	int err;

	if (o->count == 1) {
		fprintf(stderr, "lobby-clinic: setting: NAME and VALUE, or neither. The settings:\n");
		clinic_settings_describe(NULL, stderr);
		return 2;
	}
	err = open_store(o, &store);
	if (err != 0)
		return fail(o->data, err);
	if (o->count == 0) {
		err = print_settings(&store);
	} else {
		err = db_begin(&store.db);
		if (err == 0)
			err = clinic_settings_set(&store, o->words[0], o->words[1]);
		if (err == 0)
			err = change_audit(&store, "", "setting", o->words[0],
					   clinic_settings_shown(o->words[0], o->words[1]));
		err = db_end(&store.db, err);
	}
	ledger_close(&store);
	return err == 0 ? 0 : setting_failed(o, err);
}

static int logo(const struct options *o)
{
	struct ledger store;
	int err = open_store(o, &store);

	if (err != 0)
		return fail(o->data, err);
	err = db_begin(&store.db);
	if (err == 0)
		err = clinic_logo_set(&store, o->count > 0 ? o->words[0] : NULL);
	if (err == 0)
		err = change_audit(&store, "", "setting", "logo", o->count > 0 ? "set" : "removed");
	err = db_end(&store.db, err);
	ledger_close(&store);
	if (err == LOBBY_ERR_INVALID) {
		fprintf(stderr, "lobby-clinic: %s: this is no PNG picture of at most 4096 dots each way\n",
			o->words[0]);
		return 1;
	}
	return err == 0 ? 0 : fail("logo", err);
}

static void print_arrival(const json_t *row)
{
	const json_t *patient = json_object_get(row, "patient"), *flags = json_object_get(row, "flags");
	const char *name = json_string_value(json_object_get(patient, "name"));
	char time[24];

	clock_format_instant(json_integer_value(json_object_get(row, "arrived_ms")), time, sizeof(time));
	time[16] = '\0';
	printf("%-7s %-28s %-9s %s  slip %-8s", json_string_value(json_object_get(row, "number")),
	       name != NULL ? name : json_string_value(json_object_get(row, "described")),
	       json_string_value(json_object_get(row, "kind")), time + 11,
	       json_string_value(json_object_get(row, "slip")));
	for (size_t i = 0; i < json_array_size(flags); i++)
		printf("  %s", json_string_value(json_object_get(json_array_get(flags, i), "text")));
	putchar('\n');
}

static int arrivals(const struct options *o)
{
	struct ledger store;
	json_t *rows = NULL;
	int err = open_store(o, &store);

	if (err != 0)
		return fail(o->data, err);
	err = change_audit(&store, "", "arrivals", "", "");
	if (err == 0)
		rows = arrivals_of_day(&store);
	for (size_t i = 0; i < json_array_size(rows); i++)
		print_arrival(json_array_get(rows, i));
	json_decref(rows);
	ledger_close(&store);
	return err == 0 && rows != NULL ? 0 : fail("arrivals", err != 0 ? err : LOBBY_ERR_NO_MEMORY);
}

/* ---- the tables ---- */

static const struct command {
	const char *name;
	int words_min, words_max;
	int (*run)(const struct options *o);
} commands[] = {
	{ "serve", 0, 0, serve },   { "import", 1, 1, import },		  { "issuers", 0, WORDS_MAX, issuers },
	{ "demo", 0, 0, demo },	    { "user", 1, 1, add_user },		  { "kiosk-code", 1, 1, make_kiosk_code },
	{ "update", 1, 2, update }, { "fingerprint", 0, 0, fingerprint }, { "setting", 0, 2, setting },
	{ "logo", 0, 1, logo },	    { "arrivals", 0, 0, arrivals },
};

static bool take_flag(const char *word, struct options *o)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = { { "--downgrade", &o->downgrade }, { "--without", &o->without }, { "--json", &o->as_json } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(word, flags[i].name) == 0) {
			*flags[i].flag = true;
			return true;
		}
	}
	return false;
}

static int parse(int argc, char **argv, struct options *o)
{
	struct {
		const char *name;
		const char **value;
	} known[] = { { "--data", &o->data }, { "--listen", &o->listen }, { "--assets", &o->assets },
		      { "--day", &o->day },   { "--cards", &o->cards },	  { "--uses", &o->uses },
		      { "--days", &o->days }, { "--first", &o->first } };
	const size_t count = sizeof(known) / sizeof(known[0]);

	for (int i = 2; i < argc; i++) {
		size_t k = 0;

		while (k < count && strcmp(argv[i], known[k].name) != 0)
			k++;
		if (k < count && i + 1 < argc)
			*known[k].value = argv[++i];
		else if (take_flag(argv[i], o))
			continue;
		else if (strncmp(argv[i], "--", 2) != 0 && o->count < WORDS_MAX)
			o->words[o->count++] = argv[i];
		else
			return fprintf(stderr, "lobby-clinic: %s: not understood\n", argv[i]), 2;
	}
	return 0;
}

static int help(void)
{
	fputs(usage, stdout);
	puts("Settings (a list is JSON, as [\"en\",\"es\"]):");
	clinic_settings_describe(NULL, stdout);
	return fflush(stdout) != 0;
}

int cli_main(int argc, char **argv)
{
	struct options o = { 0 };
	const struct command *command = NULL;

	log_init("lobby-clinic");
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return help();
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("lobby-clinic " LOBBY_VERSION) < 0;
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			command = &commands[i];
	if (command == NULL || parse(argc, argv, &o) != 0 || o.data == NULL || o.count < command->words_min ||
	    o.count > command->words_max) {
		fputs(usage, stderr);
		return 2;
	}
	if (clock_init() != 0 || sodium_init() < 0)
		return fail("start", LOBBY_ERR_IO);
	return command->run(&o);
}
