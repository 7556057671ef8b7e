/* Any tracks at all: as lobby-devices hands them on, as one track's characters, and as bits. */
#include "base/text.h"
#include "cards/card.h"
#include "cards/pan.h"
#include "cards/stripe.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	assert(text_is_clean(text, strlen(text)));
}

static void check_card(const struct card *card)
{
	assert(card->kind == CARD_LICENCE || card->kind == CARD_INSURANCE);
	if (card->kind == CARD_INSURANCE) {
		assert(card->insurance.member_id[0] != '\0');
		assert(strlen(card->insurance.payor_id) == 15);
		check_text(card->insurance.family, sizeof(card->insurance.family));
		check_text(card->insurance.given, sizeof(card->insurance.given));
		return;
	}
	assert(card->licence.version >= 0 && card->licence.version <= 99);
	assert(strlen(card->licence.birth_date) == 10);
	assert(card->licence.expiry[0] == '\0' || strlen(card->licence.expiry) == 10);
	assert(card->licence.family[0] != '\0' || card->licence.given[0] != '\0');
	check_text(card->licence.family, sizeof(card->licence.family));
	check_text(card->licence.given, sizeof(card->licence.given));
	check_text(card->licence.street, sizeof(card->licence.street));
	check_text(card->licence.postal_code, sizeof(card->licence.postal_code));
	check_text(card->licence.number_last4, sizeof(card->licence.number_last4));
}

/* What was read once is read again, the same. */
static void check_track(int number, const struct stripe_track *track)
{
	struct stripe_track again;

	assert(track->len >= 3 && track->len <= STRIPE_MAX_TRACK && strlen(track->text) == track->len);
	assert(stripe_read_track(number, (const uint8_t *)track->text, track->len, &again) == 0);
	assert(again.len == track->len && memcmp(again.text, track->text, track->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct stripe_track track;
	struct stripe stripe;
	struct card card;
	int err = card_parse(CARD_STRIPE, "", data, len, &card);

	if (err == 0)
		check_card(&card);
	for (int number = 1; number <= 3; number++) {
		if (stripe_read_track(number, data, len, &track) == 0)
			check_track(number, &track);
		if (stripe_read_bits(number, data, len, &track) == 0)
			check_track(number, &track);
	}
	if (stripe_split(data, len, &stripe) == 0) {
		bool payment = pan_drop_payment(&stripe);

		assert(!payment || err != 0 || card.kind == CARD_INSURANCE); /* nothing of it but a health card */
		assert(!pan_drop_payment(&stripe));
	}
	return 0;
}
