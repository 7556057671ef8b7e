/* The flow table, as a graph: every screen is reachable, and none is a dead end. */
#include "base/clock.h"
#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Which screens some chain of events can lead to from this one, whatever the guards say. */
static void mark_reachable(enum screen_id from, bool *reached)
{
	int count;
	const struct flow_row *rows = flow_table(&count);

	reached[from] = true;
	for (int i = 0; i < count; i++)
		if ((rows[i].from == from || rows[i].from == FLOW_ANY) && rows[i].to < SCREEN_COUNT &&
		    !reached[rows[i].to])
			mark_reachable(rows[i].to, reached);
}

static void every_screen_is_reachable(void **state)
{
	bool reached[SCREEN_COUNT] = { false };

	(void)state;
	mark_reachable(SCREEN_WELCOME, reached);
	for (int i = 0; i < SCREEN_COUNT; i++) {
		if (!reached[i])
			print_error("unreachable: %s\n", flow_screen_name((enum screen_id)i));
		assert_true(reached[i]);
	}
}

static void every_screen_can_start_over(void **state)
{
	struct app app = { .sync_up = true, .sync = { .enrolled = true } };

	(void)state;
	for (int i = 0; i < SCREEN_COUNT; i++)
		assert_int_equal(flow_next(&app, (enum screen_id)i, FLOW_START_OVER), SCREEN_WELCOME);
	app.sync_was_up = true;
	app.sync_up = false; /* a kiosk that can help nobody says so, whatever is started over */
	for (int i = 0; i < SCREEN_COUNT; i++)
		assert_int_equal(flow_next(&app, (enum screen_id)i, FLOW_START_OVER), SCREEN_OUT_OF_ORDER);
}

/* The technician's screens are behind the PIN, from the two screens where nobody's visit is; each of them closes by
 * itself, and no screen of a patient's leads there. */
static void only_the_pin_leads_to_the_technicians_screens(void **state)
{
	struct app app = { .sync_up = true, .sync = { .enrolled = true } };
	int count;
	const struct flow_row *rows = flow_table(&count);

	(void)state;
	for (int i = 0; i < count; i++) {
		if (rows[i].to >= SCREEN_COUNT || !screens[rows[i].to]->staff ||
		    (screens[rows[i].to]->rests && rows[i].event == FLOW_START_OVER)) /* the first start's, guarded */
			continue;
		if (rows[i].event == FLOW_TECHNICIAN && rows[i].to == SCREEN_BOX) { /* a stick instead of the PIN */
			assert_string_equal(rows[i].guard_name, "has_key");
			continue;
		}
		assert_true(rows[i].from < SCREEN_COUNT);
		assert_true(screens[rows[i].from]->staff || rows[i].to == SCREEN_TECHNICIAN_PIN);
	}
	for (int i = 0; i < SCREEN_COUNT; i++) {
		assert_int_equal(
			flow_next(&app, (enum screen_id)i, FLOW_TECHNICIAN),
			screens[i]->rests && !screens[i]->staff && i != SCREEN_RESTARTING ? SCREEN_TECHNICIAN_PIN : -1);
		assert_true(!screens[i]->staff || screens[i]->idle_ms > 0);
	}
	assert_int_equal(flow_next(&app, SCREEN_TECHNICIAN_PIN, FLOW_CONTINUE), -1);
	app.technician.in = true;
	assert_int_equal(flow_next(&app, SCREEN_TECHNICIAN_PIN, FLOW_CONTINUE), SCREEN_TECHNICIAN);
	assert_int_equal(flow_next(&app, SCREEN_TECHNICIAN, FLOW_TEST), SCREEN_TECHNICIAN_TEST);
	assert_int_equal(flow_next(&app, SCREEN_TECHNICIAN_TEST, FLOW_BACK), SCREEN_TECHNICIAN);
}

/* The first row that fits wins, so a row behind one without a guard would never be taken. */
static void no_row_is_shadowed(void **state)
{
	int count;
	const struct flow_row *rows = flow_table(&count);

	(void)state;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			assert_false(rows[j].event == rows[i].event && rows[j].from == rows[i].from &&
				     rows[j].guard == NULL);
}

static void every_event_leads_somewhere(void **state)
{
	int count;
	const struct flow_row *rows = flow_table(&count);

	(void)state;
	for (int event = 0; event < FLOW_EVENT_COUNT; event++) {
		bool used = false;

		for (int i = 0; i < count; i++)
			used = used || (int)rows[i].event == event;
		if (!used)
			print_error("no row for: %s\n", flow_event_name((enum flow_event)event));
		assert_true(used);
	}
}

/* Which steps run is the clinic's setting. */
static void settings_choose_the_steps(void **state)
{
	struct app app = { 0 };

	(void)state;
	assert_int_equal(flow_next(&app, SCREEN_APPOINTMENTS, FLOW_CONTINUE), SCREEN_COUNT);
	app.settings.ask_insurance = true;
	assert_int_equal(flow_next(&app, SCREEN_APPOINTMENTS, FLOW_CONTINUE), SCREEN_INSURANCE);
	assert_int_equal(flow_next(&app, SCREEN_INSURANCE, FLOW_BACK), SCREEN_APPOINTMENTS);
	app.settings.ask_contact = true;
	assert_int_equal(flow_next(&app, SCREEN_APPOINTMENTS, FLOW_CONTINUE), SCREEN_CONTACT);
	assert_int_equal(flow_next(&app, SCREEN_CONTACT, FLOW_CONTINUE), SCREEN_INSURANCE);
	app.settings.ask_insurance = false;
	assert_int_equal(flow_next(&app, SCREEN_CONTACT, FLOW_CONTINUE), SCREEN_COUNT);
	assert_int_equal(app_step_count(&app), 4);
}

/* Where a kiosk rests is the first of these that is so. */
static void what_it_is_decides_where_it_rests(void **state)
{
	struct app app = { .sync_up = true, .sync = { .enrolled = true } };
	lobby_SystemState *box = &app.box.state;

	(void)state;
	app.started_mono_ms = clock_mono_ms();
	text_copy(app.orders.out_of_service, sizeof(app.orders.out_of_service), "Repair");
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_OUT_OF_SERVICE);
	app.sync_up = false;
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_STARTING);
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_BROKEN), SCREEN_STARTING);
	app.started_mono_ms -= APP_START_MS;
	assert_int_equal(flow_next(&app, SCREEN_STARTING, FLOW_START_OVER), SCREEN_OUT_OF_ORDER);
	app.sync_up = true;
	app.sync.enrolled = false;
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_OUT_OF_ORDER);
	text_copy(box->slot, sizeof(box->slot), "a");
	app.box.there = true;
	box->set_up = true;
	box->protection = lobby_Protection_PROTECTION_NO_TPM;
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_CLINIC);
	text_copy(app.settings.technician_pin, sizeof(app.settings.technician_pin), "set");
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_OUT_OF_ORDER);
	box->set_up = false;
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_SETUP_LANGUAGE);
	box->stick = (lobby_Stick){ .state = lobby_StickState_STICK_TRUSTED, .has_provisioning = true };
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_SETUP_STICK);
	box->restarting = true;
	assert_int_equal(flow_next(&app, SCREEN_WELCOME, FLOW_START_OVER), SCREEN_RESTARTING);
	box->restarting = false;
	box->protection = lobby_Protection_PROTECTION_STARTING; /* nobody knows yet whether it is set up */
	app.sync.enrolled = true;
	app.orders.out_of_service[0] = '\0';
	assert_int_equal(flow_next(&app, SCREEN_SETUP_LANGUAGE, FLOW_START_OVER), SCREEN_WELCOME);
}

static void the_graph_names_every_screen(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	flow_write_dot(out);
	fclose(out);
	for (int i = 0; i < SCREEN_COUNT; i++)
		assert_non_null(strstr(text, flow_screen_name((enum screen_id)i)));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_screen_is_reachable),
		cmocka_unit_test(every_screen_can_start_over),
		cmocka_unit_test(no_row_is_shadowed),
		cmocka_unit_test(every_event_leads_somewhere),
		cmocka_unit_test(only_the_pin_leads_to_the_technicians_screens),
		cmocka_unit_test(settings_choose_the_steps),
		cmocka_unit_test(what_it_is_decides_where_it_rests),
		cmocka_unit_test(the_graph_names_every_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
