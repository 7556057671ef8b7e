/* A card that answers anything: the script must end in as many commands as it may send, never ask for more than a short
 * APDU, and hand on a list that can be taken apart. Input: the ATR's length and ATR, then for each answer its length
 * (two bytes, big-endian) and bytes; when it runs out, answers are empty. */
#include "base/bytes.h"
#include "cards/card.h"
#include "cards/chip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_end(struct chip_script *script, enum chip_next end)
{
	struct chip_files files;
	struct card card;

	if (end == CHIP_DONE) {
		assert(script->len > 0 && script->len <= CHIP_MAX_LIST);
		assert(chip_files_open(script->list, script->len, &files) == 0);
		(void)!card_parse(CARD_CHIP, "", script->list, script->len, &card);
	} else {
		assert(script->len == 0);
		for (size_t i = 0; i < sizeof(script->list); i++)
			assert(script->list[i] == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct chip_script script;
	struct reader r = reader_of(data, len);
	struct reader atr = read_sub(&r, read_u8(&r) % 34);
	uint8_t apdu[CHIP_MAX_APDU];
	enum chip_next next;
	size_t n;
	int sent = 0;

	if (atr.failed)
		atr = reader_of(NULL, 0);
	chip_start(&script, atr.data, atr.len);
	while ((next = chip_next(&script, apdu, &n)) == CHIP_SEND) {
		size_t size = read_be16(&r), left = reader_left(&r);
		struct reader answer = read_sub(&r, size < left ? size : left);
		uint8_t *copy = malloc(answer.len + 1);

		assert(n >= 5 && n <= CHIP_MAX_APDU && ++sent <= CHIP_MAX_SENT);
		assert(apdu[1] == 0xA4 || apdu[1] == 0xB0 || apdu[1] == 0xC0); /* it only ever selects and reads */
		assert(copy != NULL);
		if (answer.len > 0)
			memcpy(copy, answer.data, answer.len);
		copy = realloc(copy, answer.len > 0 ? answer.len : 1);
		chip_answer(&script, copy, answer.len);
		free(copy);
	}
	check_end(&script, next);
	return 0;
}
