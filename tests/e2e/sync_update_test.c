/* An update's way to the box: offered by a real clinic, fetched by a whole lobby-sync over a real socket, handed to the
 * program that says it is lobby-system; cut off, damaged, refused, fallen back. */
#include "sync_clinic.h"

#include "tests/unit/bundle_file.h"

struct bed {
	struct world world;
	struct wire_server *server;
	struct wire_conn *sync; /* lobby-sync's connection */
	lobby_SystemState state;
	lobby_SystemCommand install;
	int installs, calls_back, clocks;
	char updates[96];
};

static void on_box(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct bed *b = arg;

	(void)conn;
	if (envelope->which_body != lobby_Envelope_system_command_tag)
		return;
	if (envelope->body.system_command.what == lobby_SystemDo_SYSTEM_INSTALL &&
	    envelope->body.system_command.path[0] == '\0') {
		b->calls_back++;
	} else if (envelope->body.system_command.what == lobby_SystemDo_SYSTEM_INSTALL) {
		b->install = envelope->body.system_command;
		b->installs++;
	} else if (envelope->body.system_command.what == lobby_SystemDo_SYSTEM_CLOCK) {
		b->clocks++;
	}
}

static void tell(struct bed *b)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_state_tag };

	envelope.body.system_state = b->state;
	wire_server_broadcast(b->server, lobby_Program_PROGRAM_SYNC, &envelope);
}

static void on_box_state(void *arg, struct wire_conn *conn, bool up)
{
	struct bed *b = arg;

	b->sync = up ? conn : NULL;
	if (up)
		tell(b);
}

static void answer(struct bed *b, int err, const char *text)
{
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_answer_tag };

	envelope.body.system_answer.request = b->install.request;
	envelope.body.system_answer.err = err;
	text_copy(envelope.body.system_answer.text, sizeof(envelope.body.system_answer.text), text);
	assert_int_equal(wire_send(b->sync, &envelope), 0);
}

static void begin(struct bed *b)
{
	struct world *w = &b->world;

	connect_peers(w);
	UNTIL(w, b->sync != NULL);
}

static int start(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct world *w = &b->world;
	char run[80], path[108];

	text_copy(w->root, sizeof(w->root), "/tmp/lobby-sync-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	snprintf(w->data, sizeof(w->data), "%s/data", w->root);
	snprintf(b->updates, sizeof(b->updates), "%s", w->data);
	snprintf(run, sizeof(run), "%s/run", w->root);
	snprintf(w->socket, sizeof(w->socket), "%s/sync.sock", run);
	snprintf(path, sizeof(path), "%s/system.sock", run);
	setenv("LOBBY_RUN", run, 1);
	w->loop = loop_new();
	text_copy(b->state.slot, sizeof(b->state.slot), "a");
	text_copy(b->state.version, sizeof(b->state.version), "0.1.0");
	b->server = wire_server_new(w->loop, path, lobby_Program_PROGRAM_SYSTEM, on_box, on_box_state, b);
	assert_non_null(b->server);
	clinic_make(&w->clinic);
	clinic_serve(&w->clinic, "127.0.0.1:0");
	begin(b);
	world_enrol(w);
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct bed *b = *state;
	struct world *w = &b->world;

	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	wire_server_free(b->server);
	loop_free(w->loop);
	clinic_remove(&w->clinic);
	remove_tree(w->root);
	free(b);
	return 0;
}

static void update(struct bed *b, const char *word, const char *second)
{
	char line[256];

	b->world.clinic.second_word = second;
	assert_int_equal(clinic_run(&b->world.clinic, "update", word, line, sizeof(line)), 0);
	b->world.clinic.second_word = NULL;
}

/* The clinic gets this version and offers it. */
static void offer(struct bed *b, const char *version)
{
	char path[128], manifest[160];

	snprintf(path, sizeof(path), "%s/lobby.raucb", b->world.root);
	snprintf(manifest, sizeof(manifest),
		 "[update]\ncompatible=lobby-kiosk-x86_64\nversion=%s\n\n[bundle]\nformat=verity\nverity-hash=00\n",
		 version);
	write_bundle(path, manifest, 0);
	update(b, "add", path);
	update(b, "start", version);
}

#define TIMED_UNTIL(b, condition) \
	do { \
		for (int turn_ = 0; turn_ < 5000 && !(condition); turn_++) { \
			world_advance_ms(50); \
			loop_turn((b)->world.loop, 2); \
		} \
		assert_true(condition); \
	} while (0)

static size_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static int bundles_in(const char *folder)
{
	char command[160];
	int count = -1;
	FILE *out;

	snprintf(command, sizeof(command), "ls %s | grep -c raucb", folder);
	out = popen(command, "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%d", &count), 1);
	pclose(out);
	return count;
}

static void assert_whole(const struct bed *b)
{
	FILE *file = fopen(b->install.path, "r");

	assert_non_null(file);
	for (size_t i = 0; i < PAYLOAD; i++)
		assert_int_equal(fgetc(file), payload_at(i));
	fclose(file);
}

static void an_offer_is_fetched_and_handed_over(void **state)
{
	struct bed *b = *state;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	assert_string_equal(b->install.version, "0.2.0");
	assert_whole(b);
	/* It runs: nothing more is done, and its file goes. */
	answer(b, 0, "");
	text_copy(b->state.version, sizeof(b->state.version), "0.2.0");
	tell(b);
	TIMED_UNTIL(b, bundles_in(b->updates) == 0);
	assert_int_equal(b->installs, 1);
}

static void what_was_fetched_outlives_a_restart(void **state)
{
	struct bed *b = *state;
	struct world *w = &b->world;
	char path[160];

	/* The box is away: nothing is fetched for nobody. */
	wire_server_broadcast(b->server, lobby_Program_PROGRAM_SYNC,
			      &(lobby_Envelope){ .which_body = lobby_Envelope_system_state_tag });
	b->state.slot[0] = '\0';
	tell(b);
	loop_turn(w->loop, 20);
	text_copy(b->state.slot, sizeof(b->state.slot), "a");
	tell(b);
	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	text_copy(path, sizeof(path), b->install.path);
	/* Half of it, as a cut would leave it; the clinic is away, so that nothing comes until it is back. */
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	assert_int_equal(truncate(path, PAYLOAD / 2), 0);
	w->settings_count = 0;
	begin(b);
	TIMED_UNTIL(b, b->installs == 2 && size_of(path) > PAYLOAD);
	assert_whole(b);
}

static void a_damaged_piece_is_noticed(void **state)
{
	struct bed *b = *state;
	struct world *w = &b->world;
	FILE *file;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	assert_int_equal(truncate(b->install.path, PAYLOAD / 2), 0);
	file = fopen(b->install.path, "r+");
	assert_non_null(file);
	fseek(file, 1000, SEEK_SET);
	fputc(payload_at(1000) ^ 1, file);
	fclose(file);
	w->settings_count = 0;
	begin(b);
	TIMED_UNTIL(b, b->installs == 2);
	assert_whole(b);
}

static void what_was_refused_is_not_tried_again(void **state)
{
	struct bed *b = *state;
	struct world *w = &b->world;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	answer(b, LOBBY_ERR_UNTRUSTED, "The update is not signed by this clinic.");
	TIMED_UNTIL(b, strcmp(w->sync.update.text, "The update is not signed by this clinic.") == 0);
	TIMED_UNTIL(b, clinic_number(&w->clinic, "SELECT count(*) FROM software_offer WHERE stage = 'refused'") > 0);
	/* Also by the next lobby-sync. */
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	w->settings_count = 0;
	begin(b);
	for (int i = 0; i < 200; i++) {
		world_advance_ms(100);
		loop_turn(w->loop, 1);
	}
	assert_int_equal(b->installs, 1);
	/* A person at the clinic has it tried again: that is a new offer. */
	update(b, "resume", "0.2.0");
	TIMED_UNTIL(b, b->installs == 2);
}

/* The box says so of version 0.2.0. */
static void tell_stage(struct bed *b, lobby_UpdateStage stage, const char *text)
{
	b->state.has_update = true;
	b->state.update = (lobby_Update){ .stage = stage };
	text_copy(b->state.update.version, sizeof(b->state.update.version), "0.2.0");
	text_copy(b->state.update.text, sizeof(b->state.update.text), text);
	tell(b);
}

static void go_on_for(struct bed *b, int64_t ms)
{
	for (; ms > 0; ms -= 100) {
		world_advance_ms(100);
		loop_turn(b->world.loop, 1);
	}
}

static int64_t offers_at(struct bed *b, const char *stage)
{
	char sql[120];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM software_offer WHERE stage = '%s'", stage);
	return clinic_number(&b->world.clinic, sql);
}

static void falling_back_ends_it(void **state)
{
	struct bed *b = *state;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	answer(b, 0, "");
	tell_stage(b, lobby_UpdateStage_UPDATE_WAITING, "");
	tell_stage(b, lobby_UpdateStage_UPDATE_FELL_BACK, "It did not come up.");
	TIMED_UNTIL(b, bundles_in(b->updates) == 0);
	TIMED_UNTIL(b, offers_at(b, "fell-back") == 1);
	go_on_for(b, 20000);
	assert_int_equal(b->installs, 1);
	/* Tried again: until the box has looked at that, it still tells how the last try ended. */
	update(b, "resume", "0.2.0");
	TIMED_UNTIL(b, b->installs == 2);
	tell(b);
	b->state.temperature_c++;
	tell(b);
	TIMED_UNTIL(b, offers_at(b, "waiting") == 1);
	go_on_for(b, 40000);
	assert_int_equal(offers_at(b, "fell-back"), 0);
	assert_int_equal(clinic_number(&b->world.clinic, "SELECT count(*) FROM software WHERE state = 'running'"), 1);
	assert_int_equal(bundles_in(b->updates), 1);
	/* Its own end is news. */
	tell_stage(b, lobby_UpdateStage_UPDATE_INSTALLING, "");
	TIMED_UNTIL(b, offers_at(b, "installing") == 1);
	tell_stage(b, lobby_UpdateStage_UPDATE_FELL_BACK, "It did not come up.");
	TIMED_UNTIL(b, offers_at(b, "fell-back") == 1);
	assert_int_equal(b->installs, 2);
}

/* The machine restarts between the two, and lobby-sync with it. */
static void falling_back_is_known_after_a_restart(void **state)
{
	struct bed *b = *state;
	struct world *w = &b->world;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	answer(b, 0, "");
	tell_stage(b, lobby_UpdateStage_UPDATE_INSTALLED, "");
	TIMED_UNTIL(b, offers_at(b, "installed") == 1);
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	b->state.update.stage = lobby_UpdateStage_UPDATE_FELL_BACK;
	w->settings_count = 0;
	begin(b);
	TIMED_UNTIL(b, offers_at(b, "fell-back") == 1);
	assert_int_equal(b->installs, 1);
	assert_int_equal(bundles_in(b->updates), 0);
}

static void what_is_paused_is_called_back(void **state)
{
	struct bed *b = *state;
	struct world *w = &b->world;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	answer(b, 0, "");
	tell_stage(b, lobby_UpdateStage_UPDATE_WAITING, "Somebody is at the screen.");
	TIMED_UNTIL(b, offers_at(b, "waiting") == 1);
	assert_int_equal(b->calls_back, 0);
	update(b, "pause", "0.2.0");
	TIMED_UNTIL(b, b->calls_back == 1);
	tell(b); /* on its way before that reached it */
	go_on_for(b, 2000);
	assert_int_equal(b->calls_back, 1);
	/* It goes on, and the box has not said yet that it forgot: it gets it all the same. */
	update(b, "resume", "0.2.0");
	TIMED_UNTIL(b, b->installs == 2);
	tell_stage(b, lobby_UpdateStage_UPDATE_NONE, "");
	tell_stage(b, lobby_UpdateStage_UPDATE_WAITING, "Somebody is at the screen.");
	go_on_for(b, 2000);
	assert_int_equal(b->installs, 2);
	/* Stopped while lobby-sync is away, which finds it waiting afterwards. */
	wire_close(&w->kiosk);
	wire_close(&w->technician);
	sync_fini(&w->sync);
	update(b, "stop", "0.2.0");
	w->settings_count = 0;
	begin(b);
	TIMED_UNTIL(b, b->calls_back == 2);
	assert_int_equal(b->installs, 2);
}

/* Not yet answered, and another one instead. */
static void another_one_takes_its_place(void **state)
{
	struct bed *b = *state;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	offer(b, "0.3.0");
	TIMED_UNTIL(b, b->installs == 2);
	assert_int_equal(b->calls_back, 1);
	assert_string_equal(b->install.version, "0.3.0");
	assert_int_equal(bundles_in(b->updates), 1);
}

static void a_busy_box_is_asked_again(void **state)
{
	struct bed *b = *state;

	offer(b, "0.2.0");
	TIMED_UNTIL(b, b->installs == 1);
	answer(b, LOBBY_ERR_BUSY, "A patient is at the screen.");
	TIMED_UNTIL(b, b->world.sync.update.at == UPDATE_FETCHED);
	tell(b);
	TIMED_UNTIL(b, b->installs == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_offer_is_fetched_and_handed_over, start, end),
		cmocka_unit_test_setup_teardown(what_was_fetched_outlives_a_restart, start, end),
		cmocka_unit_test_setup_teardown(a_damaged_piece_is_noticed, start, end),
		cmocka_unit_test_setup_teardown(what_was_refused_is_not_tried_again, start, end),
		cmocka_unit_test_setup_teardown(falling_back_ends_it, start, end),
		cmocka_unit_test_setup_teardown(falling_back_is_known_after_a_restart, start, end),
		cmocka_unit_test_setup_teardown(what_is_paused_is_called_back, start, end),
		cmocka_unit_test_setup_teardown(another_one_takes_its_place, start, end),
		cmocka_unit_test_setup_teardown(a_busy_box_is_asked_again, start, end),
	};

	return cmocka_run_group_tests(tests, world_clock, NULL);
}
