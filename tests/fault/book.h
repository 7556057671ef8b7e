/* What the driver knows of every visit that it tried: the one side of the comparison at the end (check.h). */
#ifndef LOBBY_TESTS_FAULT_BOOK_H
#define LOBBY_TESTS_FAULT_BOOK_H

#include "wire.pb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tried {
	lobby_Visit visit;
	int kiosk;
	bool confirmed; /* lobby-sync answered that it is committed: the screen would say so */
	bool refused;	/* it answered that it could not, last */
	bool given_up;	/* never to be sent again */
	bool changed;	/* two answers that differ */
	char ticket[13];
	uint64_t seq;
	int64_t day_ms; /* the day, on the kiosk's clock, that its number is of; -1: the clock jumped meanwhile */
};

struct book {
	struct tried *tried;
	size_t count, size;
	size_t confirmed, refused; /* answers */
};

/** The index of a new entry, which is zero but for its kiosk; ends the program when out of memory. */
size_t book_add(struct book *book, int kiosk);
/** The entry with this id, or NULL. */
struct tried *book_find(const struct book *book, const char *id);
void book_fini(struct book *book);

#endif
