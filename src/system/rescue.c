/* See rescue.h. */
#include "rescue.h"

#include "keep.h"

#include "base/file.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char *const folders[] = { "sync", "system" };
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static void memory_of(const char *run, size_t i, char out[256])
{
	snprintf(out, 256, "%s/lobby-rescue/%s", run, folders[i]);
}

void rescue_read(const char *run, const char *device, const char *state)
{
	char memory[256], from[256];
	bool mounted = keep_mount(device, state, true) == 0;

	for (size_t i = 0; i < FOLDERS; i++) {
		int files = 0;

		memory_of(run, i, memory);
		snprintf(from, sizeof(from), "%s/%s", state, folders[i]);
		if (file_make_folder(memory, 0700) != 0 || (mounted && keep_copy(from, memory, &files) != 0))
			log_event(LOG_ERROR, "rescue", "folder=%s files=%d", folders[i], files);
	}
	if (mounted)
		keep_unmount(state);
}

int rescue_return(const char *run, const char *state, int *files)
{
	char memory[256], back[256];
	int err = 0, copied;

	*files = 0;
	for (size_t i = 0; i < FOLDERS && err == 0; i++) {
		memory_of(run, i, memory);
		snprintf(back, sizeof(back), "%s/%s", state, folders[i]);
		err = keep_copy(memory, back, &copied);
		*files += copied;
	}
	for (size_t i = 0; i < FOLDERS && err == 0; i++) {
		memory_of(run, i, memory);
		keep_empty(memory);
		rmdir(memory);
	}
	return err;
}
