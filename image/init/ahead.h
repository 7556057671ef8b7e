/* Reading what starts first while systemd, which has one thread, reads its units: on a machine with more than one
 * processor the programs then find themselves in memory. Nothing depends on it. */
#ifndef LOBBY_INIT_AHEAD_H
#define LOBBY_INIT_AHEAD_H

/** Files to read, one path below the root a line, in this order (image/build.d/root.sh, root_first). */
#define AHEAD_LIST "usr/lib/lobby/first"

/** In a process of its own, which outlives init and ends by itself. root: where the checked root is mounted. */
void ahead_start(const char *root);

#endif
