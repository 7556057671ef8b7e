/* Matching a person to the roster, forgiving to names and silent about everybody else.
 *
 * Pure; no allocation; UTF-8. Folding removes case, accents (Latin letters decomposed by table: Unicode 15 canonical
 * decompositions of Latin-1 Supplement, Latin Extended-A, -B and Additional, plus ß=ss æ=ae ø=o đ=d ł=l), spaces,
 * hyphens, apostrophes, full stops and commas. Greek and Cyrillic lose their case; letters of other scripts fold to
 * themselves. */
#ifndef LOBBY_CHECKIN_MATCH_H
#define LOBBY_CHECKIN_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#define MATCH_FOLDED_MAX 160

/** Folds a name; cuts at size. "O'Brien-Núñez" -> "obriennunez". */
void match_fold(char *out, size_t size, const char *name);

/** Does `letter` (folded) begin the name or any of its parts (split at spaces, hyphens, apostrophes)? So "de la Cruz"
 * is found by D, L and C, and "Smith-Jones" by S and J. */
bool match_initial(const char *name, const char *letter);

/** Are these two whole names one person's? Folded equality of family and given; or swapped; or one's family is a part
 * of the other's (double names, a dropped maiden name) while the first part of the given names is equal; or the given
 * is the other's first part (a licence's "MARIA ELENA" for "Maria"), or the licence's truncation of it (at least 3
 * letters and `cut`). Never matches on an empty family and given. */
bool match_names(const char *family_a, const char *given_a, const char *family_b, const char *given_b, bool cut);

/** One candidate from the roster: all with the birthday asked for. `person` numbers distinct patients: rows of one
 * patient have equal patient_id. Strings borrowed. */
struct match_candidate {
	const char *patient_id;
	const char *family;
	const char *given;
	const char *phone_last4; /* may be "" */
};

struct match_query {
	const char *family; /* "" not known; else the first letter, or whole when from_card */
	const char *given;
	const char *phone_last4;
	bool from_card;
	bool cut; /* from_card: the issuer says that it cut a name (AAMVA DDE, DDF) */
};

enum match_outcome {
	MATCH_NONE,
	MATCH_FOUND,
	MATCH_NEED_FAMILY, /* always asked for when nothing is known but the birthday, even if only one has it */
	MATCH_NEED_GIVEN,
	MATCH_NEED_PHONE,
	MATCH_AMBIGUOUS,
};

/** Decides over count candidates. On MATCH_FOUND, *patient_id points at the one patient's id (of a candidate). Asks in
 * the order family, given, phone and only for what can still tell the candidates apart; a card that fits several
 * patients asks for the phone. A given initial may also match the family and vice versa (swapped at registration). */
enum match_outcome match_decide(const struct match_candidate *candidates, size_t count, const struct match_query *query,
				const char **patient_id);

#endif
