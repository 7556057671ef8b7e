/* A smart-card reader: USB CCID 1.1 with one or two slots, of any exchange level, with or without an interrupt
 * endpoint, alone or beside another interface, behind whose contacts is a card (icc.h). Unmodified pcscd and libccid
 * work with it (pcscd.test.sh). Fields may be changed while it is unplugged or under bus_lock().
 *
 * Faults are counted in messages: each bulk-OUT message since it was plugged in has a number, from 1. */
#ifndef LOBBY_EMU_MODEL_CCID_H
#define LOBBY_EMU_MODEL_CCID_H

#include "tests/emu/bus.h"
#include "tests/emu/icc.h"

#define MODEL_CCID_SLOTS 2

enum model_ccid_level {
	MODEL_CCID_CHARACTER = 0,
	MODEL_CCID_TPDU = 0x10000,
	MODEL_CCID_SHORT = 0x20000,
	MODEL_CCID_EXTENDED = 0x40000,
};

enum model_ccid_fault {
	MODEL_CCID_HONEST,
	MODEL_CCID_STALL_OUT,
	MODEL_CCID_STALL_IN,
	MODEL_CCID_CUT,	      /* a message shorter than its header says */
	MODEL_CCID_GARBAGE,   /* bytes that are no message */
	MODEL_CCID_HUGE,      /* a header that says 4 GiB */
	MODEL_CCID_WRONG_SEQ, /* the answer with another bSeq, and no other */
	MODEL_CCID_LATE,      /* an answer to an older bSeq first */
	MODEL_CCID_SLOW,      /* asks three times for more time */
	MODEL_CCID_ENDLESS,   /* asks for more time for ever, every 10 ms of the line */
	MODEL_CCID_SILENT,    /* no answer */
	MODEL_CCID_MUTE,      /* ICC_MUTE */
	MODEL_CCID_PARITY,
	MODEL_CCID_OVERRUN,
	MODEL_CCID_HARDWARE,
	MODEL_CCID_BUSY,    /* CMD_SLOT_BUSY */
	MODEL_CCID_ABORTED, /* CMD_ABORTED */
	MODEL_CCID_UNKNOWN, /* command not supported */
	MODEL_CCID_WRONG_TYPE,
	MODEL_CCID_FAULT_COUNT
};

struct model_ccid_message {
	uint8_t *bytes;
	size_t len, at;
};

struct model_ccid {
	struct model model; /* first */
	struct bus *bus;
	/* what it is; taken when it is plugged in */
	uint16_t vendor, product;
	enum model_ccid_level level;
	uint32_t features; /* dwFeatures without the level */
	uint8_t slot_count;
	uint8_t voltages;  /* bVoltageSupport */
	uint8_t protocols; /* bit 0 T=0, bit 1 T=1 */
	uint32_t clock_khz, max_rate_bps, max_ifsd, max_message;
	bool no_notify;		/* no interrupt endpoint */
	bool class_last;	/* the class descriptor is behind the endpoints */
	bool composite;		/* interface 0 is something else, CCID is interface 1 */
	uint8_t descriptor_len; /* of the class descriptor; 54. 0: it is not there */
	bool no_abort;		/* stalls the ABORT request */
	uint8_t card_voltages;	/* what the card in any slot answers at: bits as bVoltageSupport; 0: all */
	/* faults */
	enum model_ccid_fault fault;
	unsigned fault_at;  /* from this message on */
	int fault_count;    /* so many messages; -1: for ever */
	uint8_t fault_type; /* only messages of this type; 0: any */
	unsigned remove_at; /* the card in slot 0 is pulled when this message comes */
	unsigned hold_at;   /* this message is not answered */
	/* what happened */
	unsigned messages, aborts;
	uint8_t powers[32]; /* bPowerSelect of each power-up */
	unsigned power_count;
	unsigned set_parameters;
	/* real speed: answers are held as long as the line would take, until model_ccid_step() */
	bool paced;
	void (*held)(void *arg, uint64_t us); /* called with the lock held */
	void *held_arg;
	uint64_t line_us; /* of all answers so far */
	/* inside */
	struct icc icc[MODEL_CCID_SLOTS];
	uint8_t parameters[MODEL_CCID_SLOTS][7];
	uint8_t protocol[MODEL_CCID_SLOTS];
	uint8_t changed; /* bits, to be notified */
	uint8_t *command;
	size_t command_len;
	uint8_t *apdu; /* extended level: a command or an answer in parts */
	size_t apdu_len, apdu_at;
	struct model_ccid_message queue[8];
	int queued;
	bool is_held, stalled, endless;
	uint8_t last[10]; /* header of the last answer, for what is late */
	int fault_left;
};

/** A reader of the short APDU level with one slot and everything automatic; change it before it is plugged in. */
void model_ccid_init(struct model_ccid *reader, struct bus *bus);
void model_ccid_fini(struct model_ccid *reader);
/** Somebody puts a card in (it is borrowed until it is out), or takes it out. */
void model_ccid_insert(struct model_ccid *reader, unsigned slot, struct smartcard *card);
void model_ccid_remove(struct model_ccid *reader, unsigned slot);
/** Lets the held answer go. */
void model_ccid_step(struct model_ccid *reader);

#endif
