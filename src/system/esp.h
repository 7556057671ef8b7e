/* The EFI system partition, for as long as it is needed: mounted at /run/lobby-esp, or a folder in its place. One at a
 * time: lobby-system and RAUC's handlers (boot.h) wait for each other, and clear away what one that was killed left
 * mounted. Of a disk that takes no more writes it is read-only. Blocks: for workers and handlers. */
#ifndef LOBBY_SYSTEM_ESP_H
#define LOBBY_SYSTEM_ESP_H

#include "base/err.h"

#include <stdbool.h>

#define ESP_MOUNT "/run/lobby-esp"

struct esp {
	const char *root; /* where it is */
	int lock;
	bool mounted;
};

/** folder: in its place, or NULL: device is mounted. Both are borrowed until esp_close(). LOBBY_ERR_NOT_FOUND,
 * LOBBY_ERR_IO. */
int esp_open(struct esp *esp, const char *folder, const char *device) MUST_CHECK;
/** Everything is on the disk afterwards. */
void esp_close(struct esp *esp);

#endif
