/* lobby-sync: the kiosk's store and its network to the clinic, around one loop.
 *
 * `struct sync` is the whole program. Its parts are one file each: the wire's messages (sync.c), the clinic's change
 * feed (feed.c), the outbox's sender (sender.c), help (help.c), status (status.c), self-tests (selftest.c), health
 * links (link.c), the technician's PIN (technician.c), enrolment (enrol.c), the day (day.c), the box (box.c), updates
 * (update.c). They meet only here: a
 * part that heard from the clinic, or failed to, says so, and what the kiosk's screen must know is pushed when it
 * changed. */
#ifndef LOBBY_SYNC_SYNC_H
#define LOBBY_SYNC_SYNC_H

#include "backoff.h"
#include "base/loop.h"
#include "fetch.h"
#include "health.h"
#include "identity.h"
#include "orders.h"
#include "outbox.h"
#include "roster.h"
#include "store.h"
#include "wire/wire.h"

#include <jansson.h>
#include <sodium.h>

#define SYNC_MAX_HELP 4

struct sync;

struct feed {
	struct fetch_request request;
	struct loop_timer timer;
	struct backoff backoff;
	int64_t asked_ms;
	bool connected; /* the last answer was good: wait long in the next */
};

struct sender {
	struct fetch_request request;
	struct loop_timer timer;
	struct backoff backoff;
	int batch_rows;	     /* halved when the clinic refuses a whole batch */
	int64_t after_seq;   /* rows up to here were refused alone: the others go first */
	int64_t first, last; /* of the request under way: seq > first, <= last */
};

struct status {
	struct fetch_request request;
	struct loop_timer timer;
	lobby_Devices devices;
	lobby_KioskState screen;
	bool again; /* changed while a request was under way */
};

/* The self-tests' reports: kept, and sent to the clinic one after the other. */
struct tests {
	struct fetch_request request;
	struct loop_timer timer;
	struct backoff backoff;
	int64_t sending; /* started_ms of the one under way */
	int64_t tested_ms;
	bool passed;
};

struct help_call {
	struct sync *sync;
	bool used;
	lobby_HelpWanted wanted;
	lobby_HelpStage stage;
	struct fetch_request request;
	struct loop_timer timer;
	struct backoff backoff;
};

struct enrol {
	struct fetch_request request;
	struct wire_conn *asker; /* NULL: gone, or nobody asked */
	bool busy;
	char url[257], name[65];
	uint8_t key[32], fingerprint[FETCH_FINGERPRINT];
	size_t proof_at; /* where in the body the proof goes */
};

/* A health link that the clinic is asked about. */
struct link_ask {
	struct fetch_request request;
	uint32_t health_request; /* of the ReadHealth that it answers */
};

/* The link to lobby-system, where there is one. */
struct box {
	struct wire_conn conn;
	char path[108];
	bool here, known; /* is there one; has it told its state */
	lobby_SystemState state;
	uint32_t request;
	int64_t clock_told_ms; /* monotonic */
};

#define UPDATE_ID 65

struct update_offer {
	char version[25], sha256[65], id[UPDATE_ID];
	int64_t size;
};

enum update_at {
	UPDATE_IDLE,
	UPDATE_FETCHING,
	UPDATE_FETCHED, /* whole and right, and lobby-system does not have it yet */
	UPDATE_HANDED,
	UPDATE_OVER, /* runs already, or was refused */
};

struct update {
	bool offered;
	struct update_offer offer;
	enum update_at at;
	int fd; /* while fetching */
	int64_t have, hashed, synced;
	crypto_hash_sha256_state hash;
	int damaged, answered; /* how often; the status of the answer that comes in */
	struct fetch_request request;
	struct loop_timer timer;
	struct backoff backoff;
	uint32_t request_id;
	bool called_back;	/* what it was handed last: it may still tell for a moment that it waits */
	char handed[UPDATE_ID]; /* the id of the offer that lobby-system got last */
	char taken[UPDATE_ID];	/* of the one that it tells of: until it has looked at the last, that is a try before */
	char text[161];		/* what is wrong, for the clinic */
};

struct sync {
	struct loop *loop;
	struct fetch *fetch;
	struct wire_server *server;
	struct store store;
	struct roster roster;
	struct outbox outbox;
	struct issuers issuers;
	struct health health;
	struct identity identity;
	lobby_Settings settings;
	struct orders orders;
	const char *update_folder;

	bool has_roster, reachable;
	int err;       /* why not reachable */
	int store_err; /* why the last write failed */
	int64_t last_contact_ms;
	lobby_SyncState pushed;
	int kiosks;  /* connected lobby-kiosks */
	bool broken; /* the store is damaged: end, be started again, salvage */

	struct feed feed;
	struct sender sender;
	struct status status;
	struct tests tests;
	struct link_ask link_ask;
	struct help_call help[SYNC_MAX_HELP];
	struct enrol enrol;
	struct box box;
	struct update update;
	struct loop_timer day, checkpoint, link;
	bool link_was_down;
};

/** Opens the store in folder and listens at socket (both borrowed for the call); updates are kept in update_folder
 * (borrowed for the program's life). As store_open(); LOBBY_ERR_IO when the
 * socket cannot be made. On failure there is nothing to undo. */
int sync_init(struct sync *sync, struct loop *loop, const char *folder, const char *update_folder,
	      const char *socket) MUST_CHECK;
void sync_fini(struct sync *sync);

/* For the parts. */

/** The clinic answered, or a request to it failed. Pushes what changed. */
void sync_heard(struct sync *sync);
void sync_lost(struct sync *sync, int err);
/** Pushes SyncState if it differs from what was pushed last (last_contact_ms alone is no difference). */
void sync_push_state(struct sync *sync);
void sync_push_settings(struct sync *sync);
/** To one peer, what sync_push_state() tells all of them. */
void sync_tell_state(struct sync *sync, struct wire_conn *conn);
/** The clinic's orders have changed. */
void sync_push_orders(struct sync *sync);
/** To one kiosk, or with NULL to all. */
void sync_push_logo(struct sync *sync, struct wire_conn *conn);
/** Something was written: move it out of the log soon. */
void sync_written(struct sync *sync);
/** A read or write failed: told until a write succeeds. Ends the program if the store is damaged: the next start
 * salvages it. Other errors than the store's are only logged. */
void sync_store_failed(struct sync *sync, int err);
/** "Kiosk id:credential". False when it does not fit. */
bool sync_authorization(const struct sync *sync, char *out, size_t size);
/** Fills an ask for path ("feed?...") at the enrolled clinic; the texts are the caller's. False when not enrolled or
 * something does not fit. */
bool sync_ask(const struct sync *sync, const char *path, char *url, size_t url_size, char *authorization,
	      size_t authorization_size, struct fetch_ask *ask);

void feed_start(struct sync *sync); /* asks now, whatever it waited for */
void feed_stop(struct sync *sync);
/** Forgets the cursor: the clinic will send the whole. */
void feed_forget(struct sync *sync);
/** Applies one answer of the feed in one transaction. LOBBY_ERR_PROTOCOL, or the store's error. For the feed and tests.
 */
int feed_apply(struct sync *sync, const char *body, size_t len, bool *more, int *changes) MUST_CHECK;

void sender_wake(struct sync *sync); /* something to send, or a good moment to try */
void sender_stop(struct sync *sync);

void status_changed(struct sync *sync);
void status_stop(struct sync *sync);

void help_wanted(struct sync *sync, const lobby_HelpWanted *wanted);
/** The feed says what became of one. */
void help_stage(struct sync *sync, const char *id, const char *stage);
void help_retry(struct sync *sync); /* the network came back */
void help_stop(struct sync *sync);

/** Keeps a finished report (the last 20) and sends it on; one that is here already changes nothing. */
void tests_take(struct sync *sync, const lobby_TestReport *report);
/** When the last one ended, into sync->tests. */
void tests_load(struct sync *sync);
void tests_wake(struct sync *sync); /* a good moment to send */
void tests_stop(struct sync *sync);

/** Asks the clinic for the link that health keeps under this request, and answers the kiosk when it has, or after ten
 * seconds. False: it cannot be asked now. */
bool link_ask_start(struct sync *sync, uint32_t health_request);
/** Nobody waits for it any more. */
void link_ask_stop(struct sync *sync);

/** Checks the technician's PIN. After three wrong ones each further one costs a longer wait, across restarts. */
void technician_check(struct sync *sync, const lobby_TechnicianPin *pin, lobby_TechnicianAnswer *answer);

void enrol_start(struct sync *sync, struct wire_conn *asker, const lobby_Enrol *enrol);
void enrol_asker_gone(struct sync *sync, const struct wire_conn *asker);
void enrol_stop(struct sync *sync);

void box_start(struct sync *sync);
void box_stop(struct sync *sync);
/** Numbers the command and sends it; as wire_send(). */
int box_command(struct sync *sync, lobby_SystemCommand *command) MUST_CHECK;
/** The clinic's clock says so: lobby-system sets ours when it has nothing better. */
void box_clock(struct sync *sync, int64_t clinic_ms);
/** The status's "system"; NULL where this is no appliance. */
json_t *box_json(const struct sync *sync);

void update_init(struct sync *sync, const char *folder);
/** Keeps an offer, or with null or nonsense that there is none. Within the caller's transaction. */
int update_save(struct sync *sync, const json_t *json) MUST_CHECK;
/** Takes up what the store says. */
void update_load(struct sync *sync);
/** Something changed that may let it go on. */
void update_look(struct sync *sync);
void update_answer(struct sync *sync, const lobby_SystemAnswer *answer);
void update_box_gone(struct sync *sync);
void update_stop(struct sync *sync);
json_t *update_json(const struct sync *sync);

/** Purges what is over and comes back at midnight. */
void day_start(struct sync *sync);
void day_stop(struct sync *sync);

#endif
