/* A hostile card's first words: the input is a byte of length, an answer to reset, and a PPS response. What is read
 * from an ATR is in bounds, and no PPS response brings another rate than the one asked for or the default. */
#include "base/bytes.h"
#include "drivers/ccid/atr.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Its own block, so that a byte read past the end is seen. */
static uint8_t *copy_of(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

static void check(const struct atr *a, size_t len)
{
	uint8_t parameters[ATR_PARAMETERS_MAX];

	if (a->ifsc == 0 || a->ifsc == 255 || a->protocols == 0 || (a->protocols & 1U << a->first) == 0 ||
	    a->historical + a->historical_len > len || a->classes > 7 || a->waiting == 0)
		abort();
	if (atr_parameters(a, 0, a->fidi, parameters) != 5 || atr_parameters(a, 1, a->fidi, parameters) != 7)
		abort();
	if (atr_rate_bps(a->fidi, 4000) > 4000000 || atr_block_wait_ms(a->block_waiting, 4000) > 60000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t request[ATR_PPS_MAX], fidi = 0, *copy;
	struct reader r = reader_of(data, len);
	size_t atr_len = read_u8(&r), request_len;
	struct atr atr;

	if (atr_len > reader_left(&r))
		atr_len = reader_left(&r);
	copy = copy_of(read_span(&r, atr_len), atr_len);
	if (atr_parse(copy, atr_len, &atr) == 0) {
		check(&atr, atr_len);
		free(copy);
		len = reader_left(&r);
		copy = copy_of(read_span(&r, len), len);
		request_len = atr_pps_request(atr.first, atr.fidi, request);
		if (atr_pps_response(request, request_len, copy, len, &fidi) == 0 && fidi != atr.fidi &&
		    fidi != ATR_DEFAULT_FIDI)
			abort();
	}
	free(copy);
	return 0;
}
