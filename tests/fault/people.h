/* The run's schedule, plainly invented: a FHIR NDJSON for `lobby-clinic import`. */
#ifndef LOBBY_TESTS_FAULT_PEOPLE_H
#define LOBBY_TESTS_FAULT_PEOPLE_H

#include <stdint.h>

/** STATION_PEOPLE patients (station.h), each with a birthday of their own, and their appointments within the hour after
 * now_ms, so that all can be checked in. */
void people_birthday(int person, char out[9]); /* as it is typed: MMDDYYYY */
int people_write(const char *path, int64_t now_ms);

#endif
