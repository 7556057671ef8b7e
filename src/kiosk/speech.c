/* See speech.h. A pidfd in the loop reaps the child, so that silence costs nothing and no signal handler is needed. */
#include "speech.h"

#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_PER_MIN 160
#define PIPE_ROOM 65536

extern char **environ;

void speech_init(struct speech *speech, struct loop *loop)
{
	*speech = (struct speech){ .loop = loop, .pid_fd = -1, .words_per_min = WORDS_PER_MIN };
}

static void reap(struct speech *speech)
{
	if (speech->pid_fd >= 0) {
		loop_fd_remove(speech->loop, speech->pid_fd);
		close(speech->pid_fd);
		speech->pid_fd = -1;
	}
	if (speech->pid > 0)
		waitpid(speech->pid, NULL, 0);
	speech->pid = 0;
}

static void on_exit_of_child(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	reap(arg);
}

void speech_stop(struct speech *speech)
{
	if (speech->pid <= 0)
		return;
	kill(speech->pid, SIGKILL);
	reap(speech);
}

/* The child reads what to say from the pipe's end `in`. */
static int spawn_espeak(struct speech *speech, const char *language, int in)
{
	char voice[24], rate[16], wav[256];
	char *argv[9] = { "espeak-ng", "--stdin", "-v", voice, "-s", rate, NULL, NULL, NULL };
	const char *folder = getenv("LOBBY_SPEECH_WAV");
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int rc;

	snprintf(voice, sizeof(voice), "%s", language);
	snprintf(rate, sizeof(rate), "%d", speech->words_per_min);
	if (folder != NULL) {
		snprintf(wav, sizeof(wav), "%s/%03u.wav", folder, speech->spoken);
		argv[6] = "-w";
		argv[7] = wav;
	}
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	rc = posix_spawnp(&speech->pid, "espeak-ng", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

void speech_say(struct speech *speech, const char *language, const char *text)
{
	size_t len = strlen(text);
	int ends[2];

	speech_stop(speech);
	if (len == 0 || pipe2(ends, O_CLOEXEC) != 0)
		return;
	if (len > PIPE_ROOM)
		len = PIPE_ROOM; /* a pipe takes this much without a reader */
	if (write(ends[1], text, len) == (ssize_t)len && spawn_espeak(speech, language, ends[0]) == 0) {
		speech->spoken++;
		speech->pid_fd = (int)syscall(SYS_pidfd_open, speech->pid, 0);
		if (speech->pid_fd >= 0 &&
		    loop_fd_add(speech->loop, speech->pid_fd, POLLIN, on_exit_of_child, speech) != 0) {
			close(speech->pid_fd);
			speech->pid_fd = -1;
		}
	} else {
		speech->pid = 0;
		log_event(LOG_WARNING, "speech-missing", "program=espeak-ng");
	}
	close(ends[0]);
	close(ends[1]);
}
