/* The commands:
 *   scan licence NAME | letter NAME-or-CODE | member NAME | card NAME | file PATH | text TEXT | rubbish N
 *   plug|unplug scanner|printer    paper ok|low|out    cover open|closed    offline on|off    jam on|off
 *   network down|up
 *   slips    paper-text    paper-png FILE    cards    status    quit
 *   press ID-or-LABEL    window-png FILE    (with --window)
 * A slip's text comes on one line with \n between its lines. */
#include "tests/emu/emu.h"

#include "base/file.h"
#include "cards/card.h"
#include "tests/emu/emu_window.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_RUBBISH (1 << 20)

struct answer {
	char *text;
	size_t size;
};

static void __attribute__((format(printf, 2, 3))) say(struct answer *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->text, a->size, format, args);
	va_end(args);
}

/* ---- scanning ---- */

static void scan(struct emu *emu, struct answer *a, const char *aim, const void *data, size_t len)
{
	if (!bus_is_plugged(&emu->scanner.model)) {
		say(a, "error the scanner is unplugged");
		return;
	}
	model_scanner_scan(&emu->scanner, aim, data, len);
	say(a, "ok %zu bytes", len);
}

static void scan_card(struct emu *emu, struct answer *a, const char *kind, const char *name)
{
	const struct card_row *card = cards_find(&emu->cards, kind, name);
	char code[80];

	if (card != NULL)
		scan(emu, a, cards_aim(card->kind), card->payload, card->len);
	else if (kind != NULL && strcmp(kind, "letter") == 0 && card_letter_format(code, sizeof(code), name) == 0)
		scan(emu, a, "Q1", code, strlen(code));
	else
		say(a, "error no card, or more than one, is called that");
}

static void scan_file(struct emu *emu, struct answer *a, const char *path)
{
	char *data;
	size_t len;
	int err = file_read(path, MAX_RUBBISH, &data, &len);

	if (err != 0) {
		say(a, "error %s", err_staff_text(err));
		return;
	}
	scan(emu, a, "L2", data, len);
	free(data);
}

static void scan_rubbish(struct emu *emu, struct answer *a, const char *count)
{
	unsigned long n = strtoul(count, NULL, 10);
	uint32_t noise = 1;
	uint8_t *data;

	if (n == 0 || n > MAX_RUBBISH) {
		say(a, "error rubbish is 1 to %d bytes", MAX_RUBBISH);
		return;
	}
	data = malloc(n);
	for (unsigned long i = 0; data != NULL && i < n; i++)
		data[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	if (data != NULL)
		scan(emu, a, "L2", data, n);
	else
		say(a, "error no memory");
	free(data);
}

static void do_scan(struct emu *emu, struct answer *a, const char *what)
{
	char kind[16] = "";
	size_t n = strcspn(what, " ");
	const char *rest = what + n + (what[n] == ' ');

	snprintf(kind, sizeof(kind), "%.*s", (int)n, what);
	if (*rest == '\0')
		say(a, "error scan what?");
	else if (strcmp(kind, "licence") == 0 || strcmp(kind, "letter") == 0 || strcmp(kind, "member") == 0)
		scan_card(emu, a, kind, rest);
	else if (strcmp(kind, "card") == 0)
		scan_card(emu, a, NULL, rest);
	else if (strcmp(kind, "file") == 0)
		scan_file(emu, a, rest);
	else if (strcmp(kind, "text") == 0)
		scan(emu, a, "Q1", rest, strlen(rest));
	else if (strcmp(kind, "rubbish") == 0)
		scan_rubbish(emu, a, rest);
	else
		say(a, "error unknown kind of scan");
}

/* ---- switches ---- */

static void do_plug(struct emu *emu, struct answer *a, const char *what, bool in)
{
	struct model *model = strcmp(what, "scanner") == 0   ? &emu->scanner.model
			      : strcmp(what, "printer") == 0 ? &emu->printer.model
							     : NULL;

	if (model == NULL) {
		say(a, "error plug and unplug take scanner or printer");
		return;
	}
	if (bus_is_plugged(model) != in) {
		if (!in) {
			bus_unplug(emu->bus, model);
		} else if (!bus_plug(emu->bus, model)) {
			say(a, "error it does not fit");
			return;
		}
	}
	say(a, "ok");
}

static void do_paper(struct emu *emu, struct answer *a, const char *what)
{
	static const char *const names[] = { "ok", "low", "out" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(what, names[i]) == 0) {
			model_printer_set_paper(&emu->printer, (enum printer_paper)i);
			say(a, "ok");
			return;
		}
	}
	say(a, "error paper is ok, low or out");
}

/* Two-way switches: 1, 0, or -1 for neither word. */
static int switch_of(struct answer *a, const char *what, const char *on, const char *off)
{
	if (strcmp(what, on) == 0 || strcmp(what, off) == 0) {
		say(a, "ok");
		return strcmp(what, on) == 0;
	}
	say(a, "error it takes %s or %s", on, off);
	return -1;
}

static bool network_path(char *out, size_t size)
{
	const char *run = getenv("LOBBY_RUN");

	return run != NULL && snprintf(out, size, "%s/network-down", run) < (int)size;
}

bool emu_network_is_down(void)
{
	char path[512];

	return network_path(path, sizeof(path)) && access(path, F_OK) == 0;
}

static void do_network(struct answer *a, const char *what)
{
	int down = switch_of(a, what, "down", "up"), fd;
	char path[512];

	if (down < 0)
		return;
	if (!network_path(path, sizeof(path))) {
		say(a, "error LOBBY_RUN is not set");
		return;
	}
	if (!down) {
		if (unlink(path) != 0 && errno != ENOENT)
			say(a, "error the file cannot be removed");
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		say(a, "error the file cannot be made");
	else
		close(fd);
}

/* ---- paper ---- */

static void do_paper_text(struct emu *emu, struct answer *a)
{
	char text[8192];
	size_t at = 3;

	if (!model_printer_text(&emu->printer, false, text, sizeof(text))) {
		say(a, "error nothing was printed yet");
		return;
	}
	say(a, "ok ");
	for (const char *c = text; *c != '\0' && at + 3 < a->size; c++) {
		if (*c == '\n') {
			a->text[at++] = '\\';
			a->text[at++] = 'n';
		} else {
			a->text[at++] = *c;
		}
	}
	a->text[at] = '\0';
}

static bool write_png(struct emu *emu, const char *path)
{
	const struct paper_slip *slip;
	bool ok;

	bus_lock(emu->bus);
	slip = paper_last(emu->printer.paper, false);
	ok = slip != NULL && paper_write_png(slip, path);
	bus_unlock(emu->bus);
	return ok;
}

static void on_slip(void *arg, int fd, short revents)
{
	struct emu *emu = arg;
	uint64_t count;
	char path[512];

	(void)revents;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	if (emu->paper_folder != NULL) {
		snprintf(path, sizeof(path), "%s/slip-%03d.png", emu->paper_folder, ++emu->slips_written);
		if (!write_png(emu, path))
			fprintf(stderr, "lobby-emu: cannot write %s\n", path);
	}
	if (emu->on_change != NULL)
		emu->on_change(emu->on_change_arg);
}

/* ---- all ---- */

static void do_status(struct emu *emu, struct answer *a)
{
	static const char *const papers[] = { "ok", "low", "out" };

	bus_lock(emu->bus);
	say(a, "ok scanner=%s printer=%s paper=%s cover=%s offline=%s network=%s slips=%d pid=%d starts=%d",
	    bus_is_plugged(&emu->scanner.model) ? "plugged" : "unplugged",
	    bus_is_plugged(&emu->printer.model) ? "plugged" : "unplugged", papers[emu->printer.roll],
	    emu->printer.cover_open ? "open" : "closed", emu->printer.offline ? "on" : "off",
	    emu_network_is_down() ? "down" : "up", paper_slips(emu->printer.paper), (int)emu->spawn.pid,
	    emu->spawn.starts);
	bus_unlock(emu->bus);
}

static void do_cards(struct emu *emu, struct answer *a)
{
	size_t at;

	say(a, "ok");
	at = strlen(a->text);
	for (int i = 0; i < emu->cards.count && at < a->size; i++)
		at += (size_t)snprintf(a->text + at, a->size - at, "%c%s %s", i == 0 ? ' ' : '|',
				       emu->cards.rows[i].kind, emu->cards.rows[i].name);
}

static bool do_printer_switch(struct emu *emu, struct answer *a, const char *verb, const char *what)
{
	int on;

	if (strcmp(verb, "paper") == 0) {
		do_paper(emu, a, what);
	} else if (strcmp(verb, "cover") == 0) {
		on = switch_of(a, what, "open", "closed");
		if (on >= 0)
			model_printer_set_cover(&emu->printer, on);
	} else if (strcmp(verb, "offline") == 0) {
		on = switch_of(a, what, "on", "off");
		if (on >= 0)
			model_printer_set_offline(&emu->printer, on);
	} else if (strcmp(verb, "jam") == 0) {
		on = switch_of(a, what, "on", "off");
		if (on >= 0)
			model_printer_set_jam(&emu->printer, on);
	} else {
		return false;
	}
	return true;
}

void emu_command(struct emu *emu, const char *command, char *text, size_t size)
{
	struct answer a = { text, size };
	size_t n = strcspn(command, " ");
	const char *what = command + n + (command[n] == ' ');
	char verb[16];

	snprintf(verb, sizeof(verb), "%.*s", (int)n, command);
	if (strcmp(verb, "scan") == 0)
		do_scan(emu, &a, what);
	else if (strcmp(verb, "plug") == 0 || strcmp(verb, "unplug") == 0)
		do_plug(emu, &a, what, verb[0] == 'p');
	else if (strcmp(verb, "network") == 0)
		do_network(&a, what);
	else if (strcmp(verb, "slips") == 0)
		say(&a, "ok %d", model_printer_slips(&emu->printer));
	else if (strcmp(verb, "paper-text") == 0)
		do_paper_text(emu, &a);
	else if (strcmp(verb, "paper-png") == 0)
		say(&a, "%s", write_png(emu, what) ? "ok" : "error nothing was printed yet, or it cannot be written");
	else if (strcmp(verb, "status") == 0)
		do_status(emu, &a);
	else if (strcmp(verb, "cards") == 0)
		do_cards(emu, &a);
	else if (strcmp(verb, "quit") == 0)
		say(&a, "ok"), loop_stop(emu->loop);
	else if (strcmp(verb, "press") == 0)
		say(&a, "%s",
		    emu->window != NULL && emu_window_press(emu->window, what) ? "ok" : "error no such button");
	else if (strcmp(verb, "window-png") == 0)
		say(&a, "%s",
		    emu->window != NULL && emu_window_write_png(emu->window, what) ? "ok" : "error no window");
	else if (!do_printer_switch(emu, &a, verb, what))
		say(&a, "error unknown command");
	if (emu->on_change != NULL)
		emu->on_change(emu->on_change_arg);
}

static void on_child_ended(void *arg)
{
	struct emu *emu = arg;

	bus_release_all(emu->bus);
}

void emu_spawn(struct emu *emu, const char *command)
{
	spawn_start(&emu->spawn, emu->loop, command, on_child_ended, emu);
}

bool emu_init(struct emu *emu, struct loop *loop, const char *cards_path, const char *paper_folder)
{
	int line = 0, err = 0;

	*emu = (struct emu){ .loop = loop, .paper_folder = paper_folder, .slip_fd = -1 };
	if (cards_path != NULL)
		err = cards_read(&emu->cards, cards_path, &line);
	if (err != 0) {
		fprintf(stderr, "lobby-emu: %s:%d: %s\n", cards_path, line, err_staff_text(err));
		return false;
	}
	if (paper_folder != NULL && file_make_folder(paper_folder, 0755) != 0) {
		fprintf(stderr, "lobby-emu: cannot make %s\n", paper_folder);
		return false;
	}
	emu->bus = bus_new();
	emu->slip_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (emu->bus == NULL || emu->slip_fd < 0 || loop_fd_add(loop, emu->slip_fd, POLLIN, on_slip, emu) != 0) {
		fprintf(stderr, "lobby-emu: umockdev is not preloaded\n");
		return false;
	}
	model_scanner_init(&emu->scanner, emu->bus, SCANNER_USUAL);
	model_printer_init(&emu->printer, emu->bus);
	emu->printer.slip_fd = emu->slip_fd;
	return bus_plug(emu->bus, &emu->scanner.model) && bus_plug(emu->bus, &emu->printer.model);
}

void emu_fini(struct emu *emu)
{
	spawn_stop(&emu->spawn);
	if (emu->bus != NULL) {
		model_scanner_fini(&emu->scanner);
		model_printer_fini(&emu->printer);
		bus_free(emu->bus);
	}
	if (emu->slip_fd >= 0) {
		loop_fd_remove(emu->loop, emu->slip_fd);
		close(emu->slip_fd);
	}
	cards_fini(&emu->cards);
}
