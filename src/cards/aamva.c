/* The file of an AAMVA bar code: header, subfile designators, elements.
 *
 * Cards and scanners are not as the standard has them: control characters of the header are lost or replaced, fields of
 * the header are missing, offsets point beside their subfile or nowhere, lengths are too short, line ends come as any
 * mixture. So the header is found by its file type, read as far as its digits go, and an offset is believed only if the
 * subfile's designator stands there. Elements are then lines that begin with an id that we know: the first with a value
 * counts. Lines of a jurisdiction's own subfile begin with Z and are nobody's. */
#include "aamva.h"

#include "base/bytes.h"

#include <string.h>

#define HEADER_WITHIN 12 /* bytes before the file type */
#define MAX_HEADER_DIGITS 14
#define MAX_SUBFILES 16
#define ELEMENTS_WITHIN 24 /* bytes between the header and a subfile that no offset finds */

static const char *const ids[AAMVA_ID_COUNT] = {
#define X(id) [AAMVA_##id] = #id,
	AAMVA_ELEMENTS(X)
#undef X
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_edge(uint8_t c)
{
	return c <= ' ' || c == 0x7F || strchr("|~^_;<>", c) != NULL;
}

struct slice slice_part(struct slice slice, size_t from, size_t to)
{
	struct reader r = reader_of(slice.data, slice.len);
	const uint8_t *data;

	to = to < slice.len ? to : slice.len;
	from = from < to ? from : to;
	(void)read_span(&r, from);
	data = read_span(&r, to - from);
	return (struct slice){ data, data != NULL ? to - from : 0 };
}

struct slice slice_trim(struct slice slice)
{
	size_t from = 0, to = slice.len;

	while (to > 0 && is_edge(slice.data[to - 1]))
		to--;
	while (from < to && is_edge(slice.data[from]))
		from++;
	return slice_part(slice, from, to);
}

static bool begins(struct slice slice, size_t at, const char *text)
{
	size_t len = strlen(text);

	return at <= slice.len && len <= slice.len - at && memcmp(slice.data + at, text, len) == 0;
}

size_t slice_find(struct slice slice, size_t from, const char *text)
{
	for (size_t at = from; at < slice.len; at++)
		if (begins(slice, at, text))
			return at;
	return slice.len;
}

/* Do letters that could be an element's id stand here? */
static bool element_at(struct slice scan, size_t at)
{
	return at + 3 <= scan.len && scan.data[at] == 'D' && scan.data[at + 1] >= 'A' && scan.data[at + 1] <= 'D' &&
	       is_capital(scan.data[at + 2]);
}

static bool designator_at(struct slice scan, size_t at)
{
	return begins(scan, at, "DL") || begins(scan, at, "ID") || begins(scan, at, "EN");
}

/* Moves past "@", its control characters and the file type ("ANSI " or "AAMVA"). What a scanner put in place of a
 * control character may be anything, but without the "@" only what no text begins with is passed over. */
static bool skip_file_type(struct slice scan, size_t *at)
{
	bool marked = false;

	for (size_t i = 0; i <= HEADER_WITHIN && i < scan.len; i++) {
		uint8_t c = scan.data[i];

		if (begins(scan, i, "ANSI") || begins(scan, i, "AAMVA")) {
			*at = i + (begins(scan, i, "ANSI") ? 4 : 5);
			while (*at < scan.len && scan.data[*at] == ' ')
				(*at)++;
			return true;
		}
		marked = marked || c == '@';
		if (!marked && (is_digit(c) || is_capital(c) || c >= 0x80))
			return false;
	}
	return false;
}

/* The digits of the header: issuer (6), version (2), and then, as the version has it, more that we need not know: 10
 * digits in all in version 01, 12 after it, and 8, 10 or 12 in the wild in any. */
static int read_numbers(struct slice scan, size_t *at, struct aamva_file *file)
{
	struct slice digits;
	size_t count = 0;

	while (*at + count < scan.len && count < MAX_HEADER_DIGITS && is_digit(scan.data[*at + count]))
		count++;
	digits = slice_part(scan, *at, *at + count);
	if (digits.len < 6)
		return LOBBY_ERR_CARD_MALFORMED;
	memcpy(file->issuer, digits.data, 6);
	file->issuer[6] = '\0';
	file->version = digits.len >= 8 ? (digits.data[6] - '0') * 10 + digits.data[7] - '0' : 0;
	*at += count;
	return 0;
}

/* Is a subfile designator here: two letters or digits, offset (4), length (4)? */
static bool read_designator(struct slice scan, size_t at, size_t *offset)
{
	if (at + 10 > scan.len || !is_capital(scan.data[at]))
		return false;
	*offset = 0;
	for (size_t i = at + 2; i < at + 10; i++) {
		if (!is_digit(scan.data[i]))
			return false;
		if (i < at + 6)
			*offset = *offset * 10 + (size_t)(scan.data[i] - '0');
	}
	return true;
}

/* Where the elements begin. */
static size_t find_elements(struct slice scan, size_t at)
{
	size_t offset;

	for (int i = 0; i < MAX_SUBFILES && read_designator(scan, at, &offset); i++) {
		if (designator_at(scan, at) && designator_at(scan, offset) && offset >= at + 10 &&
		    element_at(scan, offset + 2))
			return offset + 2;
		at += 10;
	}
	for (size_t i = at; i + 5 <= scan.len && i < at + ELEMENTS_WITHIN; i++)
		if (designator_at(scan, i) && element_at(scan, i + 2))
			return i + 2;
	return at;
}

static bool is_separator(uint8_t c)
{
	return c < ' ';
}

/* Keeps the value of a line if it begins with an id that we look at and none was kept before. */
static void keep_element(struct slice line, struct aamva_file *file)
{
	struct slice value;

	value = slice_trim(slice_part(line, 3, line.len));
	for (int i = 0; i < AAMVA_ID_COUNT && value.len > 0; i++)
		if (begins(line, 0, ids[i]) && file->element[i].len == 0)
			file->element[i] = value;
}

/* A truncation flag is one letter; where its line end was lost, the next element follows it at once. */
static bool flag_runs_on(struct slice line)
{
	return (begins(line, 0, "DDE") || begins(line, 0, "DDF") || begins(line, 0, "DDG")) && element_at(line, 4);
}

static void keep_line(struct slice line, struct aamva_file *file)
{
	line = slice_trim(line);
	if (designator_at(line, 0) && element_at(line, 2))
		line = slice_part(line, 2, line.len);
	while (flag_runs_on(line)) {
		keep_element(slice_part(line, 0, 4), file);
		line = slice_part(line, 4, line.len);
	}
	keep_element(line, file);
}

static void read_lines(struct slice data, struct aamva_file *file)
{
	size_t from = 0;

	for (size_t at = 0; at <= data.len; at++) {
		if (at < data.len && !is_separator(data.data[at]))
			continue;
		keep_line(slice_part(data, from, at), file);
		from = at + 1;
	}
}

static bool has_enough(const struct aamva_file *file)
{
	return file->element[AAMVA_DBB].len > 0 &&
	       (file->element[AAMVA_DCS].len > 0 || file->element[AAMVA_DAA].len > 0 ||
		file->element[AAMVA_DAB].len > 0 || file->element[AAMVA_DAC].len > 0 ||
		file->element[AAMVA_DCT].len > 0);
}

int aamva_open(struct slice scan, struct aamva_file *file)
{
	struct aamva_file made = { 0 };
	struct slice data;
	size_t at = 0;

	if (!skip_file_type(scan, &at))
		return LOBBY_ERR_CARD_UNKNOWN;
	if (read_numbers(scan, &at, &made) != 0)
		return LOBBY_ERR_CARD_MALFORMED;
	data = slice_part(scan, find_elements(scan, at), scan.len);
	read_lines(data, &made);
	if (!has_enough(&made)) {
		memset(made.element, 0, sizeof(made.element));
		aamva_read_run(data, &made);
	}
	if (!has_enough(&made))
		return LOBBY_ERR_CARD_MALFORMED;
	*file = made;
	return 0;
}
