/* See esp.h. FAT has no journal, so changes of folders are written at once and in order (MS_DIRSYNC): a rename then
 * adds the new name before it removes the old one. */
#include "esp.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever holds the lock is alone: what is mounted there was left by one that was killed. */
static void unmount_left_over(void)
{
	if (umount2(ESP_MOUNT, 0) == 0 || (errno == EBUSY && umount2(ESP_MOUNT, MNT_DETACH) == 0))
		log_event(LOG_WARNING, "esp-left", "folder=%s", ESP_MOUNT);
}

/* A disk that takes no more writes may be read. */
static int mount_esp(const char *device)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_DIRSYNC;
	int result = mount(device, ESP_MOUNT, "vfat", flags, "umask=0077");

	if (result != 0 && (errno == EROFS || errno == EACCES))
		result = mount(device, ESP_MOUNT, "vfat", flags | MS_RDONLY, "umask=0077");
	return result;
}

int esp_open(struct esp *esp, const char *folder, const char *device)
{
	*esp = (struct esp){ .root = folder != NULL ? folder : ESP_MOUNT, .lock = -1 };
	if (folder == NULL && (device[0] != '/' || (mkdir(ESP_MOUNT, 0700) != 0 && errno != EEXIST)))
		return device[0] != '/' ? LOBBY_ERR_NOT_FOUND : LOBBY_ERR_IO;
	/* Not the mount's folder: what that name is depends on whether it is mounted, here or in another namespace. */
	esp->lock = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				   : open(ESP_MOUNT ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (esp->lock < 0)
		return LOBBY_ERR_NOT_FOUND;
	while (flock(esp->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			goto fail;
	if (folder != NULL)
		return 0;
	unmount_left_over();
	if (mount_esp(device) != 0) {
		log_event(LOG_ERROR, "esp-mount", "device=%s errno=%d", device, errno);
		goto fail;
	}
	esp->mounted = true;
	return 0;
fail:
	close(esp->lock);
	esp->lock = -1;
	return LOBBY_ERR_IO;
}

void esp_close(struct esp *esp)
{
	if (esp->lock < 0)
		return;
	if (esp->mounted && umount2(ESP_MOUNT, 0) != 0 && umount2(ESP_MOUNT, MNT_DETACH) != 0)
		log_event(LOG_ERROR, "esp-umount", "errno=%d", errno);
	close(esp->lock);
	esp->lock = -1;
	esp->mounted = false;
}
