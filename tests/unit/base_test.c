/* src/base: bounds, clocks, text, the loop. */
#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/text.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void reader_stops_at_its_end(void **state)
{
	struct reader r = reader_of("\x01\x02\x03", 3);

	(void)state;
	assert_int_equal(read_le16(&r), 0x0201);
	assert_int_equal(read_be32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(read_u8(&r), 0);
	assert_int_equal(reader_left(&r), 0);
}

static void writer_stops_at_its_end(void **state)
{
	uint8_t out[3] = { 0 };
	struct writer w = writer_of(out, sizeof(out));

	(void)state;
	write_be16(&w, 0x0102);
	write_le16(&w, 0x0304);
	assert_true(w.failed);
	assert_int_equal(w.len, 2);
	assert_memory_equal(out, "\x01\x02\0", 3);
}

static void errors_map_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < LOBBY_CODE_COUNT; i++)
		assert_int_equal(err_from_event(err_event(-i)), -i);
	assert_string_equal(err_event(-9999), "unknown");
	assert_string_equal(err_event(5), "unknown");
}

static void instants_parse_and_format(void **state)
{
	char out[40];
	int64_t ms = 0;

	(void)state;
	assert_int_equal(clock_parse_instant("2026-11-23T09:41:00.250-05:00", 29, &ms), 0);
	assert_int_equal(ms, 1795444860250);
	assert_int_equal(clock_parse_instant("2026-11-23T14:41Z", 17, &ms), 0);
	assert_int_equal(ms, 1795444860000);
	clock_format_instant(ms, out, sizeof(out));
	assert_string_equal(out, "2026-11-23T09:41:00.000-05:00");
	assert_int_equal(clock_parse_instant("2026-11-23", 10, &ms), LOBBY_ERR_INVALID);
	assert_int_equal(clock_parse_instant("2026-13-23T00:00:00Z", 20, &ms), LOBBY_ERR_INVALID);
	assert_int_equal(clock_parse_instant("2026-11-23T00:00:00Zx", 21, &ms), LOBBY_ERR_INVALID);
	assert_int_equal(clock_parse_instant("-11-23T00:00:00Z", 16, &ms), LOBBY_ERR_INVALID);
}

static void text_never_cuts_a_letter(void **state)
{
	char out[4];
	size_t at = 0;

	(void)state;
	assert_false(text_copy(out, sizeof(out), "abñ"));
	assert_string_equal(out, "ab");
	assert_int_equal(text_next("\xC0\x80", 2, &at), 0xFFFD);
	assert_int_equal(at, 1);
	assert_false(text_is_clean("a\x01", 2));
	assert_true(text_is_clean("Núñez 中", strlen("Núñez 中")));
}

static void arena_refuses_when_full(void **state)
{
	struct arena arena;

	(void)state;
	assert_int_equal(arena_init(&arena, 64), 0);
	assert_non_null(arena_alloc(&arena, 40));
	assert_null(arena_alloc(&arena, 40));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	arena_reset(&arena, 1);
	assert_string_equal(arena_format(&arena, "%d %s", 7, "x"), "7 x");
	arena_fini(&arena);
}

static void count_up(void *arg)
{
	(*(int *)arg)++;
}

static void read_one(void *arg, int fd, short revents)
{
	char c;

	(void)revents;
	assert_int_equal(read(fd, &c, 1), 1);
	count_up(arg);
}

static void loop_follows_the_virtual_clock(void **state)
{
	struct loop *loop;
	struct loop_timer early = { 0 }, late = { 0 };
	int fired = 0, fds[2], got = 0;

	(void)state;
	clock_use_virtual(1795444860000);
	loop = loop_new();
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_fd_add(loop, fds[0], POLLIN, read_one, &got), 0);
	loop_timer_set(loop, &late, 5000, count_up, &fired);
	loop_timer_set(loop, &early, 1000, count_up, &fired);
	loop_turn(loop, 0);
	assert_int_equal(fired, 0);
	clock_advance_ms(1000);
	loop_turn(loop, 0);
	assert_int_equal(fired, 1);
	loop_timer_cancel(loop, &late);
	clock_advance_ms(10000);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_turn(loop, 0);
	assert_int_equal(fired, 1);
	assert_int_equal(got, 1);
	loop_fd_remove(loop, fds[0]);
	loop_stop(loop);
	assert_false(loop_turn(loop, 0));
	loop_free(loop);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_stops_at_its_end),	  cmocka_unit_test(writer_stops_at_its_end),
		cmocka_unit_test(errors_map_both_ways),		  cmocka_unit_test(instants_parse_and_format),
		cmocka_unit_test(text_never_cuts_a_letter),	  cmocka_unit_test(arena_refuses_when_full),
		cmocka_unit_test(loop_follows_the_virtual_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
