/* The commands, one a line:
 *
 *   scan KIND NAME (licence, letter, member, insurance, health), scan part K/N NAME (of a health card),
 *     scan card NAME, scan file PATH, scan text TEXT, scan rubbish N
 *   swipe NAME, swipe TRACKS
 *   insert NAME, insert payment, insert other, remove
 *   issuers FILE (writes who signs the health cards)
 *   plug, unplug DEVICE (scanner, printer, stripe-reader, card-reader, label-printer)
 *   paper ok|low|out, cover open|closed, offline on|off, jam on|off
 *   media ok|out (of the label printer)
 *   network down|up
 *   slips, paper-text, paper-png FILE, labels, label-text, label-zpl
 *   pace on|off (a chip card's answers take the time that its contacts' line takes, which `line` counts in us)
 *   given DEVICE (when bytes last left it, ns of the monotonic clock)
 *   cards, status, quit
 *   press ID-or-LABEL, window-png FILE (with --window)
 *
 * Several lines of text come on one line with \n between them. */
#include "tests/emu/emu.h"

#include "base/file.h"
#include "tests/emu/emu_cards.h"
#include "tests/emu/emu_window.h"
#include "tests/emu/redir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* ---- switches ---- */

static const char *const device_names[EMU_DEVICES] = { "scanner", "printer", "stripe-reader", "card-reader",
						       "label-printer" };

static struct model *emu_model(struct emu *emu, const char *name)
{
	struct model *const models[EMU_DEVICES] = { &emu->scanner.model, &emu->printer.model, &emu->stripe.model,
						    &emu->reader.model, &emu->labels.model };

	for (int i = 0; i < EMU_DEVICES; i++)
		if (strcmp(name, device_names[i]) == 0)
			return models[i];
	return NULL;
}

static void do_plug(struct emu *emu, struct emu_answer *a, const char *what, bool in)
{
	struct model *model = emu_model(emu, what);

	if (model == NULL) {
		emu_say(a, "error there is no such device");
		return;
	}
	if (bus_is_plugged(model) != in) {
		if (!in) {
			bus_unplug(emu->bus, model);
		} else if (!bus_plug(emu->bus, model)) {
			emu_say(a, "error it does not fit");
			return;
		}
	}
	emu_say(a, "ok");
}

static void do_paper(struct emu *emu, struct emu_answer *a, const char *what)
{
	static const char *const names[] = { "ok", "low", "out" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(what, names[i]) == 0) {
			model_printer_set_paper(&emu->printer, (enum printer_paper)i);
			emu_say(a, "ok");
			return;
		}
	}
	emu_say(a, "error paper is ok, low or out");
}

/* Two-way switches: 1, 0, or -1 for neither word. */
static int switch_of(struct emu_answer *a, const char *what, const char *on, const char *off)
{
	if (strcmp(what, on) == 0 || strcmp(what, off) == 0) {
		emu_say(a, "ok");
		return strcmp(what, on) == 0;
	}
	emu_say(a, "error it takes %s or %s", on, off);
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

static void do_network(struct emu_answer *a, const char *what)
{
	int down = switch_of(a, what, "down", "up"), fd;
	char path[512];

	if (down < 0)
		return;
	if (!network_path(path, sizeof(path))) {
		emu_say(a, "error LOBBY_RUN is not set");
		return;
	}
	if (!down) {
		if (unlink(path) != 0 && errno != ENOENT)
			emu_say(a, "error the file cannot be removed");
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		emu_say(a, "error the file cannot be made");
	else
		close(fd);
}

/* ---- paper ---- */

/* Several lines on one. */
static void say_lines(struct emu_answer *a, const char *text)
{
	size_t at = 3;

	emu_say(a, "ok ");
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

/* The last label: what is on it, or its ZPL. */
static void do_label(struct emu *emu, struct emu_answer *a, bool raw)
{
	const struct zebra_label *label;
	char text[8192] = "";

	bus_lock(emu->bus);
	label = model_zebra_last(&emu->labels);
	if (label != NULL && raw)
		snprintf(text, sizeof(text), "%.*s", (int)label->zpl_len, label->zpl);
	else if (label != NULL)
		model_zebra_text(label, text, sizeof(text));
	bus_unlock(emu->bus);
	if (label != NULL)
		say_lines(a, text);
	else
		emu_say(a, "error no label was printed yet");
}

static void do_media(struct emu *emu, struct emu_answer *a, const char *what)
{
	int out = switch_of(a, what, "out", "ok");

	if (out >= 0)
		model_zebra_set(&emu->labels, (struct zebra_trouble){ .media_out = out });
}

static void do_paper_text(struct emu *emu, struct emu_answer *a)
{
	char text[8192];

	if (!model_printer_text(&emu->printer, false, text, sizeof(text))) {
		emu_say(a, "error nothing was printed yet");
		return;
	}
	say_lines(a, text);
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

/* ---- what is measured ---- */

/* Of the card reader, on umockdev's thread. */
static void on_held(void *arg, uint64_t us)
{
	struct emu *emu = arg;
	struct itimerspec due = { .it_value = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 + 1 } };

	timerfd_settime(emu->pace_fd, 0, &due, NULL);
}

static void on_line_free(void *arg, int fd, short revents)
{
	struct emu *emu = arg;
	uint64_t count;

	(void)revents;
	if (read(fd, &count, sizeof(count)) == sizeof(count))
		model_ccid_step(&emu->reader);
}

static bool do_measure(struct emu *emu, struct emu_answer *a, const char *verb, const char *what)
{
	const struct model *model = emu_model(emu, what);
	int on;

	if (strcmp(verb, "pace") == 0) {
		on = switch_of(a, what, "on", "off");
		bus_lock(emu->bus);
		if (on >= 0)
			emu->reader.paced = on;
		bus_unlock(emu->bus);
	} else if (strcmp(verb, "line") == 0) {
		bus_lock(emu->bus);
		emu_say(a, "ok %llu", (unsigned long long)emu->reader.line_us);
		bus_unlock(emu->bus);
	} else if (strcmp(verb, "given") == 0 && model != NULL) {
		bus_lock(emu->bus);
		emu_say(a, "ok %lld", (long long)model->given_ns);
		bus_unlock(emu->bus);
	} else {
		return false;
	}
	return true;
}

/* ---- all ---- */

static void do_status(struct emu *emu, struct emu_answer *a)
{
	static const char *const papers[] = { "ok", "low", "out" };

	bus_lock(emu->bus);
	emu_say(a, "ok scanner=%s printer=%s paper=%s cover=%s offline=%s network=%s slips=%d pid=%d starts=%d",
		bus_is_plugged(&emu->scanner.model) ? "plugged" : "unplugged",
		bus_is_plugged(&emu->printer.model) ? "plugged" : "unplugged", papers[emu->printer.roll],
		emu->printer.cover_open ? "open" : "closed", emu->printer.offline ? "on" : "off",
		emu_network_is_down() ? "down" : "up", paper_slips(emu->printer.paper), (int)emu->spawn.pid,
		emu->spawn.starts);
	bus_unlock(emu->bus);
}

static void do_cards(struct emu *emu, struct emu_answer *a)
{
	size_t at;

	emu_say(a, "ok");
	at = strlen(a->text);
	for (int i = 0; i < emu->cards.count && at < a->size; i++)
		at += (size_t)snprintf(a->text + at, a->size - at, "%c%s %s", i == 0 ? ' ' : '|',
				       emu->cards.rows[i].kind, emu->cards.rows[i].name);
}

static bool do_printer_switch(struct emu *emu, struct emu_answer *a, const char *verb, const char *what)
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
	struct emu_answer a = { text, size };
	size_t n = strcspn(command, " ");
	const char *what = command + n + (command[n] == ' ');
	char verb[16];

	snprintf(verb, sizeof(verb), "%.*s", (int)n, command);
	if (emu_cards_command(emu, &a, verb, what))
		;
	else if (strcmp(verb, "plug") == 0 || strcmp(verb, "unplug") == 0)
		do_plug(emu, &a, what, verb[0] == 'p');
	else if (strcmp(verb, "network") == 0)
		do_network(&a, what);
	else if (strcmp(verb, "labels") == 0)
		emu_say(&a, "ok %d", model_zebra_printed(&emu->labels));
	else if (strcmp(verb, "label-text") == 0 || strcmp(verb, "label-zpl") == 0)
		do_label(emu, &a, verb[6] == 'z');
	else if (strcmp(verb, "media") == 0)
		do_media(emu, &a, what);
	else if (strcmp(verb, "slips") == 0)
		emu_say(&a, "ok %d", model_printer_slips(&emu->printer));
	else if (strcmp(verb, "paper-text") == 0)
		do_paper_text(emu, &a);
	else if (strcmp(verb, "paper-png") == 0)
		emu_say(&a, "%s",
			write_png(emu, what) ? "ok" : "error nothing was printed yet, or it cannot be written");
	else if (strcmp(verb, "status") == 0)
		do_status(emu, &a);
	else if (strcmp(verb, "cards") == 0)
		do_cards(emu, &a);
	else if (strcmp(verb, "quit") == 0)
		emu_say(&a, "ok"), loop_stop(emu->loop);
	else if (strcmp(verb, "press") == 0)
		emu_say(&a, "%s",
			emu->window != NULL && emu_window_press(emu->window, what) ? "ok" : "error no such button");
	else if (strcmp(verb, "window-png") == 0)
		emu_say(&a, "%s",
			emu->window != NULL && emu_window_write_png(emu->window, what) ? "ok" : "error no window");
	else if (!do_measure(emu, &a, verb, what) && !do_printer_switch(emu, &a, verb, what))
		emu_say(&a, "error unknown command");
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

static bool plug_all(struct emu *emu, bool every)
{
	for (int i = 0; i < (every ? EMU_DEVICES : 2); i++)
		if (!bus_plug(emu->bus, emu_model(emu, device_names[i])))
			return false;
	return true;
}

bool emu_init(struct emu *emu, struct loop *loop, const char *cards_path, const char *paper_folder, const char *redir,
	      bool every)
{
	int line = 0, err = 0;

	*emu = (struct emu){ .loop = loop, .paper_folder = paper_folder, .slip_fd = -1, .pace_fd = -1 };
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
	emu->bus = redir != NULL ? redir_new(loop, redir, EMU_DEVICES) : bus_new();
	emu->slip_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	emu->pace_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (emu->bus == NULL || emu->slip_fd < 0 || loop_fd_add(loop, emu->slip_fd, POLLIN, on_slip, emu) != 0 ||
	    emu->pace_fd < 0 || loop_fd_add(loop, emu->pace_fd, POLLIN, on_line_free, emu) != 0) {
		fprintf(stderr, redir != NULL ? "lobby-emu: cannot listen in the folder for the virtual machine\n"
					      : "lobby-emu: umockdev is not preloaded\n");
		return false;
	}
	model_scanner_init(&emu->scanner, emu->bus, SCANNER_USUAL);
	model_printer_init(&emu->printer, emu->bus);
	emu->printer.slip_fd = emu->slip_fd;
	model_msr_init(&emu->stripe, emu->bus, MSR_MODEL_MAGTEK);
	model_ccid_init(&emu->reader, emu->bus);
	emu->reader.held = on_held;
	emu->reader.held_arg = emu;
	model_zebra_init(&emu->labels, emu->bus);
	return plug_all(emu, every);
}

void emu_fini(struct emu *emu)
{
	spawn_stop(&emu->spawn);
	if (emu->bus != NULL) {
		model_scanner_fini(&emu->scanner);
		model_printer_fini(&emu->printer);
		model_msr_fini(&emu->stripe);
		model_ccid_fini(&emu->reader);
		model_zebra_fini(&emu->labels);
		bus_free(emu->bus);
	}
	if (emu->slip_fd >= 0) {
		loop_fd_remove(emu->loop, emu->slip_fd);
		close(emu->slip_fd);
	}
	if (emu->pace_fd >= 0) {
		loop_fd_remove(emu->loop, emu->pace_fd);
		close(emu->pace_fd);
	}
	cards_fini(&emu->cards);
}
