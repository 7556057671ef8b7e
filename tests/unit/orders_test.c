/* What the clinic wants a kiosk to say, to be called and to do, through a whole lobby-sync without a network: kept over
 * restarts, taken back, and a restart obeyed once. */
#include "sync_fixture.h"

#include "sync/sync.h"

struct program {
	char folder[64], run[64], socket[100];
	struct loop *loop;
	struct sync sync;
	struct wire_server *box;
	struct wire_conn kiosk;
	lobby_Orders orders;
	int orders_count, restarts;
};

static void on_kiosk(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct program *p = arg;

	(void)conn;
	if (envelope->which_body == lobby_Envelope_orders_tag) {
		p->orders = envelope->body.orders;
		p->orders_count++;
	}
}

static void on_box(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	struct program *p = arg;

	(void)conn;
	if (envelope->which_body == lobby_Envelope_system_command_tag &&
	    envelope->body.system_command.what == lobby_SystemDo_SYSTEM_RESTART)
		p->restarts++;
}

static void on_box_state(void *arg, struct wire_conn *conn, bool up)
{
	(void)arg, (void)conn, (void)up;
}

#define UNTIL(p, condition) \
	do { \
		for (int turn_ = 0; turn_ < 2000 && !(condition); turn_++) { \
			clock_advance_ms(5); \
			loop_turn((p)->loop, 1); \
		} \
		assert_true(condition); \
	} while (0)

static void begin(struct program *p)
{
	assert_int_equal(sync_init(&p->sync, p->loop, p->folder, p->folder, p->socket), 0);
	wire_client_start(&p->kiosk, p->loop, p->socket, lobby_Program_PROGRAM_KIOSK, on_kiosk, NULL, p);
	p->orders_count = 0;
	UNTIL(p, p->orders_count > 0);
}

static void finish(struct program *p)
{
	wire_close(&p->kiosk);
	sync_fini(&p->sync);
}

static int start(void **state)
{
	struct program *p = calloc(1, sizeof(*p));
	char path[108];

	clock_use_virtual(NOW_MS);
	make_folder(p->folder);
	make_folder(p->run);
	setenv("LOBBY_RUN", p->run, 1);
	snprintf(p->socket, sizeof(p->socket), "%s/sync.sock", p->run);
	snprintf(path, sizeof(path), "%s/system.sock", p->run);
	p->loop = loop_new();
	p->box = wire_server_new(p->loop, path, lobby_Program_PROGRAM_SYSTEM, on_box, on_box_state, p);
	assert_non_null(p->box);
	begin(p);
	*state = p;
	return 0;
}

static int end(void **state)
{
	struct program *p = *state;

	finish(p);
	wire_server_free(p->box);
	loop_free(p->loop);
	remove_folder(p->folder);
	remove_folder(p->run);
	free(p);
	return 0;
}

static void feed(struct program *p, const char *cursor, bool reset, const char *changes)
{
	char text[1024];
	bool more;
	int count;

	snprintf(text, sizeof(text), "{\"cursor\":\"%s\",\"reset\":%s,\"more\":false,\"changes\":[%s]}", cursor,
		 reset ? "true" : "false", changes);
	assert_int_equal(feed_apply(&p->sync, text, strlen(text), &more, &count), 0);
}

#define ORDERS(notice, out) \
	"{\"type\":\"orders\",\"orders\":{\"notice\":\"" notice "\",\"out_of_service\":\"" out "\",\"name\":" \
	"\"Annex\"}}"

static void orders_are_told_kept_and_taken_back(void **state)
{
	struct program *p = *state;

	assert_string_equal(p->orders.notice, "");
	p->orders_count = 0;
	feed(p, "1", true, ORDERS("Dr. Okafor is late.", "Paper is being changed."));
	UNTIL(p, p->orders_count > 0);
	assert_string_equal(p->orders.notice, "Dr. Okafor is late.");
	assert_string_equal(p->orders.out_of_service, "Paper is being changed.");
	assert_string_equal(p->sync.orders.name, "Annex");
	finish(p);
	p->orders = (lobby_Orders){ 0 };
	begin(p);
	assert_string_equal(p->orders.out_of_service, "Paper is being changed.");
	p->orders_count = 0;
	feed(p, "2", false, ORDERS("", ""));
	UNTIL(p, p->orders_count > 0);
	assert_string_equal(p->orders.out_of_service, "");
	/* A whole without any: none. */
	feed(p, "3", false, ORDERS("Back soon.", ""));
	p->orders_count = 0;
	feed(p, "9", true, "");
	UNTIL(p, p->orders_count > 0 && p->orders.notice[0] == '\0');
}

static void nonsense_is_no_order(void **state)
{
	struct program *p = *state;

	feed(p, "1", true, ORDERS("Back soon.", ""));
	feed(p, "2", false,
	     "{\"type\":\"orders\",\"orders\":7},{\"type\":\"restart\"},{\"type\":\"update\",\"update\":[]}");
	UNTIL(p, strcmp(p->orders.notice, "Back soon.") == 0);
	feed(p, "3", false, "{\"type\":\"orders\",\"orders\":{\"notice\":\"a\\u0007b\",\"out_of_service\":9}}");
	UNTIL(p, p->orders.notice[0] == '\0');
	assert_string_equal(p->orders.out_of_service, "");
}

#define RESTART(id) "{\"type\":\"restart\",\"id\":\"" id "\"}"

static void a_restart_is_obeyed_once(void **state)
{
	struct program *p = *state;

	UNTIL(p, p->sync.box.conn.up);
	feed(p, "1", false, RESTART("one"));
	UNTIL(p, p->restarts == 1);
	/* The same one again, also by another lobby-sync. */
	feed(p, "0", true, RESTART("one"));
	finish(p);
	begin(p);
	UNTIL(p, p->sync.box.conn.up);
	feed(p, "1", false, RESTART("one"));
	feed(p, "2", false, RESTART("two"));
	UNTIL(p, p->restarts >= 2);
	assert_int_equal(p->restarts, 2);
}

static void time_zones_are_names(void **state)
{
	(void)state;
	assert_int_equal(clock_use_zone("Europe/Berlin"), 0);
	assert_int_equal(clock_civil_of(NOW_MS).hour, 15);
	assert_int_equal(clock_use_zone("../../etc/passwd"), LOBBY_ERR_INVALID);
	assert_int_equal(clock_use_zone("/etc/localtime"), LOBBY_ERR_INVALID);
	assert_int_equal(clock_use_zone("Nowhere/Atlantis"), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(clock_use_zone(""), 0);
	assert_int_equal(clock_civil_of(NOW_MS).hour, 15);
	assert_int_equal(clock_use_zone("America/New_York"), 0);
	assert_int_equal(clock_civil_of(NOW_MS).hour, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(orders_are_told_kept_and_taken_back, start, end),
		cmocka_unit_test_setup_teardown(nonsense_is_no_order, start, end),
		cmocka_unit_test_setup_teardown(a_restart_is_obeyed_once, start, end),
		cmocka_unit_test(time_zones_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
