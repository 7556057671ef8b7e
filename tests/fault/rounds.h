/* The faults, one round after the other: see rounds.c. */
#ifndef LOBBY_TESTS_FAULT_ROUNDS_H
#define LOBBY_TESTS_FAULT_ROUNDS_H

#include "world.h"

struct rounds {
	struct world *world;
	struct chance chance;
	unsigned kills;	     /* programs that were ended, by SIGKILL */
	unsigned power_cuts; /* of them, with what the disk had not been made to keep lost */
	unsigned full;	     /* rounds with a disk that refused */
	unsigned jumps;	     /* of clocks */
	unsigned weathers;   /* changes of the network */
	unsigned long_waits; /* of hours without the clinic */
	unsigned forgotten;  /* screens that ended in the middle */
	int clinic_down;     /* rounds until the clinic comes back */
};

/** One round: some visits, then a fault; what died is running again at the end, but for a clinic that is to stay away
 * for a while. */
int rounds_one(struct rounds *rounds);
/** Everything works again; waits until the kiosks hold nothing. False after max_ms. */
bool rounds_heal(struct rounds *rounds, int max_ms);

#endif
