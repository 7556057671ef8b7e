/* lobbyctl: the technician's command line. Each command is one function that prints plain words and returns the exit
 * status: 0 all well, 1 something is wrong, 2 it was called wrongly. */
#ifndef LOBBY_CTL_CTL_H
#define LOBBY_CTL_CTL_H

#include "wire/wire.h"

/** lobbyctl enrol URL CODE [--name NAME] */
int ctl_enrol(int argc, char **argv);
/** lobbyctl status */
int ctl_status(int argc, char **argv);
/** lobbyctl selftest [options]: 0 passed, 1 failed, 2 could not run. */
int ctl_selftest(int argc, char **argv);
/** lobbyctl system [COMMAND] */
int ctl_system(int argc, char **argv);
/** lobbyctl wifi [join NAME]: the passphrase comes from standard input. */
int ctl_wifi(int argc, char **argv);
/** lobbyctl stick KEYS FOLDER [options] */
int ctl_stick(int argc, char **argv);
/** lobbyctl unseal KEY FILE */
int ctl_unseal(int argc, char **argv);
/** lobbyctl fleet URL [options]: 0 all well, 1 something needs a look, 2 could not be asked. */
int ctl_fleet(int argc, char **argv);
/** lobbyctl at SOCKET COMMAND... */
int ctl_at(int argc, char **argv);

/** A question to one of the kiosk's programs: connects, sends (if there is something), waits for one kind of message.
 */
struct ctl_ask {
	const char *socket;	    /* "sync.sock" */
	const char *program;	    /* "lobby-sync", for the words when it does not answer */
	const lobby_Envelope *send; /* or NULL */
	pb_size_t wanted;	    /* lobby_Envelope_..._tag */
	int64_t connect_ms;	    /* how long the program may take to come up */
	int64_t patience_ms;
	lobby_Envelope answer;
};

/** 0 when the answer came. Otherwise LOBBY_ERR_CLOSED (does not run), LOBBY_ERR_FORBIDDEN (not this user),
 * LOBBY_ERR_TIMEOUT, and a sentence on standard error. */
int ctl_ask(struct ctl_ask *ask) MUST_CHECK;

#endif
