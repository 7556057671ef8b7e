/* See plug.h. */
#include "plug.h"

#include "base/log.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLE_MS 500
#define KERNEL_GROUP 1

/* The value of KEY in NUL-ended strings, or NULL. */
static const char *value_of(const char *message, size_t len, const char *key)
{
	size_t key_len = strlen(key);

	for (size_t at = 0; at < len; at += strnlen(message + at, len - at) + 1)
		if (strncmp(message + at, key, key_len) == 0 && message[at + key_len] == '=')
			return message + at + key_len + 1;
	return NULL;
}

static bool is_disk_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == len;
}

int plug_parse(const char *message, size_t len, bool *came, char name[32])
{
	const char *action, *subsystem, *type, *path, *device;

	if (len == 0 || message[len - 1] != '\0')
		return LOBBY_ERR_NOT_FOUND;
	action = value_of(message, len, "ACTION");
	subsystem = value_of(message, len, "SUBSYSTEM");
	type = value_of(message, len, "DEVTYPE");
	path = value_of(message, len, "DEVPATH");
	device = value_of(message, len, "DEVNAME");
	if (action == NULL || subsystem == NULL || type == NULL || path == NULL || device == NULL ||
	    strcmp(subsystem, "block") != 0 || strcmp(type, "disk") != 0 || strstr(path, "/usb") == NULL ||
	    !is_disk_name(device))
		return LOBBY_ERR_NOT_FOUND;
	/* A card reader's disk is there without a card: "change" tells of one. */
	if (strcmp(action, "add") != 0 && strcmp(action, "change") != 0 && strcmp(action, "remove") != 0)
		return LOBBY_ERR_NOT_FOUND;
	*came = strcmp(action, "remove") != 0;
	text_copy(name, 32, device);
	return 0;
}

static void tell(void *arg)
{
	struct plug *plug = arg;

	plug->fn(plug->arg, plug->device[0] != '\0' ? plug->device : NULL);
}

static void came(struct plug *plug, const char *name)
{
	char device[PLUG_DEVICE];

	snprintf(device, sizeof(device), "/dev/%s", name);
	if (strcmp(device, plug->boot_disk) == 0 || (plug->device[0] != '\0' && strcmp(device, plug->device) != 0))
		return;
	text_copy(plug->device, sizeof(plug->device), device);
	loop_timer_set(plug->loop, &plug->settle, SETTLE_MS, tell, plug);
}

/* What is plugged in already: disks whose place in the tree is below a USB controller. */
static void look(struct plug *plug)
{
	char folder[256], link[512], real[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/block", plug->sys);
	dir = opendir(folder);
	while (dir != NULL && plug->device[0] == '\0' && (entry = readdir(dir)) != NULL) {
		if (!is_disk_name(entry->d_name))
			continue;
		snprintf(link, sizeof(link), "%s/%.32s", folder, entry->d_name);
		if (realpath(link, real) != NULL && strstr(real, "/usb") != NULL)
			came(plug, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
}

static void went(struct plug *plug, const char *name)
{
	char device[PLUG_DEVICE];

	snprintf(device, sizeof(device), "/dev/%s", name);
	if (strcmp(device, plug->device) != 0)
		return;
	plug->device[0] = '\0';
	loop_timer_cancel(plug->loop, &plug->settle);
	tell(plug);
	look(plug);
}

static void on_uevent(void *arg, int fd, short revents)
{
	struct plug *plug = arg;
	struct sockaddr_nl from;
	socklen_t from_len = sizeof(from);
	char message[8192], name[32];
	ssize_t n = recvfrom(fd, message, sizeof(message), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	bool is_there = false;

	(void)revents;
	if (n < 0 && errno == ENOBUFS) { /* some were lost: look for ourselves */
		look(plug);
		return;
	}
	/* Only the kernel's: its port is 0. */
	if (n <= 0 || from_len != sizeof(from) || from.nl_pid != 0 ||
	    plug_parse(message, (size_t)n, &is_there, name) != 0)
		return;
	if (is_there)
		came(plug, name);
	else
		went(plug, name);
}

static int watch_kernel(struct plug *plug)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };

	plug->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (plug->fd < 0 || bind(plug->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    loop_fd_add(plug->loop, plug->fd, POLLIN, on_uevent, plug) != 0)
		return LOBBY_ERR_IO;
	look(plug);
	return 0;
}

/* ---- a file in place of a stick ---------------------------------------------------------------------------------- */

static void look_at_file(struct plug *plug)
{
	bool was = plug->device[0] != '\0', is = access(plug->file, R_OK) == 0;

	text_copy(plug->device, sizeof(plug->device), is ? plug->file : "");
	if (is)
		loop_timer_set(plug->loop, &plug->settle, SETTLE_MS, tell, plug);
	else if (was)
		tell(plug);
}

static void on_folder(void *arg, int fd, short revents)
{
	struct plug *plug = arg;
	char events[4096];

	(void)revents;
	if (read(fd, events, sizeof(events)) > 0)
		look_at_file(plug);
}

static int watch_file(struct plug *plug)
{
	const char *slash = strrchr(plug->file, '/');
	char folder[PATH_MAX];

	text_copy_n(folder, sizeof(folder), slash != NULL ? plug->file : ".",
		    slash != NULL ? (size_t)(slash - plug->file) + 1 : 1);
	plug->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (plug->fd < 0 ||
	    inotify_add_watch(plug->fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) < 0 ||
	    loop_fd_add(plug->loop, plug->fd, POLLIN, on_folder, plug) != 0)
		return LOBBY_ERR_IO;
	look_at_file(plug);
	return 0;
}

int plug_init(struct plug *plug, struct loop *loop, const char *sys, const char *boot_disk, const char *file,
	      plug_fn *fn, void *arg)
{
	int err;

	*plug = (struct plug){
		.loop = loop, .fd = -1, .sys = sys, .boot_disk = boot_disk, .file = file, .fn = fn, .arg = arg
	};
	err = file != NULL ? watch_file(plug) : watch_kernel(plug);
	if (err != 0) {
		log_event(LOG_ERROR, "plug", "errno=%d", errno);
		plug_fini(plug);
	}
	return err;
}

void plug_fini(struct plug *plug)
{
	if (plug->loop == NULL)
		return;
	loop_timer_cancel(plug->loop, &plug->settle);
	if (plug->fd >= 0) {
		loop_fd_remove(plug->loop, plug->fd);
		close(plug->fd);
	}
	plug->fd = -1;
	plug->loop = NULL;
}
