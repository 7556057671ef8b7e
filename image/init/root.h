/* The kernel's file systems, the root, and the step from the initrd into it. */
#ifndef LOBBY_INIT_ROOT_H
#define LOBBY_INIT_ROOT_H

#include "fail.h"

#include <stdbool.h>

#define ROOT_LOBBY_GID 800 /* image/root/usr/lib/sysusers.d/lobby.conf */

/** /proc, /sys, /dev and /run. What cannot be mounted shows when it is used. */
void root_mount_kernel(void);
/** EFI's variables, if this is an EFI machine and the kernel has the file system by now. */
void root_mount_variables(void);
/** Mounts the checked device at /sysroot, read-only. FAIL_OPEN. */
enum fail root_mount(const char *device);
/** Gives the display's and the touch screen's devices to the group that systemd's units know (image/README.md, "Before
 * udev"). */
void root_share_devices(void);
/** /run/lobby, where the programs' sockets lie: lobby-system need not wait for systemd-tmpfiles. */
void root_make_folders(void);
/** Empties the initrd, makes /sysroot the root and becomes systemd there. Returns only if it failed: FAIL_HANDOVER. */
enum fail root_hand_over(void);

#endif
