/* The template's objects are found once each, then read as fields. The XOR over the whole template, its checksum
 * included, is 0; a template that fails it is not read. */
#include "kvk.h"

#include "base/text.h"
#include "egk.h"

#include <stdio.h>
#include <string.h>

#define TAG_TEMPLATE 0x60
#define TAG_FIRST 0x80
#define TAG_COUNT 0x13 /* 80 to 92 */
#define DIRECTORY 30   /* bytes of ATR and directory before the template, where the reader shows the whole chip */
#define NAME_MAX_LETTERS 28

enum tag {
	TAG_PAYOR = 0x80,
	TAG_PAYOR_ID = 0x81,
	TAG_MEMBER_ID = 0x82,
	TAG_STATUS = 0x83,
	TAG_TITLE = 0x84,
	TAG_GIVEN = 0x85,
	TAG_ADDITION = 0x86,
	TAG_FAMILY = 0x87,
	TAG_BIRTH_DATE = 0x88,
	TAG_VALID_UNTIL = 0x8D,
	TAG_CHECKSUM = 0x8E,
};

struct template
{
	struct reader objects[TAG_COUNT];
};

static struct reader object(const struct template *t, enum tag tag)
{
	return t->objects[tag - TAG_FIRST];
}

/* One byte up to 127, else 81 and one byte (BER; the card's memory ends before a longer one could). */
static size_t read_length(struct reader *r)
{
	uint8_t first = read_u8(r);

	if (first < 0x80)
		return first;
	if (first != 0x81)
		r->failed = true;
	return read_u8(r);
}

static int find_objects(struct reader r, struct template *t)
{
	size_t from = r.len > DIRECTORY && r.data[0] != TAG_TEMPLATE ? DIRECTORY : 0;
	const uint8_t *begin = r.data + from;
	struct reader body;
	uint8_t sum = 0;

	(void)read_span(&r, from);
	if (read_u8(&r) != TAG_TEMPLATE)
		return LOBBY_ERR_CARD_MALFORMED;
	body = read_sub(&r, read_length(&r));
	if (r.failed)
		return LOBBY_ERR_CARD_MALFORMED;
	for (; begin < body.data + body.len; begin++)
		sum ^= *begin;
	if (sum != 0)
		return LOBBY_ERR_CARD_MALFORMED;
	while (reader_left(&body) > 0) {
		unsigned index = read_u8(&body) - (unsigned)TAG_FIRST;
		struct reader value = read_sub(&body, read_length(&body));

		if (body.failed || (index < TAG_COUNT && t->objects[index].len > 0))
			return LOBBY_ERR_CARD_MALFORMED;
		if (index < TAG_COUNT)
			t->objects[index] = value;
	}
	return object(t, TAG_CHECKSUM).len == 1 ? 0 : LOBBY_ERR_CARD_MALFORMED;
}

/* DIN 66003, German reference version, as UTF-8 without blanks at its ends. False: not of that code, or too long. */
static bool read_text(struct reader value, char *out, size_t size)
{
	struct writer w = writer_of(out, size - 1);

	while (reader_left(&value) > 0) {
		uint8_t c = read_u8(&value);

		switch (c) {
		case '[':
			write_text(&w, "Ä");
			break;
		case '\\':
			write_text(&w, "Ö");
			break;
		case ']':
			write_text(&w, "Ü");
			break;
		case '{':
			write_text(&w, "ä");
			break;
		case '|':
			write_text(&w, "ö");
			break;
		case '}':
			write_text(&w, "ü");
			break;
		case '~':
			write_text(&w, "ß");
			break;
		case '@':
			write_text(&w, "§");
			break;
		default:
			if (c < 0x20 || c > 0x7E)
				return false;
			write_u8(&w, c);
		}
	}
	if (w.failed)
		return false;
	out[w.len] = '\0';
	text_trim(out);
	return true;
}

/* Between least and most digits, and nothing else; none at all where least is 0. */
static bool read_digits(struct reader value, size_t least, size_t most, char *out)
{
	size_t len = value.len;

	if (len < least || len > most)
		return false;
	for (size_t i = 0; i < len; i++)
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
	text_copy_n(out, most + 1, (const char *)value.data, len);
	return true;
}

static int take_person(const struct template *t, struct card_insurance *made)
{
	struct reader title = object(t, TAG_TITLE), given = object(t, TAG_GIVEN), addition = object(t, TAG_ADDITION);
	size_t line = given.len + (title.len > 0 ? title.len + 1 : 0) + (addition.len > 0 ? addition.len + 1 : 0);
	char date[9], turned[9], more[32], family[64];

	if (!read_digits(object(t, TAG_BIRTH_DATE), 8, 8, date) ||
	    !read_text(given, made->given, sizeof(made->given)) || !read_text(addition, more, sizeof(more)) ||
	    !read_text(object(t, TAG_FAMILY), family, sizeof(family)) || family[0] == '\0')
		return LOBBY_ERR_CARD_MALFORMED;
	snprintf(turned, sizeof(turned), "%.4s%.2s%.2s", date + 4, date + 2, date);
	if (!egk_date(turned, true, made->birth_date))
		return LOBBY_ERR_CARD_MALFORMED;
	/* Title, first name and addition share one printed line: the first name gives way. */
	made->given_cut = line >= NAME_MAX_LETTERS;
	made->family_cut = !egk_family("", more, family, made->family, sizeof(made->family)) ||
			   object(t, TAG_FAMILY).len >= NAME_MAX_LETTERS;
	return 0;
}

/* MMYY: until the end of that month. Such cards were issued from 1993. */
static bool read_until(struct reader value, char out[11])
{
	static const char *const days[] = { "31", "30", "29", "28" };
	char digits[5], date[9];

	if (value.len == 0)
		return true;
	if (!read_digits(value, 4, 4, digits))
		return false;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		snprintf(date, sizeof(date), "%s%.2s%.2s%s", digits[2] == '9' ? "19" : "20", digits + 2, digits,
			 days[i]);
		if (egk_date(date, false, out))
			return true;
	}
	return false;
}

static int take_cover(const struct template *t, struct card_insurance *made)
{
	char number[8] = "", status[5];

	if (!read_text(object(t, TAG_PAYOR), made->payor, sizeof(made->payor)) || made->payor[0] == '\0' ||
	    !read_digits(object(t, TAG_PAYOR_ID), 7, 7, number) ||
	    !read_digits(object(t, TAG_MEMBER_ID), 6, 12, made->member_id) ||
	    !read_digits(object(t, TAG_STATUS), 0, 4, status) ||
	    !read_until(object(t, TAG_VALID_UNTIL), made->period_end))
		return LOBBY_ERR_CARD_MALFORMED;
	/* The nine digits of an Institutionskennzeichen without the 10 that all insurers' begin with. Private: zeros.
	 */
	if (strcmp(number, "0000000") != 0)
		snprintf(made->payor_id, sizeof(made->payor_id), "10%s", number);
	text_copy(made->plan, sizeof(made->plan), egk_plan(status[0]));
	return 0;
}

int kvk_parse(struct reader file, struct card_insurance *insurance)
{
	struct card_insurance made = { .chip = true };
	struct template t;
	int err;

	for (int i = 0; i < TAG_COUNT; i++)
		t.objects[i] = reader_of(NULL, 0);
	err = find_objects(file, &t);
	if (err == 0)
		err = take_person(&t, &made);
	if (err == 0)
		err = take_cover(&t, &made);
	if (err == 0)
		*insurance = made;
	explicit_bzero(&made, sizeof(made));
	return err;
}
