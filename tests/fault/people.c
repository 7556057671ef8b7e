/* See people.h. */
#include "people.h"

#include "base/clock.h"
#include "base/err.h"
#include "station.h"

#include <stdio.h>

#define PLACES 3

static void write_places(FILE *file)
{
	static const char *const prefixes[PLACES] = { "A", "B", "C" };

	for (int i = 0; i < PLACES; i++) {
		fprintf(file,
			"{\"resourceType\":\"Location\",\"id\":\"place-%d\",\"name\":\"Waiting area "
			"%s\",\"description\":"
			"\"Floor %d, waiting area "
			"%s\",\"identifier\":[{\"system\":\"urn:lobby:ticket-prefix\",\"value\":"
			"\"%s\"}]}\n",
			i, prefixes[i], i + 1, prefixes[i], prefixes[i]);
		fprintf(file,
			"{\"resourceType\":\"Practitioner\",\"id\":\"doctor-%d\",\"name\":[{\"family\":\"Example\","
			"\"given\":[\"Doctor %s\"]}]}\n",
			i, prefixes[i]);
	}
}

void people_birthday(int person, char out[9])
{
	snprintf(out, 9, "04%02u19%02u", (unsigned)(1 + person % 28) % 100, (unsigned)(50 + person % 40) % 100);
}

static void write_person(FILE *file, int person)
{
	char id[32];

	station_person_id(id, sizeof(id), person);
	fprintf(file,
		"{\"resourceType\":\"Patient\",\"id\":\"%s\",\"name\":[{\"family\":\"Invented%d\",\"given\":["
		"\"Person\"]}],"
		"\"birthDate\":\"19%02d-04-%02d\",\"telecom\":[{\"system\":\"phone\",\"value\":\"212-555-01%02d\"}]}\n",
		id, person, 50 + person % 40, 1 + person % 28, person % 100);
}

static void write_appointment(FILE *file, int person, int n, int64_t start_ms)
{
	char id[32], patient[32], start[40], end[40];
	int place = (person + n) % PLACES;

	station_appointment_id(id, sizeof(id), person, n);
	station_person_id(patient, sizeof(patient), person);
	clock_format_instant(start_ms, start, sizeof(start));
	clock_format_instant(start_ms + 20 * 60000, end, sizeof(end));
	fprintf(file,
		"{\"resourceType\":\"Appointment\",\"id\":\"%s\",\"status\":\"booked\",\"start\":\"%s\",\"end\":\"%s\","
		"\"participant\":[{\"actor\":{\"reference\":\"Patient/%s\"},\"status\":\"accepted\"},{\"actor\":{"
		"\"reference\":\"Practitioner/doctor-%d\"},\"status\":\"accepted\"},{\"actor\":{\"reference\":"
		"\"Location/place-%d\"},\"status\":\"accepted\"}]}\n",
		id, start, end, patient, place, place);
}

int people_write(const char *path, int64_t now_ms)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return LOBBY_ERR_IO;
	write_places(file);
	for (int person = 0; person < STATION_PEOPLE; person++) {
		write_person(file, person);
		for (int n = 0; n <= person % 3; n++)
			write_appointment(file, person, n, now_ms + (15 + person % 25 + n * 5) * 60000LL);
	}
	return fclose(file) == 0 ? 0 : LOBBY_ERR_IO;
}
