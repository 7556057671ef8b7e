/* lobby-sync with the real lobby-clinic: enrolment, the feed, visits, help; the network there, away and back; another's
 * certificate; a server that answers nonsense. */
#include "sync_clinic.h"

#include <curl/curl.h>
#include <microhttpd.h>
#include <stdatomic.h>

#define ARRIVALS "SELECT count(*) FROM arrival"
#define BUNDLES "SELECT count(*) FROM bundle"

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_start(w);
	clinic_make(&w->clinic);
	clinic_serve(&w->clinic, "127.0.0.1:0");
	*state = w;
	return 0;
}

static int set_up_enrolled(void **state)
{
	set_up(state);
	world_enrol(*state);
	return 0;
}

static int tear_down(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static void a_code_joins_the_kiosk_to_its_clinic(void **state)
{
	struct world *w = *state;
	char code[32], typed[40], line[64];
	size_t len = 0;

	assert_false(w->state.enrolled);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), LOBBY_ERR_NOT_ENROLLED);
	assert_int_equal(world_identify(w, "1985-04-17", "g"), lobby_IdentifyOutcome_IDENTIFY_NO_ROSTER);

	assert_int_equal(world_try_enrol(w, "http://127.0.0.1:1", "AAAA-AAAA-AAAA"), LOBBY_ERR_INVALID);
	assert_int_equal(world_try_enrol(w, w->clinic.address, "AAAA-AAAA"), LOBBY_ERR_CODE_WRONG);
	assert_int_equal(world_try_enrol(w, w->clinic.address, "AAAA-AAAA-AAAA"), LOBBY_ERR_CODE_WRONG);
	assert_int_equal(world_try_enrol(w, "https://127.0.0.1:1", "AAAA-AAAA-AAAA"), LOBBY_ERR_UNREACHABLE);
	assert_int_equal(clinic_run(&w->clinic, "kiosk-code", "Lobby 1", code, sizeof(code)), 0);
	/* The right id with a wrong secret. */
	snprintf(typed, sizeof(typed), "%.4sAAAAAAAA", code);
	assert_int_equal(world_try_enrol(w, w->clinic.address, typed), LOBBY_ERR_CODE_WRONG);
	assert_false(w->state.enrolled);

	/* As people type: small letters, blanks, O for 0 and l for 1. */
	for (const char *c = code; *c != '\0'; c++)
		typed[len++] = *c == '-' ? ' ' : *c == '0' ? 'O' : *c == '1' ? 'l' : (char)(*c | 0x20);
	typed[len] = '\0';
	snprintf(line, sizeof(line), "https://%s/", w->clinic.address);
	assert_int_equal(world_try_enrol(w, line, typed), 0);
	UNTIL(w, w->state.has_roster && w->state.reachable);
	assert_string_equal(w->state.kiosk_name, "Lobby 1");
	assert_int_equal(w->state.roster_count, 2);
	assert_int_equal(world_try_enrol(w, line, typed), LOBBY_ERR_CODE_WRONG);
	assert_true(w->state.enrolled);
}

static void a_visit_reaches_the_clinic_and_comes_back_as_arrived(void **state)
{
	struct world *w = *state;
	lobby_Envelope card = { .which_body = lobby_Envelope_identify_tag };
	int before;

	assert_int_equal(world_identify(w, "1985-04-17", ""), lobby_IdentifyOutcome_IDENTIFY_NEED_FAMILY);
	assert_int_equal(world_identify(w, "1985-04-17", "g"), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_string_equal(w->identified.person.given, "Maria");
	assert_string_equal(w->identified.appointment[0].practitioner, "Dr. Amara Okafor");
	assert_int_equal(w->identified.appointment[0].state, lobby_AppointmentState_APPOINTMENT_READY);
	/* Both sides hash a member's number alike. */
	text_copy(card.body.identify.birth_date, sizeof(card.body.identify.birth_date), "1985-04-17");
	text_copy(card.body.identify.member_id, sizeof(card.body.identify.member_id), "xgh884104417");
	before = w->identified_count;
	world_send(w, &card);
	UNTIL(w, w->identified_count > before);
	assert_int_equal(w->identified.outcome, lobby_IdentifyOutcome_IDENTIFY_FOUND);

	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_string_equal(w->committed.ticket, "B 01");
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 1);
	/* The clinic says so itself now; the kiosk's own mark is gone. */
	UNTIL(w, sqlite3_total_changes(w->sync.store.db.handle) >= 0 &&
			 world_identify(w, "1985-04-17", "g") == (int)lobby_IdentifyOutcome_IDENTIFY_FOUND &&
			 w->identified.appointment[0].state == lobby_AppointmentState_APPOINTMENT_ARRIVED);
	assert_string_equal(w->identified.appointment[0].ticket, "B 01");

	/* The same visit again, and the same row again after its answer was lost: one arrival. */
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_string_equal(w->committed.ticket, "B 01");
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 1);
}

static void a_lost_answer_doubles_nothing(void **state)
{
	struct world *w = *state;
	const char *keep = "CREATE TEMP TABLE kept AS SELECT * FROM outbox";
	struct db *db = &w->sync.store.db;

	clinic_kill(&w->clinic, SIGKILL);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_int_equal(db_exec(db, keep), 0);
	clinic_serve(&w->clinic, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(db_exec(db, "INSERT INTO outbox SELECT * FROM kept"), 0);
	sync_push_state(&w->sync);
	sender_wake(&w->sync);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic, BUNDLES), 1);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 1);
	assert_int_equal(w->sync.pushed.visits_set_aside, 0);
}

static void what_the_clinic_cannot_open_is_set_aside(void **state)
{
	struct world *w = *state;

	clinic_kill(&w->clinic, SIGKILL);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_int_equal(db_exec(&w->sync.store.db, "UPDATE outbox SET sealed = zeroblob(200)"), 0);
	assert_int_equal(world_visit(w, 2, "ngozi", "ngozi-1000"), 0);
	clinic_serve(&w->clinic, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->sync.pushed.visits_held == 0);
	assert_int_equal(w->sync.pushed.visits_set_aside, 1);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 1);
}

static void offline_is_a_delay(void **state)
{
	struct world *w = *state;
	lobby_Envelope help = { .which_body = lobby_Envelope_help_wanted_tag };

	clinic_kill(&w->clinic, SIGKILL);
	UNTIL(w, !w->state.reachable);
	assert_int_equal(w->state.err, LOBBY_ERR_UNREACHABLE);
	assert_int_equal(world_identify(w, "1990-02-28", "e"), lobby_IdentifyOutcome_IDENTIFY_FOUND);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_int_equal(world_visit(w, 2, "ngozi", "ngozi-1000"), 0);
	text_copy(help.body.help_wanted.id, sizeof(help.body.help_wanted.id), "00000077-0000-4000-8000-000000000000");
	text_copy(help.body.help_wanted.step, sizeof(help.body.help_wanted.step), "insurance");
	help.body.help_wanted.at_ms = clock_wall_ms();
	world_send(w, &help);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_UNREACHABLE);
	UNTIL(w, w->sync.pushed.visits_held == 2);

	/* Hours later, and with lobby-sync started again in between. */
	for (int i = 0; i < 180; i++) {
		world_advance_ms(60000);
		loop_turn(w->loop, 1);
		loop_turn(w->loop, 1);
	}
	world_restart_sync(w);
	assert_int_equal(w->sync.pushed.visits_held, 2);
	world_send(w, &help);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_UNREACHABLE);
	clinic_serve(&w->clinic, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->sync.pushed.visits_held == 0 && w->state.reachable);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_SENT);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 2);
	assert_int_equal(clinic_number(&w->clinic, BUNDLES), 2);
	assert_int_equal(w->state.err, 0);
}

/* Somebody else answers at the clinic's address: nothing is told to them, and the kiosk says why. */
static void another_certificate_is_refused(void **state)
{
	struct world *w = *state;
	struct clinic_process stranger;

	clinic_kill(&w->clinic, SIGKILL);
	UNTIL(w, !w->state.reachable);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	clinic_make(&stranger);
	clinic_serve(&stranger, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->state.err == LOBBY_ERR_UNTRUSTED);
	world_advance_ms(61000);
	for (int i = 0; i < 100; i++)
		loop_turn(w->loop, 2);
	assert_int_equal(w->state.err, LOBBY_ERR_UNTRUSTED);
	assert_int_equal(w->sync.pushed.visits_held, 1);
	clinic_remove(&stranger);
	clinic_serve(&w->clinic, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->sync.pushed.visits_held == 0 && w->state.reachable);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 1);
}

/* The demo's switch. */
static void the_link_file_unplugs_the_network(void **state)
{
	struct world *w = *state;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/link-down", w->root);
	setenv("LOBBY_LINK_FILE", path, 1);
	world_restart_sync(w);
	unsetenv("LOBBY_LINK_FILE");
	UNTIL(w, w->state.reachable);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	world_advance_ms(300);
	UNTIL(w, !w->state.reachable);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	unlink(path);
	world_advance_ms(300);
	UNTIL(w, w->state.reachable && w->sync.pushed.visits_held == 0);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 1);
}

static void status_says_what_the_kiosk_is(void **state)
{
	struct world *w = *state;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_devices_tag };
	lobby_Device *printer = &envelope.body.devices.device[0];

	envelope.body.devices.device_count = 1;
	*printer = (lobby_Device){ .kind = lobby_DeviceKind_DEVICE_PRINTER,
				   .state = lobby_DeviceState_DEVICE_PAPER_OUT,
				   .name = "Receipt\xFF printer" };
	world_send(w, &envelope);
	UNTIL(w, clinic_number(&w->clinic, "SELECT count(*) FROM kiosk WHERE state = 'ready' AND devices LIKE"
					   " '%printer%paper-out%'") == 1);
	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_kiosk_state_tag };
	envelope.body.kiosk_state.screen = lobby_KioskScreen_KIOSK_IN_USE;
	text_copy(envelope.body.kiosk_state.step, sizeof(envelope.body.kiosk_state.step), "birthday");
	world_send(w, &envelope);
	UNTIL(w, clinic_number(&w->clinic, "SELECT count(*) FROM kiosk WHERE state = 'in-use' AND step = 'birthday'") ==
			 1);
	/* lobby-kiosk dies. */
	wire_close(&w->kiosk);
	UNTIL(w, clinic_number(&w->clinic, "SELECT count(*) FROM kiosk WHERE state NOT IN ('ready', 'in-use')") == 1);
}

/* ---- the desk's "On my way" ---- */

static size_t swallow(char *data, size_t one, size_t n, void *arg)
{
	(void)data, (void)arg;
	return one * n;
}

/* A POST as the page makes it. */
static long desk_post(struct world *w, CURL *easy, const char *path, const char *body)
{
	struct curl_slist *headers = curl_slist_append(NULL, "X-Lobby: 1");
	char url[256];
	long status = 0;

	headers = curl_slist_append(headers, "Content-Type: application/json");
	snprintf(url, sizeof(url), "https://%s/desk/api/%s", w->clinic.address, path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
	assert_int_equal(curl_easy_perform(easy), CURLE_OK);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	return status;
}

static void on_my_way_reaches_the_screen(void **state)
{
	struct world *w = *state;
	lobby_Envelope help = { .which_body = lobby_Envelope_help_wanted_tag };
	CURL *easy = curl_easy_init();
	char body[256];

	text_copy(help.body.help_wanted.id, sizeof(help.body.help_wanted.id), "00000078-0000-4000-8000-000000000000");
	text_copy(help.body.help_wanted.step, sizeof(help.body.help_wanted.step), "birthday");
	help.body.help_wanted.at_ms = clock_wall_ms();
	world_send(w, &help);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_SENT);
	assert_string_equal(w->help.id, help.body.help_wanted.id);
	snprintf(body, sizeof(body),
		 "{\"token\":\"%s\",\"name\":\"Front Desk\",\"password\":\"a plain long test password\"}",
		 w->clinic.setup);
	assert_int_equal(desk_post(w, easy, "setup", body), 200);
	assert_int_equal(desk_post(w, easy, "help/00000078-0000-4000-8000-000000000000/on-my-way", "{}"), 200);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_ON_THE_WAY);
	curl_easy_cleanup(easy);
	/* The patient goes on alone: the desk hears of it. */
	help.body.help_wanted.cancelled = true;
	world_send(w, &help);
	UNTIL(w, !w->sync.help[0].used);
	assert_int_equal(clinic_number(&w->clinic, "SELECT count(*) FROM help WHERE stage <> 'done'"), 0);
}

static void done_at_the_desk_ends_the_call(void **state)
{
	struct world *w = *state;
	lobby_Envelope help = { .which_body = lobby_Envelope_help_wanted_tag };
	CURL *easy = curl_easy_init();
	char body[256];

	text_copy(help.body.help_wanted.id, sizeof(help.body.help_wanted.id), "00000079-0000-4000-8000-000000000000");
	text_copy(help.body.help_wanted.step, sizeof(help.body.help_wanted.step), "birthday");
	help.body.help_wanted.at_ms = clock_wall_ms();
	world_send(w, &help);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_SENT);
	snprintf(body, sizeof(body),
		 "{\"token\":\"%s\",\"name\":\"Front Desk\",\"password\":\"a plain long test password\"}",
		 w->clinic.setup);
	assert_int_equal(desk_post(w, easy, "setup", body), 200);
	assert_int_equal(desk_post(w, easy, "help/00000079-0000-4000-8000-000000000000/done", "{}"), 200);
	curl_easy_cleanup(easy);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_DONE);
	assert_string_equal(w->help.id, help.body.help_wanted.id);
	assert_false(w->sync.help[0].used);
	/* The same call told again, as after a lost message: the clinic's answer says that it is over. */
	w->help = (lobby_HelpState){ 0 };
	world_send(w, &help);
	UNTIL(w, w->help.stage == lobby_HelpStage_HELP_DONE && !w->sync.help[0].used);
}

/* ---- a clinic gone mad: its certificate, and nonsense behind it ---- */

enum madness { MAD_500, MAD_GARBAGE, MAD_NOTHING, MAD_OTHER_ROW, MAD_HALF, MAD_HUGE, MAD_TOO_LARGE, MAD_KINDS };

struct mad {
	_Atomic int kind;
	_Atomic int visits; /* POST visits seen */
};

static ssize_t half(void *arg, uint64_t at, char *out, size_t max)
{
	(void)arg, (void)max;
	if (at > 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memcpy(out, "{\"rows\":[{", 10);
	return 10;
}

static struct MHD_Response *mad_response(int kind, unsigned int *status)
{
	static char huge[9 << 20];
	const char *text = "";

	*status = kind == MAD_500 ? 500 : kind == MAD_TOO_LARGE ? 413 : 200;
	if (kind == MAD_HALF)
		return MHD_create_response_from_callback(1000, 1000, half, NULL, NULL);
	if (kind == MAD_HUGE)
		return MHD_create_response_from_buffer(sizeof(huge), huge, MHD_RESPMEM_PERSISTENT);
	if (kind == MAD_GARBAGE)
		text = "<html>\xFF\x00 not what you asked for";
	else if (kind == MAD_NOTHING)
		text = "{\"cursor\":\"1\",\"changes\":[],\"rows\":[]}";
	else if (kind == MAD_OTHER_ROW)
		text = "{\"cursor\":\"1\",\"changes\":[],\"rows\":[{\"seq\":4711,\"result\":\"stored\"},{\"seq\":1}]}";
	return MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result mad_answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **seen)
{
	struct mad *mad = arg;
	struct MHD_Response *response;
	enum MHD_Result result;
	unsigned int status;
	int kind = mad->kind;

	(void)method, (void)version, (void)data;
	if (*seen == NULL || *size > 0) {
		*seen = mad;
		*size = 0;
		return MHD_YES;
	}
	response = mad_response(kind, &status);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	if (strcmp(url, "/kiosk/v1/visits") == 0)
		mad->visits++;
	return result;
}

static void nonsense_is_outlived(void **state)
{
	struct world *w = *state;
	struct mad mad = { MAD_500, 0 };
	struct MHD_Daemon *daemon;
	char path[96], *pem;
	size_t len;

	clinic_kill(&w->clinic, SIGKILL);
	UNTIL(w, !w->state.reachable);
	assert_int_equal(world_visit(w, 1, "maria", "maria-950"), 0);
	assert_int_equal(world_visit(w, 2, "ngozi", "ngozi-1000"), 0);
	snprintf(path, sizeof(path), "%s/tls.pem", w->clinic.folder);
	assert_int_equal(file_read(path, 65536, &pem, &len), 0);
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS,
				  (uint16_t)strtoul(strrchr(w->clinic.address, ':') + 1, NULL, 10), NULL, NULL,
				  mad_answer, &mad, MHD_OPTION_HTTPS_MEM_CERT, pem, MHD_OPTION_HTTPS_MEM_KEY, pem,
				  MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	assert_non_null(daemon);
	for (int kind = 0; kind < MAD_KINDS; kind++) {
		mad.kind = kind;
		mad.visits = 0;
		for (int round = 1; round <= 2; round++) {
			world_advance_ms(61000);
			UNTIL(w, mad.visits >= round && !w->sync.sender.request.active);
		}
		assert_int_equal(w->sync.pushed.visits_held, 2);
		assert_int_equal(w->sync.pushed.visits_set_aside, 0);
	}
	MHD_stop_daemon(daemon);
	free(pem);
	clinic_serve(&w->clinic, w->clinic.address);
	world_advance_ms(61000);
	UNTIL(w, w->sync.pushed.visits_held == 0 && w->state.reachable);
	assert_int_equal(clinic_number(&w->clinic, ARRIVALS), 2);
	assert_int_equal(clinic_number(&w->clinic, BUNDLES), 2);
}

int main(void)
{
#define T(f, up) cmocka_unit_test_setup_teardown(f, up, tear_down)
	const struct CMUnitTest tests[] = {
		T(a_code_joins_the_kiosk_to_its_clinic, set_up),
		T(a_visit_reaches_the_clinic_and_comes_back_as_arrived, set_up_enrolled),
		T(a_lost_answer_doubles_nothing, set_up_enrolled),
		T(what_the_clinic_cannot_open_is_set_aside, set_up_enrolled),
		T(offline_is_a_delay, set_up_enrolled),
		T(another_certificate_is_refused, set_up_enrolled),
		T(the_link_file_unplugs_the_network, set_up_enrolled),
		T(status_says_what_the_kiosk_is, set_up_enrolled),
		T(on_my_way_reaches_the_screen, set_up_enrolled),
		T(done_at_the_desk_ends_the_call, set_up_enrolled),
		T(nonsense_is_outlived, set_up_enrolled),
	};

	return cmocka_run_group_tests(tests, world_clock, NULL);
}
