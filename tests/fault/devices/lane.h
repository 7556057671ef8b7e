/* A lane: a device of one kind, plugged in and out of the world's bus. A session in it is first a dishonest device -
 * mode, faults and actions left to chance, unplugged at any moment - and then an honest one in its place, which must be
 * ready and work within a bounded time: that is what "not stuck" means. */
#ifndef LOBBY_FAULT_DEVICES_LANE_H
#define LOBBY_FAULT_DEVICES_LANE_H

#include "tests/fault/devices/world.h"

/** Virtual and real time after which an honest device counts as stuck; both must have passed. */
#define LANE_PATIENCE_MS 400000
#define LANE_PATIENCE_REAL_MS 5000

struct lane_class {
	const char *name;
	size_t size; /* of a whole lane of this kind */
	bool once;   /* only one such lane a world: print jobs are given to a kind, not to a device */
	/** Makes an honest device, unplugged; called again and again, with fini() between. */
	void (*init)(struct lane *lane);
	void (*fini)(struct lane *lane);
	/** What it is: taken when it is plugged in. */
	void (*dress)(struct lane *lane, struct chance *c);
	/** Somebody does something, or a fault strikes. */
	void (*act)(struct lane *lane, struct chance *c);
	/** The honest device is ready: has it do its work. */
	void (*work)(struct lane *lane, struct chance *c);
	/** Has it? Called until true; a failure by world_fail(). */
	bool (*has_worked)(struct lane *lane);
	/** Something was read, by any device. */
	void (*on_scan)(struct lane *lane, const lobby_Scan *scan);
	/** A job of this lane ended well: is it on paper? */
	bool (*has_printed)(struct lane *lane, const struct world_job *job);
};

enum lane_phase {
	LANE_FREE,    /* between sessions; the honest device may still be there */
	LANE_TALKING, /* the dishonest device, or faults that strike the honest one */
	LANE_GOING,   /* unplugged, until the list says so, too */
	LANE_COMING,  /* the honest device, until it is ready */
	LANE_WORKING,
	LANE_OVER, /* no more sessions */
};

struct lane {
	const struct lane_class *class;
	struct world *world;
	struct model *model; /* in the storage of the kind */
	int number;
	char serial[16];
	enum lane_phase phase;
	struct chance chance; /* of this session */
	unsigned session, sessions;
	unsigned actions;      /* left */
	unsigned flaps;	       /* so often it comes back at once, as it is */
	bool honest_next;      /* LANE_GOING: what comes then */
	unsigned epoch, tests; /* when its work began */
	int64_t due_ms;	       /* when it does something next: then, */
	uint64_t due_turn;     /* and not before this turn */
	int64_t since_ms, since_real_ms;
};

extern const struct lane_class lane_scanner, lane_stripe, lane_chip, lane_receipt, lane_label;

struct lane *lane_new(struct world *world, const struct lane_class *class, int number, unsigned sessions);
void lane_free(struct lane *lane);
/** Does what is due. True if it did anything. */
bool lane_step(struct lane *lane);
bool lane_is_over(const struct lane *lane);

#endif
