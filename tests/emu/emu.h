/* lobby-emu's state: the bus with a device of each kind, the cards that people have, and what people do to them.
 * Commands are text, one line in and one line out, from the control socket and from the window alike; see emu.c for the
 * list. */
#ifndef LOBBY_EMU_EMU_H
#define LOBBY_EMU_EMU_H

#include "base/loop.h"
#include "tests/emu/bus.h"
#include "tests/emu/card_egk.h"
#include "tests/emu/cards.h"
#include "tests/emu/model_ccid.h"
#include "tests/emu/model_msr.h"
#include "tests/emu/model_printer.h"
#include "tests/emu/model_scanner.h"
#include "tests/emu/model_zebra.h"
#include "tests/emu/spawn.h"

#define EMU_ANSWER_MAX 16384
#define EMU_DEVICES 5

struct emu {
	struct loop *loop;
	struct bus *bus;
	struct model_scanner scanner;
	struct model_printer printer;
	struct model_msr stripe;
	struct model_ccid reader;
	struct model_zebra labels;
	struct card_egk chip; /* what is in the reader, if anything */
	struct cards cards;
	struct spawn spawn;
	const char *paper_folder; /* NULL: slips are not written */
	int slip_fd;		  /* eventfd: a slip was cut off */
	int pace_fd;		  /* timerfd: the card reader's line is through with an answer */
	int slips_written;
	void (*on_change)(void *arg); /* for the window; may be NULL */
	void *on_change_arg;
	struct emu_window *window; /* NULL: none */
};

/** cards_path and paper_folder may be NULL. redir: NULL for umockdev, or the folder where a virtual machine finds the
 * devices (redir.h), borrowed for the call. Plugs scanner and printer in, or with `every` one of each kind. False (and
 * says why on standard error) if umockdev is not preloaded, or the cards cannot be read. */
bool emu_init(struct emu *emu, struct loop *loop, const char *cards_path, const char *paper_folder, const char *redir,
	      bool every);
void emu_fini(struct emu *emu);
/** Runs this (lobby-devices), again whenever it ends. command is borrowed. */
void emu_spawn(struct emu *emu, const char *command);
/** Does one command. answer begins with "ok" or "error". */
void emu_command(struct emu *emu, const char *command, char *answer, size_t size);
/** The network-down file of the run folder, which the run script's link watches. */
bool emu_network_is_down(void);

#endif
