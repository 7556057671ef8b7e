/* src/kiosk/input: where events of SDL's evdev driver happened, for all that points, on panels that hang any way. */
#include "kiosk/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct input_device tablet(int min, int max)
{
	return (struct input_device){
		.fd = -1, .pointer = true, .absolute = true, .x = { min, max, min, -1 }, .y = { min, max, min, -1 }
	};
}

static SDL_Event motion(int x, int y)
{
	SDL_Event event = { .type = SDL_MOUSEMOTION };

	event.motion.x = x;
	event.motion.y = y;
	return event;
}

/* Presses at this raw position and tells where in the picture that was. */
static SDL_Point press(struct input_device *device, const struct turn *turn, int x, int y)
{
	SDL_Event move = motion(x, y), down = { .type = SDL_MOUSEBUTTONDOWN };
	SDL_Point pointer = { 0 };

	input_place(device, turn, &pointer, &move);
	assert_true(move.motion.x == pointer.x && move.motion.y == pointer.y);
	input_place(device, turn, &pointer, &down);
	assert_true(down.button.x == pointer.x && down.button.y == pointer.y);
	return pointer;
}

static void expect(SDL_Point p, int x, int y)
{
	assert_int_equal(p.x, x);
	assert_int_equal(p.y, y);
}

static void corners_of_an_absolute_pointer(void **state)
{
	struct turn upright = turn_for_panel(0, 1280, 800), right = turn_for_panel(90, 1280, 800),
		    over = turn_for_panel(180, 1280, 800), left = turn_for_panel(270, 1280, 800);
	struct input_device device = tablet(100, 4195);

	(void)state;
	expect(press(&device, &upright, 100, 100), 0, 0);
	expect(press(&device, &upright, 4195, 4195), 1279, 799);
	expect(press(&device, &upright, 100, 4195), 0, 799);
	/* The picture's top left corner is the panel's top right one, and so on, clockwise. */
	expect(press(&device, &right, 4195, 100), 0, 0);
	expect(press(&device, &right, 100, 100), 0, 1279);
	expect(press(&device, &right, 4195, 4195), 799, 0);
	expect(press(&device, &over, 4195, 4195), 0, 0);
	expect(press(&device, &over, 100, 100), 1279, 799);
	expect(press(&device, &left, 100, 4195), 0, 0);
	expect(press(&device, &left, 100, 100), 799, 0);
}

static void what_is_out_of_range_is_at_the_edge(void **state)
{
	struct turn turn = turn_for_panel(0, 1280, 800);
	struct input_device device = tablet(100, 4195);

	(void)state;
	expect(press(&device, &turn, -500, 1 << 30), 0, 799);
}

static void an_axis_that_did_not_change_is_said_to_be_0(void **state)
{
	struct turn turn = turn_for_panel(0, 1280, 800);
	struct input_device device = tablet(0, 32767);
	SDL_Point first = press(&device, &turn, 16384, 8192), second;

	(void)state;
	device.x.now = 3000;
	device.y.now = 8192;
	second = press(&device, &turn, 3000, 0);
	assert_true(second.x != first.x && second.y == first.y);
	second = press(&device, &turn, 0, 9000);
	assert_int_equal(second.x, 3000 * 1280 / 32768);
	/* The edge itself. */
	device.x.now = 0;
	expect(press(&device, &turn, 0, 9000), 0, 9000 * 800 / 32768);
}

static void a_mouse_moves_as_the_hand_does(void **state)
{
	struct turn turn = turn_for_panel(90, 1280, 800);
	struct input_device mouse = { .fd = -1, .pointer = true };
	SDL_Point pointer = { 100, 100 };
	SDL_Event event = motion(5000, 5000);

	(void)state;
	event.motion.xrel = 10;
	event.motion.yrel = -20;
	input_place(&mouse, &turn, &pointer, &event);
	expect(pointer, 110, 80);
	event.motion.xrel = -1000;
	event.motion.yrel = 5000;
	input_place(&mouse, &turn, &pointer, &event);
	expect(pointer, 0, 1279);
	assert_true(event.motion.xrel == -110 && event.motion.yrel == 1199);
	input_place(NULL, &turn, &pointer, &event);
	assert_true(pointer.y == 1279);
}

static void fingers_turn_too(void **state)
{
	struct turn turn = turn_for_panel(90, 1280, 800);
	SDL_Event event = { .type = SDL_FINGERDOWN };
	SDL_Point pointer = { 0 };

	(void)state;
	event.tfinger.x = 0.75F;
	event.tfinger.y = 0.25F;
	event.tfinger.dx = 0.5F;
	input_place(NULL, &turn, &pointer, &event);
	assert_true(event.tfinger.x == 0.25F && event.tfinger.y == 0.25F);
	assert_true(event.tfinger.dx == 0 && event.tfinger.dy == -0.5F);
	event.tfinger.x = 0;
	event.tfinger.y = 1;
	input_place(NULL, &turn, &pointer, &event);
	assert_true(event.tfinger.x < 1 && event.tfinger.y < 1);
	assert_int_equal((int)(event.tfinger.x * 800), 799);
	assert_int_equal((int)(event.tfinger.y * 1280), 1279);
}

static void other_events_stay_as_they_are(void **state)
{
	struct turn turn = turn_for_panel(90, 1280, 800);
	SDL_Event event = { .type = SDL_KEYDOWN };
	SDL_Point pointer = { 3, 4 };

	(void)state;
	event.key.keysym.sym = SDLK_RETURN;
	input_place(NULL, &turn, &pointer, &event);
	assert_true(event.key.keysym.sym == SDLK_RETURN && pointer.x == 3 && pointer.y == 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corners_of_an_absolute_pointer),
		cmocka_unit_test(what_is_out_of_range_is_at_the_edge),
		cmocka_unit_test(an_axis_that_did_not_change_is_said_to_be_0),
		cmocka_unit_test(a_mouse_moves_as_the_hand_does),
		cmocka_unit_test(fingers_turn_too),
		cmocka_unit_test(other_events_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
