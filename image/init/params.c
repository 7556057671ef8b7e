/* See params.h. The line is cut at spaces; a word that does not begin with "lobby." is the kernel's. Our words are
 * looked up in a table of readers, each of which takes its value once. */
#include "params.h"

#include "base/text.h"
#include "kiosk/panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VALUE_SIZE 257
#define DIGESTS_PER_BLOCK (PARAMS_BLOCK / 32)

static bool take_hex(char *out, size_t size, const char *value)
{
	size_t len = strlen(value);

	if (len < 2 || len % 2 != 0 || len >= size || strspn(value, "0123456789abcdef") != len)
		return false;
	return text_copy(out, size, value);
}

/* A decimal number of at most nine digits. */
static bool take_number(const char *value, uint64_t *out)
{
	size_t len = strlen(value);
	uint64_t n = 0;

	if (len == 0 || len > 9 || strspn(value, "0123456789") != len)
		return false;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (uint64_t)(value[i] - '0');
	*out = n;
	return true;
}

static bool take_root(struct params *p, const char *value)
{
	return strlen(value) == 64 && take_hex(p->root, sizeof(p->root), value);
}

static bool take_salt(struct params *p, const char *value)
{
	return take_hex(p->salt, sizeof(p->salt), value);
}

static bool take_blocks(struct params *p, const char *value)
{
	return take_number(value, &p->blocks) && p->blocks >= 2 && p->blocks <= PARAMS_BLOCKS_MAX;
}

static bool take_slot(struct params *p, const char *value)
{
	p->slot = value[0];
	return (value[0] == 'a' || value[0] == 'b') && value[1] == '\0';
}

static bool take_rotation(struct params *p, const char *value)
{
	uint64_t degrees;

	if (!take_number(value, &degrees) || degrees > 270 || degrees % 90 != 0)
		return false;
	p->rotation = (unsigned)degrees;
	return true;
}

static bool take_wait(struct params *p, const char *value)
{
	uint64_t seconds;

	if (!take_number(value, &seconds) || seconds > PARAMS_WAIT_MAX_S)
		return false;
	p->wait_s = (unsigned)seconds;
	return true;
}

static bool take_again(struct params *p, const char *value)
{
	uint64_t seconds;

	if (!take_number(value, &seconds) || seconds == 0 || seconds > PARAMS_AGAIN_S)
		return false;
	p->again_s = (unsigned)seconds;
	return true;
}

static bool take_language(struct params *p, const char *value)
{
	size_t len = strlen(value);

	return len > 0 && panel_is_language(value) && text_copy(p->language, sizeof(p->language), value);
}

static bool take_refuse(struct params *p, const char *value)
{
	p->refuse = true;
	return value[0] == '\0';
}

static bool take_install(struct params *p, const char *value)
{
	p->install = true;
	return value[0] == '\0';
}

static const struct {
	const char *name;
	bool (*take)(struct params *p, const char *value);
	bool needed;
} readers[] = {
	{ "lobby.root", take_root, true },	    { "lobby.salt", take_salt, true },
	{ "lobby.blocks", take_blocks, true },	    { "lobby.slot", take_slot, false },
	{ "lobby.rotation", take_rotation, false }, { "lobby.wait", take_wait, false },
	{ "lobby.refuse", take_refuse, false },	    { "lobby.install", take_install, false },
	{ "lobby.again", take_again, false },	    { "lobby.language", take_language, false },
};
#define READERS (sizeof(readers) / sizeof(readers[0]))

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word from *at on, or NULL; *at is then behind it. */
static const char *next_word(const char *line, size_t len, size_t *at, size_t *word_len)
{
	size_t from;

	while (*at < len && is_space(line[*at]))
		(*at)++;
	from = *at;
	while (*at < len && line[*at] != '\0' && !is_space(line[*at]))
		(*at)++;
	*word_len = *at - from;
	return *word_len > 0 ? line + from : NULL;
}

bool params_has(const char *line, size_t len, const char *word)
{
	size_t at = 0, n;
	const char *found;

	while ((found = next_word(line, len, &at, &n)) != NULL)
		if (n == strlen(word) && memcmp(found, word, n) == 0)
			return true;
	return false;
}

/* One word of ours into p; *seen has a bit for each reader that had its turn. A name that is none of ours is skipped:
 * another program's. */
static bool take_word(struct params *p, const char *word, size_t len, unsigned *seen)
{
	const char *equals = memchr(word, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - word) : len;
	char value[VALUE_SIZE] = "";

	for (size_t i = 0; i < READERS; i++) {
		if (strlen(readers[i].name) != name_len || memcmp(readers[i].name, word, name_len) != 0)
			continue;
		if ((*seen & 1U << i) != 0)
			return false;
		*seen |= 1U << i;
		if (equals != NULL && !text_copy_n(value, sizeof(value), equals + 1, len - name_len - 1))
			return false;
		return readers[i].take(p, value);
	}
	return true;
}

int params_parse(const char *line, size_t len, struct params *out)
{
	struct params p = { .wait_s = PARAMS_WAIT_S, .again_s = PARAMS_AGAIN_S };
	const char *word;
	unsigned seen = 0;
	size_t at = 0, n;

	while ((word = next_word(line, len, &at, &n)) != NULL)
		if (!take_word(&p, word, n, &seen))
			return LOBBY_ERR_INVALID;
	for (size_t i = 0; i < READERS; i++)
		if (readers[i].needed && !p.refuse && (seen & 1U << i) == 0)
			return LOBBY_ERR_INVALID;
	*out = p;
	return 0;
}

uint64_t params_tree_blocks(uint64_t blocks)
{
	uint64_t sum = 0;

	while (blocks > 1) {
		blocks = (blocks + DIGESTS_PER_BLOCK - 1) / DIGESTS_PER_BLOCK;
		sum += blocks;
	}
	return sum;
}

int params_verity_table(const struct params *params, const char *device, char *out, size_t size)
{
	/* A kiosk has another slot to fall back to; a stick has only words, for which somebody must be left. */
	const char *panic = params->install ? "1" : "2 panic_on_corruption";
	char table[768];
	int len =
		snprintf(table, sizeof(table),
			 "1 %s %s %d %d %" PRIu64 " %" PRIu64 " sha256 %s %s %s ignore_zero_blocks", device, device,
			 PARAMS_BLOCK, PARAMS_BLOCK, params->blocks, params->blocks, params->root, params->salt, panic);

	if (len < 0 || (size_t)len >= sizeof(table) || (size_t)len >= size)
		return LOBBY_ERR_TOO_LONG;
	text_copy(out, size, table);
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t params_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t len = strlen(hex);

	if (len % 2 != 0 || len / 2 > size)
		return 0;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(hex[i]), low = digit(hex[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return len / 2;
}
