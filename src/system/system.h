/* lobby-system: the box itself, for the kiosk's other programs: its version and slots, disk, clock, panel, network,
 * technician's stick and updates.
 *
 * It is the one program with rights over the machine, so it takes only the enumerated commands of wire.proto
 * (SystemDo), each from the programs that its row in `system_commands` names, and holds nothing of any patient. It is
 * made of parts, one file each, which the rows of `system_parts` list in the order in which they start: a part fills
 * its fields of SystemState when asked to, and calls system_changed() when they have changed. On a machine that is no
 * appliance (no /run/lobby-boot) everything runs, and commands that need the box are refused with a sentence.
 *
 * Single-threaded, on one loop. Nothing here blocks for longer than a small file: what takes time is a child process
 * (child.h). */
#ifndef LOBBY_SYSTEM_SYSTEM_H
#define LOBBY_SYSTEM_SYSTEM_H

#include "base/err.h"
#include "base/loop.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSTEM_TEXT sizeof(((lobby_SystemAnswer *)0)->text)
#define SYSTEM_LATER 8 /* commands that are under way at most */

#define SYSTEM_STATE "/var/lib/lobby"

/** Where things are; NULL: the appliance's own place. Borrowed for the life of the program. */
struct system_options {
	const char *esp;   /* a folder in place of the EFI system partition, which is else mounted while it is needed */
	const char *state; /* a folder in place of the state partition, which else is opened and mounted */
	const char *release;	 /* /usr/lib/lobby/release */
	const char *boot;	 /* /run/lobby-boot */
	const char *rauc;	 /* rauc */
	const char *sys;	 /* /sys */
	const char *proc;	 /* /proc */
	const char *stick;	 /* a file in place of a technician's stick, NULL: what is plugged in */
	const char *stick_key;	 /* /usr/share/lobby/keys/stick.pub */
	const char *support_key; /* /usr/share/lobby/keys/support.pub */
	const char *efivars;	 /* /sys/firmware/efi/efivars */
	const char *networkd;	 /* /run/systemd/network */
	const char *power;   /* systemctl: called as "systemctl --no-block reboot" or "poweroff", and if that hangs with
				--force */
	const char *install; /* /install: an installer's stick has the image there that it writes */
	const char *dev;     /* /dev: where the disks' nodes are that it may write */
};

/** What /usr/lib/lobby/release and /run/lobby-boot say. */
struct system_boot {
	char version[25];
	char min_version[25];
	bool development;
	char slot[3];	/* "a", "b"; empty: not an appliance */
	bool installer; /* a stick that is to write this machine's disk: no slot, and nothing of the disk is touched */
	char disk[65];
	char esp[65];
	bool secure_boot;
};

struct system;
struct power;
struct update;
struct good;
struct slotwork;
struct timeset;
struct statedisk;
struct stick;
struct provision;
struct network;
struct wireless;
struct panel;
struct logs;
struct install;

/** A command that is answered later: see system_defer(). */
struct system_later {
	struct wire_conn *conn; /* NULL: its peer is gone */
	uint32_t token;		/* 0: free */
	uint32_t request;
};

struct system {
	struct loop *loop;
	struct wire_server *server;
	struct system_options options; /* none is NULL but esp, state and stick */
	struct system_boot boot;
	lobby_SystemState told; /* what the peers know */
	struct loop_timer tell;
	struct loop_timer look; /* for what changes without an event: temperature, memory, disk */
	int links_fd;		/* rtnetlink(7): addresses and carriers change */
	int64_t booted_ms;	/* wall clock */
	int64_t started_ms;	/* monotonic, when this program started */

	bool kiosk_there; /* lobby-kiosk is connected */
	bool sync_there;
	bool kiosk_spoke; /* since it connected: `kiosk` is what it said */
	bool sync_spoke;
	lobby_KioskState kiosk;
	lobby_SyncState sync;
	int64_t nobody_since_ms; /* monotonic: no patient at the screen since then; -1: somebody is */

	bool state_pending; /* set by the state partition's init: it calls system_state_ready() itself */
	bool state_ready;   /* the state folder can be written */
	struct system_later later[SYSTEM_LATER];
	uint32_t last_token;

	/* The parts' own, NULL until their init. */
	struct power *power;
	struct update *update;
	struct good *good;
	struct slotwork *slotwork;
	struct timeset *timeset;
	struct statedisk *statedisk;
	struct stick *stick;
	struct provision *provision;
	struct network *network;
	struct wireless *wireless;
	struct panel *panel;
	struct logs *logs;
	struct install *install;
};

/** One part. Every function but init may be NULL; init returns an error only if the program cannot go on without. */
struct system_part {
	const char *name;
	int (*init)(struct system *sys);
	void (*fini)(struct system *sys);  /* also after a failed start of another part */
	void (*ready)(struct system *sys); /* the state folder is there */
	/* Its fields; the rest belongs to others. Of messages within, has_X too. */
	void (*fill)(struct system *sys, lobby_SystemState *state);
	void (*heard)(struct system *sys); /* kiosk or sync spoke, came or went */
};

typedef void system_command_fn(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);

#define SYSTEM_FROM_KIOSK (1u << lobby_Program_PROGRAM_KIOSK)
#define SYSTEM_FROM_SYNC (1u << lobby_Program_PROGRAM_SYNC)
#define SYSTEM_FROM_CTL (1u << lobby_Program_PROGRAM_CTL)

/** One row per SystemDo, in its order. */
struct system_command {
	const char *name;	/* for the log */
	system_command_fn *run; /* NULL: this build cannot do it, and says so */
	bool appliance;		/* refused on other machines */
	unsigned from;		/* the programs that may ask it */
	bool installer;		/* not refused on an installer's stick */
};

extern const struct system_part system_parts[];
extern const size_t system_part_count;
extern const struct system_command system_commands[];
extern const size_t system_command_count;

/** Fills sys->options, with the usual places for what is NULL. */
void system_set_options(struct system *sys, const struct system_options *options);
/** Starts everything; path is the socket's. LOBBY_ERR_IO, LOBBY_ERR_NO_MEMORY. */
int system_init(struct system *sys, struct loop *loop, const struct system_options *options,
		const char *path) MUST_CHECK;
void system_fini(struct system *sys);

bool system_is_appliance(const struct system *sys);
/** Something of SystemState is different: tells the peers on the loop's next turn, if it is. */
void system_changed(struct system *sys);
/** Tells them now, for those who then answer a command. */
void system_tell(struct system *sys);
/** The state folder is mounted (or given up on and in memory): every part's `ready` is called, once, and the
 * service manager is told that this program is ready. */
void system_state_ready(struct system *sys);
/** "STATE/name". LOBBY_ERR_TOO_LONG. */
int system_state_path(const struct system *sys, char *out, size_t size, const char *name) MUST_CHECK;
/** Nobody has been at the screen for so long. */
bool system_nobody_for(const struct system *sys, int64_t ms);

/** Answers a command; text is plain English, NULL: the error's own words. */
void system_answer(struct wire_conn *conn, const lobby_SystemCommand *command, int err, const char *text);
/** For a command that is answered later: a token for system_answer_later(), which is called exactly once. 0: too many
 * are under way, and the command was answered so. */
uint32_t system_defer(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
void system_answer_later(struct system *sys, uint32_t token, int err, const char *text);

#endif
