/* Other people's programs, run and waited for: mkfs.ext4, systemd-repart, mcopy, networkctl.
 *
 * For workers (worker.h) only: it blocks. The appliance has no shell: a program is found along a fixed path
 * (/usr/sbin, /usr/bin, /sbin, /bin), its arguments are a NULL-ended list of ours, its environment is empty but for
 * PATH and LC_ALL=C, its input is /dev/null. */
#ifndef LOBBY_SYSTEM_HELPER_H
#define LOBBY_SYSTEM_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Runs argv; what it says (both outputs) is kept in out, cut at size - 1 (out may be NULL). Returns its exit status,
 * 127 if it is not there, -1 if it was killed or took longer than patience_ms (it is then killed). */
int helper_run(const char *const argv[], char *out, size_t size, int64_t patience_ms);
/** Whether there is such a program. */
bool helper_exists(const char *program);
/** Starts argv with its output into a pipe that the caller reads and closes; helper_end() waits and returns the status.
 * Returns the descriptor, or -1. */
int helper_open(const char *const argv[], int *pid);
int helper_end(int fd, int pid);

#endif
