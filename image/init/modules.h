/* Loading the kernel's modules that /modules names. The list's reader is pure. */
#ifndef LOBBY_INIT_MODULES_H
#define LOBBY_INIT_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#define MODULES_PATH_SIZE 256

/** The next path from *at on, or false at the end. Comments, empty lines and what is no absolute path of a module
 * (".ko" at its end, no "..", shorter than MODULES_PATH_SIZE) are passed over. */
bool modules_next(const char *list, size_t len, size_t *at, char out[MODULES_PATH_SIZE]);

/** What the kernel's command line has for a module, "drm_kms_helper.fbdev_emulation=0" for drm-kms-helper.ko: its words
 * without the module's name, as the kernel wants them with the module. Only for what is built in it reads them itself.
 * What does not fit is left out. */
void modules_options(const char *cmdline, size_t len, const char *path, char *out, size_t size);

/** Loads those of the list whose file is called `only`, or all if it is NULL. Returns how many the kernel has. */
unsigned modules_load(const char *list, size_t len, const char *cmdline, size_t cmdline_len, const char *only);

#endif
