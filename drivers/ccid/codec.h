/* CCID messages, pure: what a reader's class descriptor promises, commands to it, its answers and notifications.
 *
 * Specification: "Device Class: Smart Card. Specification for Integrated Circuit(s) Cards Interface Devices", revision
 * 1.1: 5.1 (class descriptor), 6.1 (PC_to_RDR), 6.2 (RDR_to_PC), 6.2.6 (errors), 6.3 (interrupt messages). All values
 * are little-endian. Nothing here allocates; data pointers of answers point into the message. */
#ifndef LOBBY_DRIVERS_CCID_CODEC_H
#define LOBBY_DRIVERS_CCID_CODEC_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CCID_HEADER 10
#define CCID_MAX_SLOTS 4
#define CCID_MAX_MESSAGE 65554 /* an extended answer of 65,538 bytes and its header, and some */

enum ccid_message {
	CCID_SET_PARAMETERS = 0x61,
	CCID_POWER_ON = 0x62,
	CCID_POWER_OFF = 0x63,
	CCID_GET_SLOT_STATUS = 0x65,
	CCID_GET_PARAMETERS = 0x6c,
	CCID_TRANSFER = 0x6f,
	CCID_ABORT = 0x72,
	CCID_DATA_BLOCK = 0x80,
	CCID_SLOT_STATUS = 0x81,
	CCID_PARAMETERS = 0x82,
	CCID_NOTIFY_SLOT_CHANGE = 0x50,
	CCID_HARDWARE_ERROR = 0x51,
};

/* dwFeatures (5.1, table 5.1-1) */
enum ccid_feature {
	CCID_AUTO_PARAMETERS = 0x02, /* by ATR */
	CCID_AUTO_VOLTAGE = 0x08,
	CCID_AUTO_CLOCK = 0x10,
	CCID_AUTO_RATE = 0x20,
	CCID_AUTO_NEGOTIATION = 0x40, /* chooses and sets everything by itself */
	CCID_AUTO_PPS = 0x80,	      /* makes the PPS that fits the parameters set */
	CCID_AUTO_IFSD = 0x400,
};

enum ccid_level { CCID_LEVEL_CHARACTER, CCID_LEVEL_TPDU, CCID_LEVEL_SHORT_APDU, CCID_LEVEL_EXTENDED_APDU };

/* bPowerSelect; the bits of bVoltageSupport and of an ATR's class indicator are 1 << (this - 1) */
enum ccid_voltage { CCID_VOLTS_AUTO, CCID_VOLTS_5, CCID_VOLTS_3, CCID_VOLTS_1_8 };

/* What the class descriptor says. */
struct ccid_class {
	uint16_t version; /* bcdCCID */
	uint8_t slots;	  /* 1 to 256 there; here at most CCID_MAX_SLOTS */
	uint8_t voltages;
	uint8_t protocols; /* bit 0: T=0, bit 1: T=1 */
	uint32_t clock_khz;
	uint32_t max_rate_bps;
	uint32_t max_ifsd; /* bytes */
	uint32_t features;
	uint32_t max_message; /* bytes, header included */
	enum ccid_level level;
};

/** Finds the class descriptor among an interface's (usb_info.extra).
 * LOBBY_ERR_NOT_FOUND: there is none; LOBBY_ERR_INVALID: it breaks the specification's rules. */
int ccid_class_parse(const uint8_t *extra, size_t len, struct ccid_class *out) MUST_CHECK;

struct ccid_command {
	uint8_t type;
	uint8_t slot;
	uint8_t seq;
	uint8_t param[3]; /* bytes 7 to 9: bPowerSelect; bProtocolNum; bBWI and wLevelParameter */
	const uint8_t *data;
	size_t len;
};

/** Returns the message's length. LOBBY_ERR_TOO_LONG: it does not fit. */
int ccid_encode(const struct ccid_command *command, uint8_t *out, size_t size) MUST_CHECK;

enum ccid_icc { CCID_ICC_ACTIVE, CCID_ICC_INACTIVE, CCID_ICC_ABSENT, CCID_ICC_RESERVED };
enum ccid_outcome { CCID_DONE, CCID_FAILED, CCID_MORE_TIME, CCID_OUTCOME_RESERVED };

/* bError with CCID_FAILED (table 6.2-2) */
enum ccid_fault {
	CCID_FAULT_UNSUPPORTED = 0x00,
	CCID_FAULT_SLOT_BUSY = 0xe0,
	CCID_FAULT_AUTO_SEQUENCE = 0xf2,
	CCID_FAULT_DEACTIVATED_PROTOCOL = 0xf3,
	CCID_FAULT_PROCEDURE_BYTE = 0xf4,
	CCID_FAULT_CLASS = 0xf5, /* ICC_CLASS_NOT_SUPPORTED */
	CCID_FAULT_PROTOCOL = 0xf6,
	CCID_FAULT_ATR_TCK = 0xf7,
	CCID_FAULT_ATR_TS = 0xf8,
	CCID_FAULT_HARDWARE = 0xfb,
	CCID_FAULT_OVERRUN = 0xfc,
	CCID_FAULT_PARITY = 0xfd,
	CCID_FAULT_MUTE = 0xfe,
	CCID_FAULT_ABORTED = 0xff,
};

struct ccid_answer {
	uint8_t type;
	uint8_t slot;
	uint8_t seq;
	enum ccid_icc icc;
	enum ccid_outcome outcome;
	uint8_t fault; /* with CCID_MORE_TIME: by how much the waiting time is multiplied */
	uint8_t extra; /* bChainParameter, bProtocolNum or bClockStatus */
	const uint8_t *data;
	size_t len;
};

/** How long the message is that begins with these bytes; 0 while fewer than a header are there. */
size_t ccid_message_len(const uint8_t *bytes, size_t len);
/** One whole message; bytes after it are passed over. LOBBY_ERR_TRUNCATED; LOBBY_ERR_PROTOCOL: no answer. */
int ccid_answer_parse(const uint8_t *bytes, size_t len, struct ccid_answer *out) MUST_CHECK;
/** What the answer to a command of this type must be. */
uint8_t ccid_answer_type(uint8_t command);
/** The error that an answer with CCID_FAILED stands for: CARD_REMOVED, CARD_MUTE, BUSY, CLOSED (aborted),
 * REFUSED (the reader does not know the command or refuses a parameter), IO (bytes were damaged), PROTOCOL. */
int ccid_fault_error(const struct ccid_answer *answer);

/* Bit n: slot n. */
struct ccid_notice {
	uint8_t present;
	uint8_t changed;
	bool hardware_error;
	uint8_t slot; /* of the hardware error */
	uint8_t code;
};

/** LOBBY_ERR_PROTOCOL: not an interrupt message of CCID. */
int ccid_notice_parse(const uint8_t *bytes, size_t len, unsigned slots, struct ccid_notice *out) MUST_CHECK;

#endif
