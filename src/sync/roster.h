/* The roster: the appointments of today and the next days as the clinic's feed tells them, the least that identifying
 * needs (src/clinic/api.md, "An entry"), and what this kiosk itself did to them (a check-in not yet told).
 *
 * A `reset` of the feed may take several answers: each puts its rows with a new generation, and the last one sweeps
 * what kept an older one, so a kiosk checks people in by the old roster until the new one is whole. Calls that write
 * belong into the caller's transaction. Nothing here logs a value. */
#ifndef LOBBY_SYNC_ROSTER_H
#define LOBBY_SYNC_ROSTER_H

#include "store/db.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum roster_status { ROSTER_BOOKED, ROSTER_ARRIVED, ROSTER_CANCELLED, ROSTER_FULFILLED, ROSTER_NOSHOW };

/** One appointment. Strings are UTF-8, cut to what the wire can carry; "" is absent. */
struct roster_entry {
	char appointment_id[65], patient_id[65], code[65];
	int64_t start_ms;
	uint32_t minutes;
	enum roster_status status;
	char ticket[13];
	char practitioner[81], service_type[81], location[121], ticket_prefix[5], clinic_name[81];
	bool here;
	char birth_date[11]; /* YYYY-MM-DD */
	char family[97], given[97], phone_last4[5], phone_masked[41], email_masked[81], address_masked[161];
	char language[17];
	char member_hash[33]; /* hex */
	char coverage_id[65], payor[81], member_last4[9], group[41], subscriber[65], currency[4];
	bool active;
	int32_t copay_cents; /* -1: not known */
};

struct roster {
	struct db *db;
	sqlite3_stmt *put, *free_code, *remove, *sweep, *purge, *clear, *count, *arrive, *prefix;
	sqlite3_stmt *by_birth, *by_member, *by_code, *of_patient; /* identify.c reads these */
};

/** Prepares the statements; db is borrowed. */
int roster_init(struct roster *roster, struct db *db) MUST_CHECK;
void roster_fini(struct roster *roster);

/** Reads the feed's entry. LOBBY_ERR_INVALID without its ids, birthday or start. */
int roster_entry_of_json(const json_t *json, struct roster_entry *entry) MUST_CHECK;

/** Adds or replaces. A check-in made here stays until the clinic itself says arrived. */
int roster_put(struct roster *roster, const struct roster_entry *entry, int64_t generation) MUST_CHECK;
int roster_remove(struct roster *roster, const char *appointment_id) MUST_CHECK;
/** Removes what was last put in an older generation. */
int roster_sweep(struct roster *roster, int64_t generation) MUST_CHECK;
int roster_clear(struct roster *roster) MUST_CHECK;
/** Removes what starts before day_start_ms. *removed counts them. */
int roster_purge(struct roster *roster, int64_t day_start_ms, int *removed) MUST_CHECK;
int roster_count(struct roster *roster, uint32_t *count) MUST_CHECK;

/** Marks one appointment of this patient as checked in here. An appointment that is not there is no error. */
int roster_arrive(struct roster *roster, const char *appointment_id, const char *patient_id,
		  const char *ticket) MUST_CHECK;
/** The ticket prefix of an appointment; "" when it is unknown or has none. size >= 5. */
int roster_prefix(struct roster *roster, const char *appointment_id, char *out, size_t size) MUST_CHECK;

#endif
