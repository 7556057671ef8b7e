/* Which stick is there: the kernel's own announcements (netlink(7), NETLINK_KOBJECT_UEVENT), so that nothing wakes
 * while nothing is plugged in. Only disks on USB count, never the one that the kiosk started from. A plain file may
 * stand in for a stick; its folder is then watched. */
#ifndef LOBBY_SYSTEM_PLUG_H
#define LOBBY_SYSTEM_PLUG_H

#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>

#define PLUG_DEVICE 128

/** device: "/dev/sda", or NULL when it was taken out. */
typedef void plug_fn(void *arg, const char *device);

struct plug {
	struct loop *loop;
	struct loop_timer settle;
	int fd;
	const char *sys, *boot_disk, *file;
	char device[PLUG_DEVICE]; /* empty: none */
	plug_fn *fn;
	void *arg;
};

/** Begins to watch, and looks for what is there already. file: the stand-in, or NULL. All are borrowed. LOBBY_ERR_IO.
 */
int plug_init(struct plug *plug, struct loop *loop, const char *sys, const char *boot_disk, const char *file,
	      plug_fn *fn, void *arg) MUST_CHECK;
void plug_fini(struct plug *plug);

/** One announcement: "add@/devices/..." and KEY=VALUE strings, each ended by NUL. Fills the disk's name and whether it
 * came. LOBBY_ERR_NOT_FOUND when it is about something else. */
int plug_parse(const char *message, size_t len, bool *came, char name[32]) MUST_CHECK;

#endif
