/* The people of a big invented clinic, and their visits as a kiosk would post them. */
#ifndef LOBBY_TESTS_BENCH_LOAD_H
#define LOBBY_TESTS_BENCH_LOAD_H

#include "checkin/visit.h"
#include "sync/identity.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** NDJSON for `lobby-clinic import`: count people, each with one appointment today. */
void load_people_write(FILE *out, uint32_t count);

/** Who the kiosk enrolled in this folder is (lobby-sync must not run on it). Dies if it is nobody. */
void load_identity(const char *folder, struct identity *identity);

/** Person n's visit as row seq: one in four changes their address and phone, one in four brings a new card. */
void load_visit(struct visit *visit, const char *kiosk_id, uint32_t n, int64_t seq);

/** A whole POST of one sealed visit, on the heap. *key gets the visit's id if not NULL. */
char *load_request(const struct identity *identity, uint32_t n, int64_t seq, size_t *len, char key[37]);

#endif
