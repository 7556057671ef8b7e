/* Any packet at all: what wire_decode() accepts must mean the same after being encoded and decoded again. Two encodings
 * are compared, since bytes that a decoder skips need not come back. */
#include "wire/wire.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* nanopb is a library of the system, without libFuzzer's counters: these tell it that another kind or size of message
 * was reached (llvm.org/docs/LibFuzzer.html, "extra counters"). */
#define KINDS 32
#define SIZES 16
static uint8_t reached[KINDS * SIZES] __attribute__((used, section("__libfuzzer_extra_counters")));

static void mark_reached(const lobby_Envelope *envelope, int len)
{
	int size = 0;

	while (len >> size != 0 && size < SIZES - 1)
		size++;
	reached[(envelope->which_body % KINDS) * SIZES + size] = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static lobby_Envelope first, second;
	/* Unpacked or repeated fields may come back longer than they went in. */
	static uint8_t one[4 * WIRE_MAX_PACKET], two[4 * WIRE_MAX_PACKET];
	int one_len, two_len;

	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	if (wire_decode(data, len, &first) != 0)
		return 0;
	one_len = wire_encode(&first, one, sizeof(one));
	assert(one_len >= 0);
	mark_reached(&first, one_len);
	assert(wire_decode(one, (size_t)one_len, &second) == 0);
	assert(first.which_body == second.which_body);
	two_len = wire_encode(&second, two, sizeof(two));
	assert(two_len == one_len && memcmp(one, two, (size_t)one_len) == 0);
	return 0;
}
