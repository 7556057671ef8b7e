/* The run's schedule, plainly invented: a FHIR NDJSON for `lobby-clinic import`. */
#ifndef LOBBY_TESTS_FAULT_PEOPLE_H
#define LOBBY_TESTS_FAULT_PEOPLE_H

#include <stdint.h>

/** STATION_PEOPLE patients (station.h) with their appointments on the day of now_ms. */
int people_write(const char *path, int64_t now_ms);

#endif
