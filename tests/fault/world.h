/* Everything that runs: a clinic, two kiosks, the wire between them, their clocks and their disks. */
#ifndef LOBBY_TESTS_FAULT_WORLD_H
#define LOBBY_TESTS_FAULT_WORLD_H

#include "book.h"
#include "program.h"
#include "proxy.h"
#include "station.h"

#define WORLD_KIOSKS 2
#define WORLD_STATIONS 2 /* screens a kiosk: more in flight at once than one has */

/** A clock file (base/clock.h): its time is the true one plus offset_ms. */
struct world_clock {
	char path[DISK_PATH];
	_Atomic int64_t *page; /* two: wall, monotonic */
	int64_t offset_ms;
	int64_t wall_ms;
	unsigned jumps;
};

/** A machine: one program with its store. */
struct world_machine {
	struct program program;
	struct disk disk;
	struct world_clock clock;
	uint32_t failed_before; /* operations that its disk had refused when it was started */
	char folder[DISK_PATH], run[DISK_PATH], name[24], socket[108];
};

struct world_options {
	const char *build; /* build/release */
	const char *work;  /* an empty folder */
	uint64_t seed;
	bool preload;		  /* with the power-cut preload */
	int kiosks;		  /* at most WORLD_KIOSKS */
	unsigned speed;		  /* virtual milliseconds a real one */
	lobby_Program station_is; /* what the driver is to lobby-sync: the kiosk's screen, or only an onlooker */
};

struct world {
	struct world_options options;
	struct chance chance;
	struct loop *loop;
	struct world_clock clock; /* the driver's own, always true */
	int64_t began_ms, wall_ms, mono_ms;
	int64_t ticked_real_ms;
	char preload[DISK_PATH], clinic_path[DISK_PATH], sync_path[DISK_PATH], url[64];

	struct world_machine clinic, kiosk[WORLD_KIOSKS];
	struct station station[WORLD_KIOSKS][WORLD_STATIONS];
	struct proxy *proxy;
	struct liar *liar;
	uint16_t clinic_port, liar_port;
	struct book book;
	unsigned ended; /* programs that ended without being told to */
};

/** Makes the run's folder, the clinic with its data, and two enrolled kiosks. Prints what failed. */
int world_init(struct world *world, const struct world_options *options);
void world_fini(struct world *world);

int world_start_clinic(struct world *world);
int world_start_kiosk(struct world *world, int kiosk);
/** One turn of the driver's loop: clocks, messages, relays. Notices programs that ended by themselves. */
void world_turn(struct world *world);
typedef bool world_until_fn(const struct world *world, const void *arg);
/** Turns until the condition holds; false after max_ms of real time. */
bool world_pump(struct world *world, int max_ms, world_until_fn *until, const void *arg);
/** Lets time pass on all clocks at once. */
void world_advance(struct world *world, int64_t by_ms);
/** Moves a machine's wall clock away from the true time (0: back to it). */
void world_jump(struct world *world, struct world_machine *machine, int64_t offset_ms);

#endif
