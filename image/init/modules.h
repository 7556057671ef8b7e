/* Loading the kernel's modules that /modules names: those whose hardware is there, and those that have none. The list's
 * reader is pure. */
#ifndef LOBBY_INIT_MODULES_H
#define LOBBY_INIT_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#define MODULES_LINE_SIZE 256

enum modules_kind {
	MODULES_SECTION, /* "[disk]": what follows is of it; its name without the brackets */
	MODULES_ALWAYS,	 /* "-": the paths that follow are loaded whatever the hardware */
	MODULES_ALIAS, /* "pci:v00001AF4d*...": the paths that follow are loaded if a device's modalias matches this or
			* the alias next to it (fnmatch(3); Documentation/ABI, "modalias") */
	MODULES_PATH   /* "/lib/modules/.../x.ko" */
};

struct modules_line {
	enum modules_kind kind;
	char text[MODULES_LINE_SIZE];
};

/** The next line from *at on that is one of these, or false at the end. Comments, empty lines and paths of no module
 * (no ".ko" at the end, "..") are passed over, as is what is not shorter than MODULES_LINE_SIZE. */
bool modules_next(const char *list, size_t len, size_t *at, struct modules_line *out);

/** What the kernel's command line has for a module, "drm_kms_helper.fbdev_emulation=0" for drm-kms-helper.ko: its words
 * without the module's name, as the kernel wants them with the module. Only for what is built in it reads them itself.
 * What does not fit is left out. */
void modules_options(const char *cmdline, size_t len, const char *path, char *out, size_t size);

struct modules {
	char *list, *cmdline;
	size_t list_len, cmdline_len;
};

/** Loads a section. anyway: also what has no hardware here. Returns how many modules the kernel took. */
unsigned modules_load(const struct modules *modules, const char *section, bool anyway);

#endif
