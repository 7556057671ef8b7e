/* The comparison at the end: what the kiosks' screens confirmed against what the clinic's store has. */
#ifndef LOBBY_TESTS_FAULT_CHECK_H
#define LOBBY_TESTS_FAULT_CHECK_H

#include "book.h"

struct check_result {
	size_t confirmed;   /* visits that were looked for */
	size_t lost;	    /* confirmed, and not in the store */
	size_t doubled;	    /* in it more than once, confirmed or not */
	size_t wrong;	    /* in it with another number, sequence or contents than confirmed */
	size_t same_ticket; /* confirmed with a number that another visit of that day has */
	size_t changed;	    /* confirmed twice with different answers */
	size_t set_aside;   /* confirmed, and put aside as unacceptable */
	size_t strangers;   /* in it, and never sent */
	size_t ghosts;	    /* in it although the last answer was that it could not be saved; allowed, counted */
};

/** Reads the store at path (clinic.db). Prints up to `say` lines about what is wrong. LOBBY_ERR_IO. */
int check_store(const char *path, const struct book *book, int say, struct check_result *result);
/** True if nothing is wrong. */
bool check_clean(const struct check_result *result);

#endif
