/* A kiosk as lobby-sync sees it: what src/kiosk/link.c does, without a screen. It says a visit, says it again after
 * each lost connection, and believes only the answer. */
#ifndef LOBBY_TESTS_FAULT_STATION_H
#define LOBBY_TESTS_FAULT_STATION_H

#include "book.h"
#include "chance.h"
#include "wire/wire.h"

struct station {
	struct loop *loop;
	struct book *book;
	struct chance *chance;
	struct wire_conn conn;
	char path[108];
	int kiosk;
	lobby_Program program;	/* lobby-sync takes visits from PROGRAM_KIOSK only */
	bool busy;		/* a visit waits for its answer */
	bool quiet;		/* begins no new visit */
	size_t at;		/* in the book */
	const int64_t *wall_ms; /* of the kiosk's clock */
	const unsigned *jumps;	/* of that clock, counted */
	unsigned jumps_at_send;
	int64_t day_at_send_ms;
	struct loop_timer think;
	lobby_SyncState state; /* the last that was pushed */
	bool has_state;
	lobby_Enrolled enrolled; /* the last answer to an Enrol */
	bool has_enrolled;
};

/** Connects to path and begins; book, chance, clock are borrowed. */
void station_start(struct station *station, const char *path);
void station_stop(struct station *station);
/** The kiosk's screen program ended: what waited for an answer is never asked for again. */
void station_forget(struct station *station);

/** The demo people of the run: what the clinic is given to import. Person i has 1 + i % 3 appointments. */
#define STATION_PEOPLE 120
void station_person_id(char *out, size_t size, int person);
void station_appointment_id(char *out, size_t size, int person, int n);

#endif
