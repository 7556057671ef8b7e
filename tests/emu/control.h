/* lobby-emu's control socket: SOCK_STREAM, one command line in, one answer line out; many clients. */
#ifndef LOBBY_EMU_CONTROL_H
#define LOBBY_EMU_CONTROL_H

#include "tests/emu/emu.h"

#define CONTROL_CLIENTS 8

struct control_client {
	struct control *control;
	int fd; /* -1: free */
	char line[4096];
	size_t len;
};

struct control {
	struct emu *emu;
	int fd;
	char path[108];
	struct control_client clients[CONTROL_CLIENTS];
};

/** Listens at path (a stale socket is replaced). LOBBY_ERR_IO. */
int control_init(struct control *control, struct emu *emu, const char *path) MUST_CHECK;
void control_fini(struct control *control);

#endif
