/* A virtual machine with a real kernel: QEMU without KVM (TCG), the kernel and initramfs that tests/kernel/image made,
 * an xHCI host controller with a redirected device at each socket, a touchscreen of QEMU's, and QEMU's own card reader
 * with a card served over another socket. It dies with this program; its console is in `console`. On the loop, one
 * thread. */
#ifndef LOBBY_TESTS_KERNEL_MACHINE_H
#define LOBBY_TESTS_KERNEL_MACHINE_H

#include "frame.h"
#include "wire/wire.h"

#include <sys/types.h>

#define MACHINE_ANSWER 256

struct machine {
	/* to be set before machine_start() */
	struct loop *loop;
	const char *images;  /* the folder with vmlinuz, base.cpio, lobby.cpio */
	const char *folder;  /* for the line's socket */
	const char *console; /* file for the kernel's and the programs' words */
	const char *usb[8];  /* sockets of the redirected devices; NULL: no more */
	const char *card;    /* socket of the card in QEMU's reader; NULL: no reader */
	void (*on_message)(void *arg, const lobby_Envelope *envelope);
	void *arg;
	/* state */
	pid_t pid; /* 0: not running */
	int listener;
	char path[108];
	struct frame_link link;
	bool there; /* the guest's program runs */
	bool up;    /* it is connected to lobby-devices */
	int ups;    /* how often it got connected */
	char answer[MACHINE_ANSWER];
	int answers;
};

/** LOBBY_ERR_IO. It boots while the loop turns. */
int machine_start(struct machine *machine) MUST_CHECK;
/** Kills it and waits. */
void machine_stop(struct machine *machine);
/** True if it ended by itself. */
bool machine_ended(struct machine *machine);
/** Sends as the kiosk to lobby-devices. */
int machine_send(struct machine *machine, const lobby_Envelope *envelope) MUST_CHECK;
/** Does a command of guest.c; the answer is in machine->answer, and answers has grown by one, when it has come. */
int machine_command(struct machine *machine, const char *command) MUST_CHECK;

#endif
