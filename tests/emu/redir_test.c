/* The redirected bus against the other end of its protocol: what QEMU does with it is tried in `make test-kernel`; here
 * is what each packet must be, and what must not come. */
#include "tests/emu/model_printer.h"
#include "tests/emu/model_scanner.h"
#include "tests/emu/redir.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <usbredirparser.h>

#include <cmocka.h>

#define PATIENCE_MS 8000
#define MAX_REPORTS 64

/* The last of each kind that came. */
struct guest {
	struct loop *loop;
	struct bus *bus;
	struct model_scanner scanner;
	struct model_printer printer;
	char folder[32];
	int fd;
	bool ended;
	struct usbredirparser *parser;
	int connects, disconnects;
	struct usb_redir_device_connect_header device;
	struct usb_redir_interface_info_header interfaces;
	struct usb_redir_ep_info_header endpoints;
	struct usb_redir_configuration_status_header configuration;
	struct usb_redir_alt_setting_status_header alternate;
	struct usb_redir_control_packet_header control;
	struct usb_redir_bulk_packet_header bulk;
	struct usb_redir_interrupt_packet_header report[MAX_REPORTS];
	uint8_t report_data[MAX_REPORTS][64];
	int statuses, configurations, alternates, controls, bulks, reports;
	uint64_t bulk_id;
	uint8_t data[512];
	int data_len;
};

/* ---- the other end ---- */

static int on_read(void *arg, uint8_t *data, int count)
{
	struct guest *g = arg;
	ssize_t n = recv(g->fd, data, (size_t)count, MSG_DONTWAIT);

	if (n == 0)
		g->ended = true;
	return n > 0 ? (int)n : n < 0 && errno == EAGAIN ? 0 : -1;
}

static int on_write(void *arg, uint8_t *data, int count)
{
	struct guest *g = arg;

	return (int)send(g->fd, data, (size_t)count, MSG_NOSIGNAL);
}

static void on_log(void *arg, int level, const char *message)
{
	(void)arg;
	if (level == usbredirparser_error)
		print_message("%s\n", message);
}

static void on_connect(void *arg, struct usb_redir_device_connect_header *h)
{
	struct guest *g = arg;

	g->device = *h;
	g->connects++;
}

static void on_disconnect(void *arg)
{
	((struct guest *)arg)->disconnects++;
}

static void on_interfaces(void *arg, struct usb_redir_interface_info_header *h)
{
	((struct guest *)arg)->interfaces = *h;
}

static void on_endpoints(void *arg, struct usb_redir_ep_info_header *h)
{
	((struct guest *)arg)->endpoints = *h;
}

static void on_configuration(void *arg, uint64_t id, struct usb_redir_configuration_status_header *h)
{
	struct guest *g = arg;

	(void)id;
	g->configuration = *h;
	g->configurations++;
}

static void on_alternate(void *arg, uint64_t id, struct usb_redir_alt_setting_status_header *h)
{
	struct guest *g = arg;

	(void)id;
	g->alternate = *h;
	g->alternates++;
}

static void on_receiving(void *arg, uint64_t id, struct usb_redir_interrupt_receiving_status_header *h)
{
	(void)id;
	assert_int_equal(h->status, usb_redir_success);
	((struct guest *)arg)->statuses++;
}

static void keep(struct guest *g, uint8_t *data, int len)
{
	g->data_len = len;
	if (len > 0)
		memcpy(g->data, data, (size_t)len < sizeof(g->data) ? (size_t)len : sizeof(g->data));
	usbredirparser_free_packet_data(g->parser, data);
}

static void on_control(void *arg, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int len)
{
	struct guest *g = arg;

	(void)id;
	g->control = *h;
	g->controls++;
	keep(g, data, len);
}

static void on_bulk(void *arg, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int len)
{
	struct guest *g = arg;

	g->bulk = *h;
	g->bulk_id = id;
	g->bulks++;
	keep(g, data, len);
}

static void on_report(void *arg, uint64_t id, struct usb_redir_interrupt_packet_header *h, uint8_t *data, int len)
{
	struct guest *g = arg;

	assert_true(g->reports < MAX_REPORTS && len <= 64);
	assert_int_equal(id, g->reports);
	g->report[g->reports] = *h;
	if (len > 0)
		memcpy(g->report_data[g->reports], data, (size_t)len);
	g->reports++;
	usbredirparser_free_packet_data(g->parser, data);
}

static void turn(struct guest *g)
{
	loop_turn(g->loop, 5);
	if (g->parser != NULL && !g->ended && usbredirparser_do_read(g->parser) != 0)
		g->ended = true;
	if (g->parser != NULL && !g->ended)
		usbredirparser_do_write(g->parser);
}

#define until(g, condition) \
	do { \
		int64_t until_end = clock_mono_ms() + PATIENCE_MS; \
		while (!(condition) && clock_mono_ms() < until_end) \
			turn(g); \
		assert_true(condition); \
	} while (0)

/* Long enough for what must not come to come. */
static void idle(struct guest *g)
{
	int64_t end = clock_mono_ms() + 60;

	while (clock_mono_ms() < end)
		turn(g);
}

static int dial(struct guest *g)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", redir_path(g->bus, 0));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void meet(struct guest *g, bool acknowledges)
{
	uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };
	struct usbredirparser *p = usbredirparser_create();

	g->fd = dial(g);
	g->ended = false;
	g->parser = p;
	p->priv = g;
	p->log_func = on_log;
	p->read_func = on_read;
	p->write_func = on_write;
	p->device_connect_func = on_connect;
	p->device_disconnect_func = on_disconnect;
	p->interface_info_func = on_interfaces;
	p->ep_info_func = on_endpoints;
	p->configuration_status_func = on_configuration;
	p->alt_setting_status_func = on_alternate;
	p->interrupt_receiving_status_func = on_receiving;
	p->control_packet_func = on_control;
	p->bulk_packet_func = on_bulk;
	p->interrupt_packet_func = on_report;
	usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
	if (acknowledges)
		usbredirparser_caps_set_cap(caps, usb_redir_cap_device_disconnect_ack);
	usbredirparser_init(p, "redir_test", caps, USB_REDIR_CAPS_SIZE, 0);
}

static void part(struct guest *g)
{
	if (g->parser != NULL) {
		usbredirparser_destroy(g->parser);
		close(g->fd);
	}
	g->parser = NULL;
}

static void ask(struct guest *g, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint16_t length)
{
	struct usb_redir_control_packet_header h = { .endpoint = (uint8_t)(type & 0x80),
						     .requesttype = type,
						     .request = request,
						     .value = value,
						     .index = index,
						     .length = length };
	int before = g->controls;

	usbredirparser_send_control_packet(g->parser, 7, &h, NULL, 0);
	until(g, g->controls > before);
}

static void bulk_out(struct guest *g, uint64_t id, const char *text)
{
	struct usb_redir_bulk_packet_header h = { .endpoint = 0x01, .length = (uint16_t)strlen(text) };

	usbredirparser_send_bulk_packet(g->parser, id, &h, (uint8_t *)text, (int)strlen(text));
}

static void bulk_in(struct guest *g, uint64_t id)
{
	struct usb_redir_bulk_packet_header h = { .endpoint = 0x82, .length = 64 };

	usbredirparser_send_bulk_packet(g->parser, id, &h, NULL, 0);
}

static void start_receiving(struct guest *g)
{
	struct usb_redir_start_interrupt_receiving_header h = { .endpoint = 0x81 };
	int before = g->statuses;

	usbredirparser_send_start_interrupt_receiving(g->parser, 0, &h);
	until(g, g->statuses > before);
}

static int setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));

	snprintf(g->folder, sizeof(g->folder), "/tmp/lobby-redir-XXXXXX");
	assert_non_null(mkdtemp(g->folder));
	g->loop = loop_new();
	g->bus = redir_new(g->loop, g->folder, 2);
	assert_non_null(g->bus);
	model_scanner_init(&g->scanner, g->bus, SCANNER_USUAL);
	model_printer_init(&g->printer, g->bus);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct guest *g = *state;

	part(g);
	model_scanner_fini(&g->scanner);
	model_printer_fini(&g->printer);
	bus_free(g->bus);
	loop_free(g->loop);
	assert_int_equal(rmdir(g->folder), 0);
	free(g);
	return 0;
}

static void meet_model(struct guest *g, struct model *model)
{
	assert_true(bus_plug(g->bus, model));
	meet(g, false);
	until(g, g->connects == 1);
}

/* ---- tests ---- */

static void a_model_is_shown_as_its_descriptors_say(void **state)
{
	struct guest *g = *state;

	meet_model(g, &g->printer.model);
	assert_int_equal(g->device.vendor_id, 0x1209);
	assert_int_equal(g->device.product_id, 0x0002);
	assert_int_equal(g->device.device_version_bcd, 0x0100);
	assert_int_equal(g->device.speed, usb_redir_speed_full);
	assert_int_equal(g->interfaces.interface_count, 1);
	assert_int_equal(g->interfaces.interface_class[0], 7);
	assert_int_equal(g->endpoints.type[1], usb_redir_type_bulk);
	assert_int_equal(g->endpoints.type[16 + 2], usb_redir_type_bulk);
	assert_int_equal(g->endpoints.max_packet_size[1], 64);
	assert_int_equal(g->endpoints.type[2], usb_redir_type_invalid);
	assert_int_equal(g->endpoints.type[16], usb_redir_type_control);
	assert_int_equal(redir_connected(g->bus), 1);
}

static void a_kernel_gets_the_answers_that_it_asks_for(void **state)
{
	struct guest *g = *state;
	struct usb_redir_set_configuration_header one = { .configuration = 1 }, two = { .configuration = 2 };
	struct usb_redir_set_alt_setting_header there = { .interface = 0, .alt = 0 },
						none = { .interface = 0, .alt = 3 };

	meet_model(g, &g->scanner.model);
	ask(g, 0x80, 6, 0x0100, 0, 64);
	assert_int_equal(g->data_len, 18);
	ask(g, 0x80, 6, 0x0200, 0, 9);
	assert_int_equal(g->data_len, 9);
	ask(g, 0x80, 6, 0x0200, 0, 255);
	assert_int_equal(g->data_len, g->data[2]);
	ask(g, 0x80, 6, 0x0302, 0x0409, 255);
	assert_memory_equal(g->data + 2, "M\0o\0d\0e\0l\0", 10);
	ask(g, 0x81, 6, 0x2200, 0, 512);
	assert_int_equal(g->data[0], 0x05);
	ask(g, 0x80, 0, 0, 0, 2);
	assert_int_equal(g->data_len, 2);
	ask(g, 0x80, 6, 0x0600, 0, 10);
	assert_int_equal(g->control.status, usb_redir_stall);
	usbredirparser_send_set_configuration(g->parser, 1, &one);
	until(g, g->configurations == 1);
	assert_int_equal(g->configuration.status, usb_redir_success);
	usbredirparser_send_set_configuration(g->parser, 2, &two);
	until(g, g->configurations == 2);
	assert_int_equal(g->configuration.status, usb_redir_stall);
	assert_int_equal(g->configuration.configuration, 1);
	usbredirparser_send_set_alt_setting(g->parser, 3, &there);
	until(g, g->alternates == 1);
	assert_int_equal(g->alternate.status, usb_redir_success);
	usbredirparser_send_set_alt_setting(g->parser, 4, &none);
	until(g, g->alternates == 2);
	assert_int_equal(g->alternate.status, usb_redir_stall);
}

static void reports_come_once_they_are_asked_for(void **state)
{
	struct guest *g = *state;
	struct usb_redir_stop_interrupt_receiving_header stop = { .endpoint = 0x81 };
	uint8_t code[100];

	memset(code, 'x', sizeof(code));
	meet_model(g, &g->scanner.model);
	model_scanner_scan(&g->scanner, "Q1", code, sizeof(code));
	idle(g);
	assert_int_equal(g->reports, 0);
	start_receiving(g);
	until(g, g->reports == 2);
	assert_int_equal(g->report[0].length, 64);
	assert_int_equal(g->report_data[0][1], 56);
	assert_int_equal(g->report_data[1][1], 44);
	assert_false(model_scanner_is_sending(&g->scanner));
	usbredirparser_send_stop_interrupt_receiving(g->parser, 0, &stop);
	until(g, g->statuses == 2);
	model_scanner_scan(&g->scanner, "Q1", code, sizeof(code));
	idle(g);
	assert_int_equal(g->reports, 2);
}

static void a_long_report_is_cut_into_packets(void **state)
{
	struct guest *g = *state;

	model_scanner_init(&g->scanner, g->bus, SCANNER_PLAIN);
	meet_model(g, &g->scanner.model);
	start_receiving(g);
	model_scanner_scan(&g->scanner, "", "12345678", 8);
	until(g, g->reports == 3);
	assert_int_equal(g->report[0].length, 64);
	assert_int_equal(g->report[1].length, 64);
	assert_int_equal(g->report[2].length, 1);
}

static void a_halted_endpoint_says_nothing_until_it_is_cleared(void **state)
{
	struct guest *g = *state;

	meet_model(g, &g->scanner.model);
	g->scanner.stall_reads = 1;
	start_receiving(g);
	until(g, g->reports == 1);
	assert_int_equal(g->report[0].status, usb_redir_stall);
	model_scanner_scan(&g->scanner, "Q1", "LOBBY1", 6);
	idle(g);
	assert_int_equal(g->reports, 1);
	ask(g, 0x02, 1, 0, 0x81, 0);
	until(g, g->reports == 2);
	assert_int_equal(g->report[1].status, usb_redir_success);
}

static void a_stalled_write_halts_until_it_is_cleared(void **state)
{
	struct guest *g = *state;

	meet_model(g, &g->printer.model);
	g->printer.stall_writes = 1;
	bulk_out(g, 1, "a");
	until(g, g->bulks == 1);
	assert_int_equal(g->bulk.status, usb_redir_stall);
	bulk_out(g, 2, "b");
	until(g, g->bulks == 2);
	assert_int_equal(g->bulk.status, usb_redir_stall);
	ask(g, 0x02, 1, 0, 0x01, 0);
	bulk_out(g, 3, "c");
	until(g, g->bulks == 3);
	assert_int_equal(g->bulk.status, usb_redir_success);
	assert_int_equal(g->printer.received, 1);
}

static void a_read_waits_for_its_answer_or_its_end(void **state)
{
	struct guest *g = *state;

	meet_model(g, &g->printer.model);
	bulk_in(g, 11);
	idle(g);
	assert_int_equal(g->bulks, 0);
	bulk_out(g, 12, "\x10\x04\x01");
	until(g, g->bulks == 2);
	assert_int_equal(g->printer.answered, 0);
	bulk_in(g, 13);
	idle(g);
	assert_int_equal(g->bulks, 2);
	usbredirparser_send_cancel_data_packet(g->parser, 13);
	usbredirparser_send_cancel_data_packet(g->parser, 99); /* one that is not there */
	until(g, g->bulks == 3);
	assert_int_equal(g->bulk_id, 13);
	assert_int_equal(g->bulk.status, usb_redir_cancelled);
}

static void a_full_printer_makes_writes_wait_in_order(void **state)
{
	struct guest *g = *state;
	static char much[PRINTER_BUFFER + 101];

	memset(much, 'm', sizeof(much) - 1);
	g->printer.slow = true;
	meet_model(g, &g->printer.model);
	bulk_out(g, 21, much);
	bulk_out(g, 22, "end");
	until(g, model_printer_received(&g->printer) == PRINTER_BUFFER);
	idle(g);
	assert_int_equal(g->bulks, 0);
	model_printer_step(&g->printer, 100);
	until(g, g->bulks == 1);
	assert_int_equal(g->bulk_id, 21);
	assert_int_equal(g->bulk.length | g->bulk.length_high << 16, sizeof(much) - 1);
	model_printer_step(&g->printer, 100);
	until(g, g->bulks == 2);
	assert_int_equal(g->bulk_id, 22);
}

static void another_model_is_shown_when_the_first_is_known_to_be_gone(void **state)
{
	struct guest *g = *state;

	assert_true(bus_plug(g->bus, &g->printer.model));
	meet(g, true);
	until(g, g->connects == 1);
	bulk_in(g, 31);
	idle(g);
	bus_unplug(g->bus, &g->printer.model);
	assert_true(bus_plug(g->bus, &g->scanner.model));
	bulk_in(g, 32); /* before the guest knew */
	until(g, g->disconnects == 1);
	idle(g);
	assert_int_equal(g->connects, 2); /* the parser acknowledges by itself */
	assert_int_equal(g->device.product_id, 0x0001);
	assert_int_equal(g->bulks, 0);
}

static void who_comes_later_meets_the_model_afresh(void **state)
{
	struct guest *g = *state;

	meet_model(g, &g->printer.model);
	bulk_in(g, 41);
	idle(g);
	part(g);
	idle(g);
	assert_int_equal(redir_connected(g->bus), 0);
	meet(g, false);
	until(g, g->connects == 2);
	bulk_out(g, 42, "\x10\x04\x01");
	until(g, g->bulks == 1);
	assert_int_equal(g->bulk_id, 42);
}

static void noise_ends_the_connection_and_nothing_else(void **state)
{
	struct guest *g = *state;
	uint32_t noise = 1;
	char byte;

	assert_true(bus_plug(g->bus, &g->printer.model));
	for (int round = 0; round < 50; round++) {
		uint8_t bytes[600];
		int fd = dial(g);

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
		assert_int_equal(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
		for (int i = 0; i < 5; i++)
			loop_turn(g->loop, 1);
		while (recv(fd, &byte, 1, MSG_DONTWAIT) > 0)
			;
		close(fd);
		for (int i = 0; i < 5; i++)
			loop_turn(g->loop, 1);
	}
	meet(g, false);
	until(g, g->connects == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_model_is_shown_as_its_descriptors_say, setup, teardown),
		cmocka_unit_test_setup_teardown(a_kernel_gets_the_answers_that_it_asks_for, setup, teardown),
		cmocka_unit_test_setup_teardown(reports_come_once_they_are_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_report_is_cut_into_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(a_halted_endpoint_says_nothing_until_it_is_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stalled_write_halts_until_it_is_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(a_read_waits_for_its_answer_or_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_printer_makes_writes_wait_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(another_model_is_shown_when_the_first_is_known_to_be_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(who_comes_later_meets_the_model_afresh, setup, teardown),
		cmocka_unit_test_setup_teardown(noise_ends_the_connection_and_nothing_else, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
