/* What the machine says of itself: version and keys, slot, uptime, memory, disk, temperature, maker, network links.
 *
 * Everything is read anew when it is asked for, from small files of sysfs(5) and proc(5) and the two that the image and
 * its init write (image/README.md). What is not there is left out. Sizes are rounded to MiB, so that a change is one.
 */
#ifndef LOBBY_SYSTEM_FACTS_H
#define LOBBY_SYSTEM_FACTS_H

#include "system/system.h"

/** Reads both files of KEY=VALUE lines; what is missing or too long stays empty. Without a release file the version is
 * this program's own. */
void facts_read_boot(struct system_boot *boot, const char *release, const char *lobby_boot);
/** The value of KEY in text of KEY=VALUE lines. False (and out untouched) if there is none, or it does not fit or is
 * not clean text. */
bool facts_value(const char *text, const char *key, char *out, size_t size);

int facts_init(struct system *sys);
void facts_fini(struct system *sys);
void facts_fill(struct system *sys, lobby_SystemState *state);

/** Since the machine's start; 0 if unknown. */
int64_t facts_uptime_ms(const struct system *sys);
/** Raises min (VERSION_SIZE bytes) to what STATE/system/min-version says, if that is newer: the highest minimum of any
 * version that was good here. So two old bundles, one after the other, do not get below it. */
void facts_raise_min_version(const struct system_options *options, char *min);
/** Keeps min there, if it is newer than what is there. */
void facts_keep_min_version(const struct system_options *options, const char *min);
/** Is a display plugged in: any connector of /sys/class/drm says so. */
bool facts_has_display(const struct system *sys);

#endif
