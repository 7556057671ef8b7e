/* Encrypted files behind links. The first byte says what the rest is: a JWE as it comes (no fuzzer finds its tag), or
 * what a sharer who has the key may put into one: anything, packed or said to be, then read as the card's file or the
 * FHIR resource that it claims to be. */
#include "cards/jwe.h"
#include "cards/shlink_file.h"
#include "tests/unit/shl_file.h"

#include <assert.h>

#define MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t key[32] = { 7 };

static int nobody(void *arg, const struct shc_card *card, int64_t now_ms, enum shc_outcome *outcome, char *issuer,
		  size_t size)
{
	(void)arg, (void)now_ms, (void)issuer, (void)size;
	/* As if a key of ours had signed it, whatever it says. */
	*outcome = card->json != NULL ? SHC_VALID : SHC_MALFORMED;
	return 0;
}

static void read_content(struct jwe *jwe)
{
	struct shlink_content content;

	if (shlink_file_read(shlink_type_of(jwe->cty), jwe->content, jwe->len, nobody, NULL, 1795444860000, &content) !=
	    0)
		return;
	assert(content.type == SHLINK_CARD || content.type == SHLINK_FHIR);
	assert(!content.facts.insured || content.facts.insurance.member_id[0] != '\0');
	assert(memchr(content.title, '\0', sizeof(content.title)) != NULL);
}

static void open_text(const char *text, size_t len)
{
	struct jwe jwe;

	if (jwe_open(text, len, key, MAX, &jwe) != 0)
		return;
	assert(jwe.len <= MAX && jwe.content[jwe.len] == '\0');
	read_content(&jwe);
	jwe_close(&jwe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const headers[] = { SHL_HEADER_CARD, SHL_HEADER_FHIR, SHL_HEADER_PACKED,
					       "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}" };
	unsigned way;
	char *text;

	if (len == 0)
		return 0;
	way = *data++ % 5;
	len--;
	if (way == 4) {
		open_text((const char *)data, len);
		return 0;
	}
	text = shl_file_seal(key, headers[way], data, len);
	open_text(text, strlen(text));
	free(text);
	return 0;
}
