/* What stands for systemd on the roots of tests/image/init: says on the console what init handed over, then waits for
 * the machine to be ended from outside. Static, the only program of its root. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <drm.h>

static void show_file(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		printf("root: %s %s", path, line);
	if (file != NULL)
		fclose(file);
}

static int splash_pid(void)
{
	char text[16] = "";
	FILE *file = fopen("/run/lobby-splash.pid", "r");

	if (file == NULL || fgets(text, sizeof(text), file) == NULL)
		text[0] = '\0';
	if (file != NULL)
		fclose(file);
	return (int)strtol(text, NULL, 10);
}

static int owner_of(const char *path, char *mode, size_t size)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -1;
	snprintf(mode, size, "%o", (unsigned)st.st_mode & 07777);
	return (int)st.st_gid;
}

static bool splash_user_is(int pid, const char *uid)
{
	char path[64], line[128], want[32];
	bool is = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	snprintf(want, sizeof(want), "Uid:\t%s\t", uid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		is = is || strncmp(line, want, strlen(want)) == 0;
	if (file != NULL)
		fclose(file);
	return is;
}

/* As lobby-kiosk does: without privileges, the first to open the card. */
static void take_display(void)
{
	int fd;

	if (fork() != 0)
		return;
	if (setresgid(801, 801, 801) != 0 || setresuid(801, 801, 801) != 0)
		_exit(1);
	fd = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	printf("root: display %s\n",
	       fd >= 0 && ioctl(fd, DRM_IOCTL_SET_MASTER, NULL) == 0 ? "is the kiosk's" : "is not to be had");
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct statvfs st;
	char mode[16] = "";
	int pid = splash_pid(), fd, group;

	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd >= 0)
		dup2(fd, 1);
	for (int i = 1; i < argc; i++)
		printf("root: option %s\n", argv[i]);
	show_file("/run/lobby-boot");
	show_file("/run/lobby-panel");
	printf("root: %s\n", statvfs("/", &st) == 0 && (st.f_flag & ST_RDONLY) != 0 && creat("/x", 0600) < 0
				     ? "read-only"
				     : "can be written");
	group = owner_of("/dev/dri/card0", mode, sizeof(mode));
	printf("root: card0 %d %s\n", group, mode);
	for (int i = 0; i < 200 && !splash_user_is(pid, "801"); i++)
		poll(NULL, 0, 10);
	printf("root: splash %s\n", splash_user_is(pid, "801") ? "is the kiosk's user" : "is not there");
	printf("root: up\n");
	fflush(stdout);
	/* The other side looks at the screen, then presses a key on the serial line. */
	(void)!read(fd, mode, 1);
	take_display();
	close(creat("/run/lobby/kiosk-presented", 0644));
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		poll(NULL, 0, 10);
	printf("root: splash %s\n", kill(pid, 0) != 0 ? "has ended" : "goes on");
	fflush(stdout);
	for (;;)
		pause();
}
