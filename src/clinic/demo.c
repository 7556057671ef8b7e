/* See demo.h. */
#include "demo.h"

#include "import.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_LENGTH_MS (9 * HOUR_MS)
#define GRID_MAX 96

static const struct place {
	const char *name; /* as people.tsv has it */
	const char *practitioner, *location;
	int minutes, shift_min; /* of its first general appointment after opening */
	const char *services[2];
} places[] = {
	{ "shah", "shah", "waiting-b", 20, 0, { "Follow-up visit", "Annual physical" } },
	{ "lindqvist", "lindqvist", "waiting-a", 10, 10, { "Consultation", "New patient visit" } },
	{ "lab", NULL, "lab", 10, 0, { "Blood draw", "Fasting blood draw" } },
	{ "hillside", "hill", "hillside-main", 20, 0, { "Follow-up visit", "Follow-up visit" } },
};
#define PLACES 4
#define GENERAL_PLACES 3

struct demo {
	struct import import;
	struct demo_people people;
	int64_t now_ms, opens_ms;
	char day[16];
	struct slot {
		int64_t start_ms;
		int place;
	} taken[GRID_MAX], grid[GRID_MAX];
	int taken_count, grid_count;
};

/* ---- the table ---- */

/* Splits one line in place into exactly DEMO_COLUMNS cells. */
static bool split_line(char *line, const char *cells[DEMO_COLUMNS])
{
	int count = 0;

	for (;;) {
		size_t len = strcspn(line, "\t");
		bool last = line[len] == '\0';

		if (count == DEMO_COLUMNS)
			return false;
		cells[count++] = line;
		line[len] = '\0';
		if (last)
			return count == DEMO_COLUMNS;
		line += len + 1;
	}
}

int demo_people_load(struct demo_people *people, const char *folder)
{
	char path[CLINIC_PATH_MAX], *line, *next;
	bool header = true;
	size_t len;
	int err;

	*people = (struct demo_people){ 0 };
	if (snprintf(path, sizeof(path), "%s/people.tsv", folder) >= (int)sizeof(path))
		return LOBBY_ERR_TOO_LONG;
	err = file_read(path, 1 << 20, &people->text, &len);
	if (err != 0)
		return err;
	for (line = people->text; *line != '\0'; line = next) {
		size_t end = strcspn(line, "\n");

		next = line + end + (line[end] != '\0');
		line[end] = '\0';
		if (*line == '#' || *line == '\0')
			continue;
		if (people->count == DEMO_PEOPLE_MAX || !split_line(line, people->cells[people->count])) {
			demo_people_free(people);
			return LOBBY_ERR_INVALID;
		}
		if (!header)
			people->count++;
		header = false;
	}
	return 0;
}

void demo_people_free(struct demo_people *people)
{
	free(people->text);
	people->text = NULL;
}

/* ---- times ---- */

int64_t demo_opening_ms(int64_t now_ms)
{
	int64_t midnight = clock_day_start_ms(now_ms);
	struct clock_civil eight = clock_civil_of(midnight), next = eight;
	int64_t opens, last;

	eight.hour = 8;
	opens = clock_ms_of_civil(&eight);
	if (now_ms >= opens + 30 * MINUTE_MS && now_ms <= opens + DAY_LENGTH_MS - 30 * MINUTE_MS)
		return opens;
	next.day++;
	last = clock_ms_of_civil(&next) - DAY_LENGTH_MS;
	opens = (now_ms - 100 * MINUTE_MS) / (10 * MINUTE_MS) * (10 * MINUTE_MS);
	return opens < midnight ? midnight : opens > last ? last : opens;
}

static int64_t at_distance(const struct demo *demo, long minutes)
{
	int64_t step = (minutes < 0 ? 5 : 10) * MINUTE_MS, t = demo->now_ms + minutes * MINUTE_MS, last;
	struct clock_civil next = clock_civil_of(demo->now_ms);

	t = minutes < 0 ? t / step * step : (t + step - 1) / step * step;
	/* Never out of the day: the last minutes before midnight then stand in for what comes after. */
	next.hour = next.minute = next.second = 0;
	next.day++;
	last = clock_ms_of_civil(&next) - 5 * MINUTE_MS;
	return t > last ? last : t;
}

static int place_of(const char *name)
{
	for (int i = 0; i < PLACES; i++)
		if (strcmp(places[i].name, name) == 0)
			return i;
	return -1;
}

/* ---- resources ---- */

/* Takes json; imports it. */
static void take_resource(struct demo *demo, json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text != NULL)
		import_resource(&demo->import, json, "", text, strlen(text), "demo");
	else
		demo->import.err = LOBBY_ERR_NO_MEMORY;
	free(text);
	json_decref(json);
}

static json_t *telecom(const char *const *p)
{
	json_t *list = json_pack("[{ss ss ss}]", "system", "phone", "value", p[DEMO_PHONE], "use", "mobile");

	if (*p[DEMO_EMAIL] != '\0')
		json_array_append_new(list, json_pack("{ss ss}", "system", "email", "value", p[DEMO_EMAIL]));
	return list;
}

static void add_patient(struct demo *demo, const char *const *p)
{
	take_resource(demo, json_pack("{ss ss s[{ss ss s[s]}] ss so s[{s[s] ss ss}] s[{s{s[{ss}]} sb}] s[{ss sb}]}",
				      "resourceType", "Patient", "id", p[DEMO_ID], "name", "use", "official", "family",
				      p[DEMO_FAMILY], "given", p[DEMO_GIVEN], "birthDate", p[DEMO_BIRTH_DATE],
				      "telecom", telecom(p), "address", "line", p[DEMO_STREET], "city", p[DEMO_CITY],
				      "postalCode", p[DEMO_POSTAL_CODE], "communication", "language", "coding", "code",
				      p[DEMO_LANGUAGE], "preferred", 1, "extension", "url",
				      "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
				      "valueBoolean", *p[DEMO_INTERPRETER] == '1'));
}

static void add_coverage(struct demo *demo, const char *const *p)
{
	char id[80], patient[80], subscriber[128], year[16];

	if (*p[DEMO_PAYOR] == '\0')
		return;
	snprintf(id, sizeof(id), "%s-coverage", p[DEMO_ID]);
	snprintf(patient, sizeof(patient), "Patient/%s", p[DEMO_ID]);
	snprintf(subscriber, sizeof(subscriber), "%s %s", p[DEMO_GIVEN], p[DEMO_FAMILY]);
	snprintf(year, sizeof(year), "%.4s-01-01", demo->day);
	take_resource(demo,
		      json_pack("{ss ss ss ss s{ss} s{ss} s{ss} s[{ss}] s[{s{s[{ss}]} ss}] s[{s{s[{ss}]} s{sf ss}}]}",
				"resourceType", "Coverage", "id", id, "status", "active", "subscriberId",
				p[DEMO_MEMBER_ID], "beneficiary", "reference", patient, "subscriber", "display",
				subscriber, "period", "start", year, "payor", "display", p[DEMO_PAYOR], "class", "type",
				"coding", "code", "group", "value", p[DEMO_GROUP], "costToBeneficiary", "type",
				"coding", "code", "copay", "valueMoney", "value", strtod(p[DEMO_COPAY], NULL) / 100,
				"currency", "USD"));
}

static void add_appointment(struct demo *demo, const char *const *p, int number, int place, int64_t start_ms)
{
	const struct place *at = &places[place];
	char id[64], patient[80], location[40], practitioner[40], start[40], end[40];
	json_t *participants, *json;

	snprintf(id, sizeof(id), "demo-%.4s%.2s%.2s-%s-%d", demo->day, demo->day + 5, demo->day + 8, p[DEMO_ID] + 5,
		 number);
	snprintf(patient, sizeof(patient), "Patient/%s", p[DEMO_ID]);
	snprintf(location, sizeof(location), "Location/%s", at->location);
	clock_format_instant(start_ms, start, sizeof(start));
	clock_format_instant(start_ms + at->minutes * MINUTE_MS, end, sizeof(end));
	participants = json_pack("[{s{ss} ss},{s{ss} ss}]", "actor", "reference", patient, "status", "accepted",
				 "actor", "reference", location, "status", "accepted");
	if (at->practitioner != NULL) {
		snprintf(practitioner, sizeof(practitioner), "Practitioner/%s", at->practitioner);
		json_array_append_new(participants, json_pack("{s{ss} ss}", "actor", "reference", practitioner,
							      "status", "accepted"));
	}
	json = json_pack("{ss ss ss s[{ss}] ss ss si so}", "resourceType", "Appointment", "id", id, "status",
			 *p[DEMO_STATUS] != '\0' ? p[DEMO_STATUS] : "booked", "serviceType", "text",
			 at->services[(p[DEMO_ID][6] & 1)], "start", start, "end", end, "minutesDuration", at->minutes,
			 "participant", participants);
	take_resource(demo, json);
	if (demo->taken_count < GRID_MAX)
		demo->taken[demo->taken_count++] = (struct slot){ start_ms, place };
}

/* "+10 shah,+50 lab" or "tomorrow lindqvist". */
static void add_placed(struct demo *demo, const char *const *p)
{
	const char *when = p[DEMO_WHEN];

	for (int number = 1; *when != '\0'; number++) {
		size_t len = strcspn(when, " "), end = strcspn(when, ",");
		char name[16];
		int place;

		text_copy_n(name, sizeof(name), when + len + 1, end > len ? end - len - 1 : 0);
		place = place_of(name);
		if (place < 0) {
			demo->import.err = LOBBY_ERR_INVALID;
			return;
		}
		if (strncmp(when, "tomorrow", 8) == 0) {
			struct clock_civil ten = clock_civil_of(demo->now_ms);

			ten.day++;
			ten.hour = 10;
			ten.minute = ten.second = 0;
			add_appointment(demo, p, number, place, clock_ms_of_civil(&ten));
		} else {
			add_appointment(demo, p, number, place, at_distance(demo, strtol(when, NULL, 10)));
		}
		when += end + (when[end] == ',');
	}
}

static bool is_taken(const struct demo *demo, int64_t start_ms, int place)
{
	for (int i = 0; i < demo->taken_count; i++)
		if (demo->taken[i].place == place &&
		    llabs(demo->taken[i].start_ms - start_ms) < places[place].minutes * MINUTE_MS)
			return true;
	return false;
}

/* Every twenty minutes of the nine hours at each place, but for an hour's lunch of the doctors and what is taken. */
static void make_grid(struct demo *demo)
{
	for (int64_t minute = 0; minute < 9 * 60; minute += 20) {
		for (int turn = 0; turn < GENERAL_PLACES; turn++) {
			int place = (int)((minute / 20 + turn) % GENERAL_PLACES); /* so that all get their share */
			int64_t after = minute + places[place].shift_min, t = demo->opens_ms + after * MINUTE_MS;
			bool lunch = places[place].practitioner != NULL && after >= 4 * 60 && after < 5 * 60;

			if (!lunch && after + places[place].minutes <= 9 * 60 && !is_taken(demo, t, place) &&
			    demo->grid_count < GRID_MAX)
				demo->grid[demo->grid_count++] = (struct slot){ t, place };
		}
	}
}

static void add_general(struct demo *demo)
{
	int general = 0, done = 0;

	for (int i = 0; i < demo->people.count; i++)
		general += *demo->people.cells[i][DEMO_WHEN] == '\0';
	for (int i = 0; i < demo->people.count; i++) {
		const struct slot *slot;

		if (*demo->people.cells[i][DEMO_WHEN] != '\0' || demo->grid_count == 0)
			continue;
		slot = &demo->grid[done++ * demo->grid_count / general];
		add_appointment(demo, demo->people.cells[i], 1, slot->place, slot->start_ms);
	}
}

/* ---- all of it ---- */

static int set_once(struct ledger *store, const char *name, const char *json)
{
	int64_t one;
	int err = ledger_int(store, &one, "SELECT 1 FROM setting WHERE name = ?1", "t", name);

	return err == LOBBY_ERR_NOT_FOUND ? clinic_settings_set(store, name, json) : err;
}

static int set_settings(struct ledger *store)
{
	int err = set_once(store, "clinic_name", "\"Riverside Family Clinic\"");

	if (err == 0)
		err = set_once(store, "desk_location", "\"on the left behind you\"");
	if (err == 0)
		err = set_once(store, "scanner_hint", "\"right\"");
	return err == 0 ? set_once(store, "show_service_type", "true") : err;
}

static void import_clinic(struct demo *demo, const char *folder)
{
	char path[CLINIC_PATH_MAX], *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/clinic.ndjson", folder);
	file = fopen(path, "r");
	if (file == NULL) {
		demo->import.err = LOBBY_ERR_NOT_FOUND;
		return;
	}
	while ((len = getline(&line, &size, file)) > 0) {
		json_t *json = json_loadb(line, (size_t)len, 0, NULL);

		import_resource(&demo->import, json, "", line, (size_t)len, "clinic.ndjson");
		json_decref(json);
	}
	free(line);
	fclose(file);
}

static void set_times(struct demo *demo, int64_t day_ms)
{
	int64_t now = clock_wall_ms();
	struct clock_civil c = clock_civil_of(day_ms != 0 ? day_ms : now);

	demo->now_ms = now;
	if (day_ms != 0 && clock_day_start_ms(day_ms) != clock_day_start_ms(now)) {
		c.hour = 9;
		c.minute = 41;
		c.second = 0;
		demo->now_ms = clock_ms_of_civil(&c);
	}
	demo->opens_ms = demo_opening_ms(demo->now_ms);
	snprintf(demo->day, sizeof(demo->day), "%04d-%02d-%02d", c.year % 10000, c.month, c.day);
}

int demo_fill(struct ledger *store, const char *folder, int64_t day_ms)
{
	struct demo *demo = calloc(1, sizeof(*demo));
	int err = demo == NULL ? LOBBY_ERR_NO_MEMORY : demo_people_load(&demo->people, folder);

	if (err == 0)
		err = import_begin(&demo->import, store, stderr, "demo");
	if (err != 0) {
		free(demo);
		return err;
	}
	set_times(demo, day_ms);
	import_clinic(demo, folder);
	for (int i = 0; i < demo->people.count; i++) {
		add_patient(demo, demo->people.cells[i]);
		add_coverage(demo, demo->people.cells[i]);
		add_placed(demo, demo->people.cells[i]);
	}
	make_grid(demo);
	add_general(demo);
	if (demo->import.err == 0)
		demo->import.err = set_settings(store);
	err = import_end(&demo->import);
	demo_people_free(&demo->people);
	free(demo);
	return err;
}
