/* What firmware and boot loader say in EFI variables: which slot was started, from which disk. Pure but for
 * loader_read.
 *
 * Variables are data from outside. Loader's: systemd's Boot Loader Interface, UTF-16LE with a NUL at the end. */
#ifndef LOBBY_INIT_LOADER_H
#define LOBBY_INIT_LOADER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOADER_VARS "/sys/firmware/efi/efivars"
#define LOADER_VALUE_MAX 1024

struct loader {
	char slot;     /* 'a', 'b', or 0: nobody says */
	char disk[37]; /* UUID of the partition that the loader came from, lower case; "" */
	bool secure_boot;
};

/** UTF-16LE bytes as ASCII; what is not ASCII becomes '?'. LOBBY_ERR_INVALID: half a unit; LOBBY_ERR_TOO_LONG. */
int loader_text(const uint8_t *data, size_t len, char *out, size_t size) MUST_CHECK;
/** The slot of "\EFI\lobby\a.efi", whatever its case; 0 for any other path. */
char loader_slot_of_image(const char *path);
/** The slot of an entry "lobby-a", "lobby-a.conf", "lobby-a+2-1.conf"; 0 for any other. */
char loader_slot_of_entry(const char *entry);
/** The entry of this slot in LoaderEntries (UTF-16LE, each name with a NUL at its end), as the loader wants it named.
 * LOBBY_ERR_NOT_FOUND, LOBBY_ERR_INVALID. */
int loader_entry_of_slot(const uint8_t *list, size_t len, char slot, char *out, size_t size) MUST_CHECK;
/** A UUID in its usual form, in lower case. LOBBY_ERR_INVALID. */
int loader_uuid(const char *text, char out[37]) MUST_CHECK;

/** A variable's value, without its four bytes of attributes. Returns its length, or 0 if there is none or it is too
 * long. */
size_t loader_variable(const char *name_and_vendor, uint8_t out[LOADER_VALUE_MAX]);
/** At the next start, and only then, the loader takes this slot, whether its tries are used up or not
 * (LoaderEntryOneShot). LOBBY_ERR_NOT_FOUND: it knows no such entry; LOBBY_ERR_IO. */
int loader_choose_once(char slot) MUST_CHECK;
/** All that the loader says; what is missing or nonsense is empty. */
void loader_read(struct loader *out);

#endif
