/* German chip cards as their APDUs see them: the eGK with the insured person's data made at run time, the older KVK as
 * a reader shows it, a payment card, a card that is none of these, and what a hostile card may try.
 *
 * An eGK is of generation 2: EF.GVD needs a PIN (6982) unless gvd_open. Errors are honest: 6A82 no such file or
 * application, 6B00 an offset behind the end, 6282 the file ended, 6700 a length that makes no sense, 6D00 and 6E00
 * unknown. Specifications: see src/cards/chip.h; schemas of the insured person's data: src/cards/egk.h. */
#ifndef LOBBY_EMU_CARD_EGK_H
#define LOBBY_EMU_CARD_EGK_H

#include "tests/emu/smartcard.h"

#include <stdbool.h>

enum egk_kind {
	EGK_52,	     /* schema 5.2 */
	EGK_51,	     /* schema 5.1 */
	EGK_PRIVATE, /* an eGK of a private insurer */
	EGK_KVK,     /* the reader shows the template alone */
	EGK_KVK_RAW, /* the reader shows the chip's whole memory */
	EGK_EMV,     /* a payment card with a payment system environment */
	EGK_EMV_RID, /* one without */
	EGK_OTHER,   /* none of these */
	EGK_KIND_COUNT
};

/* What goes wrong. Behind EGK_HONEST and its like, which cards do that a kiosk must read, are those that it must
 * survive. */
enum egk_fault {
	EGK_HONEST,
	EGK_LENGTH_WITH_ITSELF, /* EF.PD's length counts its own two bytes */
	EGK_END_BEHIND,		/* EF.VD's end is the first byte that no longer belongs to it */
	EGK_GET_RESPONSE,	/* answers wait for GET RESPONSE (61xx), as T=0 has it */
	EGK_EXACT_LE,		/* a READ BINARY across the end is told the right Le (6Cxx) */
	EGK_SMALL_PIECES,	/* at most 100 bytes a read */
	EGK_NO_STATUS,		/* no EF.StatusVD, no EF.Version2 */
	EGK_LAST_READABLE = EGK_NO_STATUS,

	EGK_NO_PD,
	EGK_NO_VD,
	EGK_DEACTIVATED, /* the application was closed (6283), nothing can be read (6982) */
	EGK_STATUS_OPEN, /* an update was begun and not ended */
	EGK_PD_ZERO,	 /* lengths that lie */
	EGK_PD_SHORTER,
	EGK_PD_LONGER,
	EGK_PD_HUGE,
	EGK_VD_NONE,
	EGK_VD_BACKWARDS,
	EGK_VD_FAR,
	EGK_GZIP_GARBAGE,
	EGK_GZIP_CUT,
	EGK_GZIP_BOMB,
	EGK_XML_GARBAGE,
	EGK_XML_DOCTYPE,
	EGK_XML_ENTITIES,
	EGK_XML_DEEP,
	EGK_XML_LONG,
	EGK_XML_NO_NAME,
	EGK_XML_TWICE,	 /* two family names */
	EGK_XML_VERSION, /* a schema of the far future */
	EGK_CHECK_DIGIT, /* of the insured person's number, or the KVK's checksum */
	EGK_BAD_DATE,
	EGK_ENDLESS_61,
	EGK_ENDLESS_6C,
	EGK_ONE_BYTE,	     /* one byte a read, for ever */
	EGK_NO_BYTES,	     /* 9000 and nothing else, for ever */
	EGK_TOO_MUCH,	     /* more than was asked */
	EGK_ONE_BYTE_ANSWER, /* an answer without a whole SW1 SW2 */
	EGK_GARBAGE,	     /* anything at all */
	EGK_FAULT_COUNT
};

/* Invented. UTF-8, "" is absent; dates YYYYMMDD. */
struct egk_person {
	const char *member_id; /* an eGK's, or a KVK's 6 to 12 digits */
	const char *birth_date;
	const char *given, *family, *prefix, *addition, *title;
	const char *sex;
	const char *street, *number, *postal_code, *city;
	const char *begin, *end;
	const char *payor_id, *payor;	  /* nine digits; a KVK keeps the last seven */
	const char *billing_id, *billing; /* who pays, where that is another insurer */
	const char *insured;		  /* 1 member, 3 family, 5 pensioner; private: the tariff, 01 to 04 */
	const char *exempt_until;	  /* "" none */
};

#define EGK_FILES 6
#define EGK_FILE_MAX 2048

struct egk_file {
	uint8_t bytes[EGK_FILE_MAX];
	size_t len; /* 0: it is not there */
	uint8_t app, sfi;
	uint16_t fid;
	bool locked;
};

struct card_egk {
	struct smartcard card; /* first, so that a smartcard may be taken for it */
	enum egk_kind kind;
	enum egk_fault fault;
	bool extended; /* takes extended lengths */
	struct egk_file files[EGK_FILES];
	unsigned commands; /* since power came */
	uint8_t app;	   /* selected */
	const struct egk_file *current;
	uint8_t held[EGK_FILE_MAX]; /* for GET RESPONSE */
	size_t held_len;
	uint64_t seed; /* of EGK_GARBAGE */
};

/* People that tests may take; [0] is the demo's. */
extern const struct egk_person egk_people[];
extern const unsigned egk_people_count;

/** Makes the card's files. It has no heap memory of its own; person is not kept. */
void card_egk_init(struct card_egk *card, enum egk_kind kind, enum egk_fault fault, const struct egk_person *person);
/** Lets EF.GVD be read, as a card of generation 1 does. */
void card_egk_open_gvd(struct card_egk *card);

#endif
