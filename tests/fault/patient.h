/* Patients at the real screen: lobby-kiosk with its test commands (src/kiosk/control.h), and lobby-devices with the
 * scanner and printer of tests/emu, while any of the kiosk's programs and the clinic are killed. What counts is what
 * the screen showed. */
#ifndef LOBBY_TESTS_FAULT_PATIENT_H
#define LOBBY_TESTS_FAULT_PATIENT_H

#include "world.h"

#define PATIENT_ANSWER (64 * 1024)
#define PATIENT_HANDOVERS 256

/** What the screen showed one person. */
struct patient_seen {
	char number[13];   /* of the check-in, on "done"; "" not seen */
	bool other_number; /* and later another one */
};

struct patients {
	struct world *world;
	struct chance chance;
	struct program kiosk, devices; /* devices: lobby-emu, whose child lobby-devices is */
	char kiosk_path[DISK_PATH], emu_path[DISK_PATH], spawn[DISK_PATH], cards[DISK_PATH], paper[DISK_PATH];
	char kiosk_control[DISK_PATH], emu_control[DISK_PATH], control[108];
	int fd; /* to the screen's control socket; -1 */
	char answer[PATIENT_ANSWER];
	size_t answer_len;
	int64_t next_fault_ms, revive_ms; /* real */
	unsigned kills, power_cuts, killed[4];
	unsigned checked_in, again; /* screens of "done", and of "already checked in" */
	int person;		    /* at the screen now */
	bool calm;		    /* no more faults */
	struct patient_seen seen[STATION_PEOPLE];
	char handed_over[PATIENT_HANDOVERS][13]; /* numbers that "please go to the front desk" showed */
	unsigned handovers;
};

/** Starts the screen and the devices of the world's first kiosk. */
int patients_init(struct patients *patients, struct world *world);
void patients_fini(struct patients *patients);
/** Patients come one after the other until this many programs were killed. False after max_ms, or if a program does not
 * come back. */
bool patients_run(struct patients *patients, unsigned kills, int max_ms);
/** All works again; one more person checks in, and the kiosk sends what it holds. */
bool patients_heal(struct patients *patients, int max_ms);

struct patients_result {
	size_t confirmed, lost, doubled, wrong;
};
/** Against the clinic's store: each number that the screen showed is one arrival of that person, who has no other, or
 * one hand-over. */
int patients_check(const struct patients *patients, const char *store, struct patients_result *result);

#endif
