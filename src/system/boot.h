/* What RAUC calls lobby-system as, each by a link of that name in /usr/lib/lobby (or as lobby-system's first word):
 *
 *   boot-backend get-primary | set-primary X | get-state X | set-state X good|bad | get-current
 *   pre-install    refuses versions below the minimum, marks the target slot bad, writes kernel.efi over its kernel
 *   post-install   looks once more that the slot's kernel is the bundle's
 *
 * The first is the protocol of a custom boot loader backend (RAUC's manual, "Custom Bootloader Backend Interface"): X
 * is a slot's bootname, the answer is a line on standard output, the exit status 0. The handlers get the environment of
 * the manual's "Custom Handlers (Interface)": RAUC_BUNDLE_MOUNT_POINT, RAUC_TARGET_SLOTS and RAUC_SLOT_BOOTNAME_N of
 * each number N in it. A handler's exit status says why not, because RAUC passes nothing else on (enum boot_refusal).
 */
#ifndef LOBBY_SYSTEM_BOOT_H
#define LOBBY_SYSTEM_BOOT_H

#include "system/system.h"

enum boot_refusal {
	BOOT_BUNDLE = 64,  /* there is no kernel.efi or manifest in it that makes sense */
	BOOT_OLD = 65,	   /* below the minimum version */
	BOOT_TARGET = 66,  /* it is not clear which slot, or it is the one that runs */
	BOOT_ESP = 67,	   /* the EFI system partition cannot be read or written */
	BOOT_ESP_FULL = 68 /* there is no room for the kernel */
};

/** Whether this name is one of the above. */
bool boot_is_name(const char *name);
/** Does it; argv[0] is the name. Returns the exit status. */
int boot_main(int argc, char **argv, const struct system_options *options);
/** Plain English for a handler's exit status. */
const char *boot_refusal_text(int status);

#endif
