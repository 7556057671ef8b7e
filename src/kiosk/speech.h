/* Speech: one espeak-ng child process at a time, fed through a pipe, killed to stop it at once. What is said never
 * appears on a command line, where other programs could read it. */
#ifndef LOBBY_KIOSK_SPEECH_H
#define LOBBY_KIOSK_SPEECH_H

#include "base/loop.h"

#include <sys/types.h>

struct speech {
	struct loop *loop;
	pid_t pid; /* 0: silent */
	int pid_fd;
	int words_per_min;
	unsigned spoken; /* how many utterances were begun */
};

void speech_init(struct speech *speech, struct loop *loop);
/** Stops what is being said and says this, in the language (BCP 47). Does nothing if espeak-ng is not there. With
 * LOBBY_SPEECH_WAV=DIR it writes DIR/NNN.wav instead of sounding: for tests, and machines without sound. */
void speech_say(struct speech *speech, const char *language, const char *text);
/** At once; also at the end of a session. */
void speech_stop(struct speech *speech);

#endif
