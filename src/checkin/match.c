/* See match.h. One question, "can this candidate be the person asked for?" (accepts), filters the candidates; whether
 * another answer would help is found by asking it again with every answer that could be given. */
#include "match.h"

#include "fold.h"

#include "base/text.h"

#include <string.h>

#define CUT_MIN 3

/* Words that begin a surname and are none by themselves. */
static const char *const particles[] = { "de",	"del", "la",  "las", "los", "da",  "do",  "dos", "das", "di",
					 "du",	"van", "von", "der", "den", "ter", "ten", "le",	 "el",	"al",
					 "bin", "ibn", "san", "st",  "o",   "mc",  "mac", "e",	 "y" };

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

bool match_initial(const char *name, const char *letter)
{
	struct fold_parts parts, wanted;
	size_t len;

	fold_split(&parts, name);
	fold_split(&wanted, letter);
	len = strlen(wanted.text);
	if (len == 0)
		return false;
	for (int i = 0; i < parts.count; i++)
		if (strncmp(parts.text + parts.start[i], wanted.text, len) == 0)
			return true;
	return false;
}

static size_t part_len(const struct fold_parts *parts, int i)
{
	return parts->start[i + 1] - parts->start[i];
}

static bool part_is(const struct fold_parts *parts, int i, const char *text)
{
	return strlen(text) == part_len(parts, i) && memcmp(parts->text + parts->start[i], text, strlen(text)) == 0;
}

static bool only_particles(const struct fold_parts *parts)
{
	for (int i = 0; i < parts->count; i++) {
		bool particle = false;

		for (size_t k = 0; k < sizeof(particles) / sizeof(particles[0]); k++)
			particle = particle || part_is(parts, i, particles[k]);
		if (!particle)
			return false;
	}
	return true;
}

/* Is the small name, whole, a run of parts of the large one? leading: the run must be at its beginning. */
static bool is_run(const struct fold_parts *small, const struct fold_parts *large, bool leading)
{
	size_t len = strlen(small->text);

	for (int from = 0; from < (leading ? 1 : large->count); from++) {
		for (int to = from + 1; to <= large->count; to++) {
			if (large->start[to] - large->start[from] == len &&
			    memcmp(large->text + large->start[from], small->text, len) == 0)
				return len > 0;
		}
	}
	return false;
}

static bool is_equal(const struct fold_parts *a, const struct fold_parts *b)
{
	return strcmp(a->text, b->text) == 0;
}

/* Does one, as the issuer cut it, begin the other? */
static bool is_cut_of(const struct fold_parts *a, const struct fold_parts *b)
{
	size_t a_len = strlen(a->text), b_len = strlen(b->text), len = a_len < b_len ? a_len : b_len;

	return len >= CUT_MIN && memcmp(a->text, b->text, len) == 0;
}

static bool families_fit(const struct fold_parts *a, const struct fold_parts *b, bool cut)
{
	if (is_equal(a, b))
		return true;
	if (is_run(a, b, false) && !only_particles(a))
		return true;
	if (is_run(b, a, false) && !only_particles(b))
		return true;
	return cut && is_cut_of(a, b);
}

/* Are two parts equal, or one the other's initial ("Elena", "E.")? */
static bool parts_agree(const struct fold_parts *a, int i, const struct fold_parts *b, int k, bool initials)
{
	size_t a_len = part_len(a, i), b_len = part_len(b, k), len = a_len < b_len ? a_len : b_len;
	size_t first = 0;

	if (memcmp(a->text + a->start[i], b->text + b->start[k], len) != 0)
		return false;
	if (a_len == b_len)
		return true;
	text_next(a->text + a->start[i], len, &first);
	return initials && len == first;
}

/* Given names fit if the first is equal and none after it, as far as both go, says otherwise: "Maria Elena" is "Maria"
 * and "Maria E.", but not her twin "Maria Isabel". */
static bool givens_fit(const struct fold_parts *a, const struct fold_parts *b, bool cut)
{
	bool agree = a->count > 0 && b->count > 0;

	if (is_equal(a, b) || is_run(a, b, true) || is_run(b, a, true))
		return true;
	for (int i = 0; agree && i < a->count && i < b->count; i++)
		agree = parts_agree(a, i, b, i, i > 0);
	return agree || (cut && is_cut_of(a, b));
}

bool match_names(const char *family_a, const char *given_a, const char *family_b, const char *given_b, bool cut)
{
	struct fold_parts fa, ga, fb, gb;

	fold_split(&fa, or_empty(family_a));
	fold_split(&ga, or_empty(given_a));
	fold_split(&fb, or_empty(family_b));
	fold_split(&gb, or_empty(given_b));
	if ((fa.count == 0 && ga.count == 0) || (fb.count == 0 && gb.count == 0))
		return false;
	if (is_equal(&fa, &gb) && is_equal(&ga, &fb))
		return true;
	return families_fit(&fa, &fb, cut) && givens_fit(&ga, &gb, cut);
}

/* Does the typed letter, where one was typed, begin this name? */
static bool letter_fits(const char *letter, const char *name)
{
	return *letter == '\0' || match_initial(name, letter);
}

static bool phone_fits(const char *typed, const char *last4)
{
	return *typed == '\0' || strcmp(typed, last4) == 0;
}

static bool accepts(const struct match_candidate *c, const struct match_query *q)
{
	const char *family = or_empty(c->family), *given = or_empty(c->given);

	if (!phone_fits(q->phone_last4, or_empty(c->phone_last4)))
		return false;
	if (q->from_card)
		return match_names(q->family, q->given, family, given, q->cut);
	return (letter_fits(q->family, family) && letter_fits(q->given, given)) ||
	       (letter_fits(q->family, given) && letter_fits(q->given, family));
}

/* Copies the first letter of part i. */
static void initial_of(const struct fold_parts *parts, int i, char out[5])
{
	size_t at = 0;

	text_next(parts->text + parts->start[i], part_len(parts, i), &at);
	text_copy_n(out, 5, parts->text + parts->start[i], at);
}

/* Is there an initial of this name that, given as the answer, takes one of the two candidates and not the other? */
static bool initial_parts(const char *name, const struct match_candidate *a, const struct match_candidate *b,
			  struct match_query query, bool family)
{
	struct fold_parts parts;
	char letter[5];

	fold_split(&parts, or_empty(name));
	for (int i = 0; i < parts.count; i++) {
		initial_of(&parts, i, letter);
		*(family ? &query.family : &query.given) = letter;
		if (accepts(a, &query) != accepts(b, &query))
			return true;
	}
	return false;
}

static bool initials_part(const struct match_candidate *a, const struct match_candidate *b,
			  const struct match_query *query, bool family)
{
	return initial_parts(a->family, a, b, *query, family) || initial_parts(a->given, a, b, *query, family) ||
	       initial_parts(b->family, a, b, *query, family) || initial_parts(b->given, a, b, *query, family);
}

static bool same_patient(const struct match_candidate *a, const struct match_candidate *b)
{
	return strcmp(a->patient_id, b->patient_id) == 0;
}

/* What could still tell the accepted candidates apart from the first of them, in the order of asking. */
static enum match_outcome next_question(const struct match_candidate *candidates, size_t count,
					const struct match_query *query, const struct match_candidate *first)
{
	bool family = false, given = false, phone = false;

	for (size_t i = 0; i < count; i++) {
		const struct match_candidate *c = &candidates[i];

		if (same_patient(c, first) || !accepts(c, query))
			continue;
		if (!query->from_card && *query->family == '\0')
			family = family || initials_part(first, c, query, true);
		if (!query->from_card && *query->given == '\0')
			given = given || initials_part(first, c, query, false);
		if (*query->phone_last4 == '\0')
			phone = phone || strcmp(or_empty(first->phone_last4), or_empty(c->phone_last4)) != 0;
	}
	if (family)
		return MATCH_NEED_FAMILY;
	if (given)
		return MATCH_NEED_GIVEN;
	return phone ? MATCH_NEED_PHONE : MATCH_AMBIGUOUS;
}

enum match_outcome match_decide(const struct match_candidate *candidates, size_t count, const struct match_query *query,
				const char **patient_id)
{
	struct match_query q = { or_empty(query->family), or_empty(query->given), or_empty(query->phone_last4),
				 query->from_card, query->cut };
	const struct match_candidate *first = NULL;
	bool several = false;

	if (count > 0 && *q.family == '\0' && *q.given == '\0')
		return MATCH_NEED_FAMILY;
	for (size_t i = 0; i < count; i++) {
		if (!accepts(&candidates[i], &q))
			continue;
		if (first == NULL)
			first = &candidates[i];
		several = several || !same_patient(first, &candidates[i]);
	}
	if (first == NULL)
		return MATCH_NONE;
	if (several)
		return next_question(candidates, count, &q, first);
	*patient_id = first->patient_id;
	return MATCH_FOUND;
}
