/* One world: lobby-devices as it is, in this process, on a bus of its own (bus_inside.h) with a virtual clock; a kiosk
 * before its socket; and lanes, places of the bus in which devices come, misbehave and go (lane.h), all at once.
 *
 * A world is what can be repeated: all that is left to chance in it follows from the run's seed and its number. It
 * ends when each lane has had its sessions, and then nothing may be left of them: no row in the list, no open
 * descriptor, no timer that rings, no job without an answer, and no memory. */
#ifndef LOBBY_FAULT_DEVICES_WORLD_H
#define LOBBY_FAULT_DEVICES_WORLD_H

#include "base/loop.h"
#include "devices/devices.h"
#include "tests/emu/bus.h"
#include "tests/fault/chance.h"
#include "wire/wire.h"

#define WORLD_LANES 6
#define WORLD_JOBS 64
#define WORLD_WANTS 8
#define WORLD_SAID 60

struct lane;

/* A print job that the kiosk gave. Its name ends in a letter that says how the kiosk gives its pictures. */
struct world_job {
	char name[37];
	struct lane *lane;
	size_t row_len; /* of its pictures, bytes */
	bool given, ended;
	int err;
};

/* Rows that the kiosk gives late. */
struct world_want {
	lobby_PrintWant want; /* job "": free */
	size_t row_len;
	int64_t due_ms;
};

/* What is done to a world so that its checks must notice: one that cannot fail proves nothing. */
enum world_sabotage {
	WORLD_AS_IT_IS,
	WORLD_STUCK,	   /* the honest device does not come */
	WORLD_DESCRIPTORS, /* some stay open */
	WORLD_MEMORY,	   /* some stays in use */
	WORLD_SABOTAGES
};

struct world {
	enum world_sabotage sabotage;
	uint64_t seed;
	unsigned number;
	bool talks; /* says what it does */
	struct chance chance;
	struct bus *bus;
	struct loop *loop;
	struct devices *devices;
	struct wire_conn kiosk;
	bool kiosk_up;
	unsigned epoch; /* counts how often either side of the socket was gone: what was asked before is forgotten */
	int64_t kiosk_back_ms;	 /* 0: it is there */
	int64_t restart_ms;	 /* when either side goes next; 0: never */
	struct wire_conn tester; /* lobbyctl's place; loop NULL: nobody tests here */
	bool testing;
	unsigned tests; /* counts their beginnings and ends */
	uint64_t tests_over_turn;
	int64_t tester_due_ms; /* 0: never */
	int64_t test_since_ms, test_since_real_ms;
	char folder[64], path[108];
	/* what the kiosk has heard */
	lobby_Devices list;
	lobby_CardSlotState slot;
	uint64_t messages;
	bool drained; /* nothing that it was told waits unread */
	struct world_job jobs[WORLD_JOBS];
	struct world_want wants[WORLD_WANTS];
	unsigned jobs_sent;
	/* what it does next */
	struct lane *lanes[WORLD_LANES];
	int lane_count;
	uint64_t turns; /* of the loop */
	uint64_t seen;	/* messages and requests at the last turn */
	int quiet;	/* turns since something happened */
	int64_t step_ms;
	int64_t hotplug_real_ms; /* when a device last came or went */
	int descriptors;	 /* of the process, before any device came */
	size_t heap;		 /* likewise, bytes in use */
	/* counted */
	unsigned sessions, restarts, printed, read;
	char failure[320];	    /* "": none */
	char said[WORLD_SAID][120]; /* the last that happened, a ring */
	unsigned says;
};

/** Plays it through. False: world->failure says what went wrong. `sessions` is how many at least, over all lanes;
 * told(arg) is called after each. */
bool world_play(struct world *world, uint64_t seed, unsigned number, unsigned sessions, bool talks,
		void (*told)(void *arg, const struct world *world), void *arg);
/** A small world in which this is done. True if it failed for just that. */
bool world_notices(struct world *world, uint64_t seed, enum world_sabotage sabotage);

/* For lanes. */
/** The first failure is kept. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** What happened last, and what is in the list. */
void world_tell_last(const struct world *world);
/** The row of the device with this serial number; NULL: none, or it is not named yet. */
const lobby_Device *world_device(const struct world *world, const char *serial);
/** Sends the job under a name of its own, which is in *print afterwards. mode: see job.c. NULL: it cannot be sent
 * now. */
const struct world_job *world_print(struct world *world, struct lane *lane, lobby_Print *print, char mode);
void world_cancel(struct world *world, const char *job);
/** NULL: it is not known (any more). */
const struct world_job *world_job_named(struct world *world, const char *name);
/** The picture that the kiosk prints: bits of row r, byte i. */
uint8_t world_bits(uint32_t row, uint32_t i);
/** A device came or went: time stands still until libusb knows. */
void world_hotplugged(struct world *world);
int64_t world_real_ms(void);

/** A self-test may be taking what is read. */
bool tester_is_testing(const struct world *world);

/* tester.c, for world.c */
void tester_start(struct world *world);
void tester_stop(struct world *world);
/** Does what is due. True if it did anything. */
bool tester_step(struct world *world);

/* job.c, for world.c */
void job_on_printed(struct world *world, const lobby_Printed *printed);
void job_on_want(struct world *world, const lobby_PrintWant *want);
/** Gives what is due. True if anything was. */
bool job_give_late(struct world *world);
/** Forgets what was asked before the socket was gone. */
void job_forget(struct world *world);
bool job_all_ended(const struct world *world);

#endif
