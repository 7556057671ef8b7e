/* The error table, expanded once per column from errors.def. */
#include "err.h"

#include <stddef.h>
#include <string.h>

struct err_row {
	const char *event;
	int http_status;
	const char *patient;
	const char *staff;
};

static const struct err_row rows[LOBBY_CODE_COUNT] = {
	[LOBBY_OK] = { "ok", 200, "", "" },
#define X(code, event, http, patient, staff) [LOBBY_CODE_##code] = { event, http, patient, staff },
#include "errors.def"
#undef X
};

static const struct err_row unknown = { "unknown", 500, "", "An error without a name." };

static const struct err_row *row_of(int err)
{
	if (err > 0 || err <= LOBBY_ERR_LAST)
		return &unknown;
	return &rows[-err];
}

const char *err_event(int err)
{
	return row_of(err)->event;
}

int err_from_event(const char *event)
{
	for (int i = 0; i < LOBBY_CODE_COUNT; i++)
		if (strcmp(rows[i].event, event) == 0)
			return -i;
	return LOBBY_ERR_INVALID;
}

int err_http_status(int err)
{
	return row_of(err)->http_status;
}

const char *err_patient_text(int err)
{
	return row_of(err)->patient;
}

const char *err_staff_text(int err)
{
	return row_of(err)->staff;
}
