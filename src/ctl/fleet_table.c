/* See fleet_table.h. Columns as wide as what is in them; what needs a look stands below its kiosk, in the server's
 * words.
 */
#include "fleet_table.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 9
#define CELL 64

static const char *const heads[COLUMNS] = {
	"KIOSK", "STATE", "VERSION", "SLOT", "UP", "FREE", "TEMP", "CLOCK", "VISITS"
};

static const char *text_in(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

static int64_t number_in(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

/* "3 d", "5 h", "12 min" */
static void duration(char *out, int64_t ms)
{
	int64_t min = ms / 60000;

	if (min >= 2880)
		snprintf(out, CELL, "%" PRId64 " d", min / 1440);
	else if (min >= 120)
		snprintf(out, CELL, "%" PRId64 " h", min / 60);
	else
		snprintf(out, CELL, "%" PRId64 " min", min > 0 ? min : 0);
}

static void clock_error(char *out, int64_t ms)
{
	char text[CELL];

	if (llabs(ms) < 1000) {
		snprintf(out, CELL, "right");
	} else if (llabs(ms) < 120000) {
		snprintf(out, CELL, "%+" PRId64 " s", ms / 1000);
	} else {
		duration(text, llabs(ms));
		snprintf(out, CELL, "%c%.60s", ms > 0 ? '+' : '-', text);
	}
}

static void fill_box(char cells[COLUMNS][CELL], const json_t *kiosk, int64_t now_ms)
{
	const json_t *system = json_object_get(kiosk, "system"), *error = json_object_get(kiosk, "clock_error_ms");
	int64_t total = number_in(system, "state_total_kb"), booted_ms = number_in(system, "booted_ms");

	snprintf(cells[2], CELL, "%s",
		 *text_in(system, "version") != '\0' ? text_in(system, "version") : text_in(kiosk, "version"));
	snprintf(cells[3], CELL, "%s", text_in(system, "slot"));
	if (booted_ms > 0 && strcmp(text_in(kiosk, "state"), "offline") != 0)
		duration(cells[4], now_ms - booted_ms + json_integer_value(error));
	if (total > 0)
		snprintf(cells[5], CELL, "%" PRId64 " %%", number_in(system, "state_free_kb") * 100 / total);
	if (json_is_integer(json_object_get(system, "temperature_c")))
		snprintf(cells[6], CELL, "%" PRId64 " C", number_in(system, "temperature_c"));
	if (json_is_integer(error))
		clock_error(cells[7], json_integer_value(error));
}

static void fill(char cells[COLUMNS][CELL], const json_t *kiosk, int64_t now_ms)
{
	memset(cells, 0, COLUMNS * CELL);
	text_copy(cells[0], CELL, text_in(kiosk, "name"));
	text_copy(cells[1], CELL,
		  *text_in(kiosk, "out_of_service") != '\0' ? "out-of-service" : text_in(kiosk, "state"));
	fill_box(cells, kiosk, now_ms);
	snprintf(cells[8], CELL, "%" PRId64 " held", number_in(kiosk, "visits_held"));
	for (int i = 0; i < COLUMNS; i++)
		if (cells[i][0] == '\0')
			snprintf(cells[i], CELL, "-");
}

/* Characters, as a terminal counts them near enough. */
static int width_of(const char *text)
{
	size_t at = 0, len = strlen(text);
	int width = 0;

	while (at < len) {
		text_next(text, len, &at);
		width++;
	}
	return width;
}

static void print_line(FILE *out, char cells[COLUMNS][CELL], const int *widths)
{
	for (int i = 0; i < COLUMNS; i++) {
		int pad = i + 1 < COLUMNS ? widths[i] - width_of(cells[i]) + 2 : 0;

		fprintf(out, "%s%*s", cells[i], pad, "");
	}
	fputc('\n', out);
}

static bool is_wrong(const json_t *device)
{
	const char *state = text_in(device, "state");

	return strcmp(text_in(device, "kind"), "unknown") != 0 && strcmp(state, "ready") != 0 &&
	       strcmp(state, "starting") != 0 && strcmp(state, "paper-low") != 0;
}

/* What of this kiosk needs a look, a line each; returns how many. */
static int print_look(FILE *out, const json_t *kiosk)
{
	const json_t *warnings = json_object_get(kiosk, "warnings"), *devices = json_object_get(kiosk, "devices");
	int lines = 0;

	for (size_t i = 0; i < json_array_size(warnings); i++, lines++)
		if (out != NULL)
			fprintf(out, "  ! %s\n", text_in(json_array_get(warnings, i), "text"));
	for (size_t i = 0; i < json_array_size(devices); i++) {
		const json_t *d = json_array_get(devices, i);

		if (!is_wrong(d))
			continue;
		lines++;
		if (out != NULL)
			fprintf(out, "  ! %s %s%s%s\n", text_in(d, "kind"), text_in(d, "state"),
				*text_in(d, "detail") != '\0' ? ": " : "", text_in(d, "detail"));
	}
	if (number_in(kiosk, "set_aside") > 0 && ++lines > 0 && out != NULL)
		fprintf(out, "  ! %" PRId64 " visits set aside\n", number_in(kiosk, "set_aside"));
	if (*text_in(kiosk, "out_of_service") != '\0' && out != NULL)
		fprintf(out, "  out of service: %s\n", text_in(kiosk, "out_of_service"));
	return lines;
}

static int print_update(FILE *out, const json_t *update)
{
	bool paused = strcmp(text_in(update, "state"), "paused") == 0;

	if (out != NULL)
		fprintf(out, "Update %s: %s, %" PRId64 " of %" PRId64 " kiosks%s%s\n", text_in(update, "version"),
			text_in(update, "state"), number_in(update, "good"), number_in(update, "total"),
			*text_in(update, "reason") != '\0' ? ". " : "", text_in(update, "reason"));
	return paused;
}

static int print_kiosk(FILE *out, const json_t *kiosk, int64_t now_ms, const int *widths)
{
	const char *state = text_in(kiosk, "state");
	char cells[COLUMNS][CELL];

	fill(cells, kiosk, now_ms);
	if (out != NULL)
		print_line(out, cells, widths);
	return print_look(out, kiosk) > 0 || strcmp(state, "offline") == 0 || strcmp(state, "out-of-order") == 0;
}

int fleet_table_print(const json_t *fleet, FILE *out)
{
	const json_t *kiosks = json_object_get(fleet, "kiosks"), *updates = json_object_get(fleet, "updates");
	int64_t now_ms = number_in(fleet, "now_ms");
	char cells[COLUMNS][CELL];
	int widths[COLUMNS], look = 0;

	for (int c = 0; c < COLUMNS; c++)
		widths[c] = width_of(heads[c]);
	for (size_t i = 0; i < json_array_size(kiosks); i++) {
		fill(cells, json_array_get(kiosks, i), now_ms);
		for (int c = 0; c < COLUMNS; c++)
			widths[c] = width_of(cells[c]) > widths[c] ? width_of(cells[c]) : widths[c];
	}
	for (int c = 0; c < COLUMNS; c++)
		snprintf(cells[c], CELL, "%s", heads[c]);
	if (out != NULL && json_array_size(kiosks) > 0)
		print_line(out, cells, widths);
	for (size_t i = 0; i < json_array_size(kiosks); i++)
		look += print_kiosk(out, json_array_get(kiosks, i), now_ms, widths);
	for (size_t i = 0; i < json_array_size(updates); i++)
		look += print_update(out, json_array_get(updates, i));
	if (out != NULL && look == 0)
		fprintf(out, json_array_size(kiosks) > 0 ? "All well.\n" : "No kiosk is enrolled yet.\n");
	else if (out != NULL)
		fprintf(out, "%d to look at.\n", look);
	return look;
}
