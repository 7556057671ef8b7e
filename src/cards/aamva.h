/* The bar code on the back of a North American driving licence or ID card: its file, and what the file says.
 *
 * AAMVA DL/ID Card Design Standard, Annex D (versions 02 to 11: D.12.3 header, D.12.4 subfile designators, D.12.5
 * elements) and the DL/ID-2000 standard before it (00, 01). Pure; slices point into the scan and live as long as it. */
#ifndef LOBBY_CARDS_AAMVA_H
#define LOBBY_CARDS_AAMVA_H

#include "card.h"

/** Some bytes of the scan; data is NULL where there is nothing. */
struct slice {
	const uint8_t *data;
	size_t len;
};

/* The elements that we look at; all others are passed over. */
/* clang-format off */
#define AAMVA_ELEMENTS(X) \
	X(DAA) X(DAB) X(DAC) X(DAD) X(DAG) X(DAI) X(DAJ) X(DAK) X(DAL) X(DAN) X(DAO) X(DAP) X(DAQ) \
	X(DBA) X(DBB) X(DCG) X(DCS) X(DCT) X(DDE) X(DDF)

enum aamva_id {
#define X(id) AAMVA_##id,
	AAMVA_ELEMENTS(X)
#undef X
	AAMVA_ID_COUNT
};
/* clang-format on */

struct aamva_file {
	int version;
	char issuer[7];
	struct slice element[AAMVA_ID_COUNT];
};

/** Finds the file's header and takes its elements apart.
 * LOBBY_ERR_CARD_UNKNOWN: no such header. LOBBY_ERR_CARD_MALFORMED: a header, but no birth date or no name that could
 * be told from its neighbours. */
int aamva_open(struct slice scan, struct aamva_file *file) MUST_CHECK;

/** Elements that a scanner delivered without anything between them (aamva_run.c): fills names and dates only, and none
 * that could be read in two ways. */
void aamva_read_run(struct slice data, struct aamva_file *file);

/** What the elements say. LOBBY_ERR_CARD_MALFORMED: no birth date that is one, or no name. */
int aamva_licence(const struct aamva_file *file, bool latin1, struct card_licence *licence) MUST_CHECK;

/** The slice without white space, control characters and stray separators at its ends. */
struct slice slice_trim(struct slice slice);
/** Where this NUL-terminated text first stands at or after `from`; slice.len if nowhere. */
size_t slice_find(struct slice slice, size_t from, const char *text);
/** The part from `from` up to `to` (both are cut to the slice). */
struct slice slice_part(struct slice slice, size_t from, size_t to);

#endif
