/* Any JSON at all: a Bundle that is accepted must be one that can be built again and reads the same. */
#include "checkin/visit.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_visit(const json_t *bundle)
{
	struct visit first, second;
	const char *why = NULL;
	json_t *again = NULL, *third = NULL;

	if (visit_from_bundle(bundle, &first, &why) != 0) {
		assert(why != NULL);
		return;
	}
	assert(visit_to_bundle(&first, &again) == 0);
	assert(visit_from_bundle(again, &second, &why) == 0);
	assert(visit_to_bundle(&second, &third) == 0);
	assert(json_equal(again, third));
	json_decref(again);
	json_decref(third);
}

static void try_slip(const json_t *bundle)
{
	struct visit_slip first, second;
	const char *why = NULL;
	json_t *again = NULL;

	if (visit_slip_from_bundle(bundle, &first, &why) != 0) {
		assert(why != NULL);
		return;
	}
	assert(visit_slip_to_bundle(&first, &again) == 0);
	assert(visit_slip_from_bundle(again, &second, &why) == 0);
	assert(first.seq == second.seq && first.at_ms == second.at_ms && first.printed == second.printed);
	assert(strcmp(first.visit_id, second.visit_id) == 0 && strcmp(first.error, second.error) == 0);
	json_decref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *bundle = json_loadb((const char *)data, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (bundle == NULL)
		return 0;
	try_visit(bundle);
	try_slip(bundle);
	json_decref(bundle);
	return 0;
}
