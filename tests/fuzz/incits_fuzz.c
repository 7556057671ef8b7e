/* Any text of a code, taken for a US health ID card's. */
#include "base/text.h"
#include "cards/incits284.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	assert(text_is_clean(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct card_insurance i;
	int err = incits284_code((struct slice){ data, len }, &i);

	assert(err == 0 || err == LOBBY_ERR_CARD_UNKNOWN || err == LOBBY_ERR_CARD_MALFORMED);
	assert((err == LOBBY_ERR_CARD_UNKNOWN) == !incits284_is_code((struct slice){ data, len }));
	if (err != 0)
		return 0;
	assert(strlen(i.payor_id) == 15 && memcmp(i.payor_id, "80840", 5) == 0);
	assert(i.member_id[0] != '\0');
	assert(i.family[0] != '\0' || i.given[0] != '\0' || i.subscriber[0] != '\0');
	assert(i.birth_date[0] == '\0' || strlen(i.birth_date) == 10);
	check_text(i.member_id, sizeof(i.member_id));
	check_text(i.family, sizeof(i.family));
	check_text(i.given, sizeof(i.given));
	check_text(i.subscriber, sizeof(i.subscriber));
	return 0;
}
