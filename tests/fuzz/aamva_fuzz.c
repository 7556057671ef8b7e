/* Any scan at all: card_parse() must return, inside its bounds, with text that is clean. */
#include "base/text.h"
#include "cards/card.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	assert(text_is_clean(text, strlen(text)));
}

static void check_licence(const struct card_licence *licence)
{
	assert(licence->version >= 0 && licence->version <= 99);
	assert(strlen(licence->birth_date) == 10);
	assert(licence->expiry[0] == '\0' || strlen(licence->expiry) == 10);
	assert(licence->family[0] != '\0' || licence->given[0] != '\0');
	check_text(licence->issuer, sizeof(licence->issuer));
	check_text(licence->family, sizeof(licence->family));
	check_text(licence->given, sizeof(licence->given));
	check_text(licence->middle, sizeof(licence->middle));
	check_text(licence->street, sizeof(licence->street));
	check_text(licence->city, sizeof(licence->city));
	check_text(licence->region, sizeof(licence->region));
	check_text(licence->postal_code, sizeof(licence->postal_code));
	check_text(licence->country, sizeof(licence->country));
	check_text(licence->number_last4, sizeof(licence->number_last4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct card card;
	char letter[128];

	if (card_parse(CARD_CODE, "", data, len, &card) != 0)
		return 0;
	if (card.kind == CARD_LICENCE)
		check_licence(&card.licence);
	else
		check_text(card.code, sizeof(card.code));
	if (card.kind == CARD_LETTER)
		assert(card_letter_format(letter, sizeof(letter), card.code) == 0);
	return 0;
}
