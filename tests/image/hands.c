/* In the machines of tests/image: a finger on a touchscreen, a question to the kiosk's control socket.
 *
 *   hands touch X Y       a touchscreen of four fingers appears (uinput), is touched at X and Y, in 65536ths of its
 * width and height, and goes hands ask SOCKET COMMAND...   sends one line, prints what comes back until "ok" or
 * "error"; the status says which
 *
 * QEMU has no touchscreen; uinput makes one of any program's choice (Linux, Documentation/input/uinput.rst and
 * multi-touch-protocol.rst, type B). */
#include <fcntl.h>
#include <linux/uinput.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RANGE 4095
#define OFFSET 100 /* a range need not begin at 0 */

static void put(int fd, unsigned type, unsigned code, int value)
{
	struct input_event event = { .type = (unsigned short)type, .code = (unsigned short)code, .value = value };

	if (write(fd, &event, sizeof(event)) != (ssize_t)sizeof(event))
		perror("hands");
}

static bool axis(int fd, unsigned code, int min, int max)
{
	struct uinput_abs_setup setup = { .code = (unsigned short)code, .absinfo = { .minimum = min, .maximum = max } };

	return ioctl(fd, UI_SET_ABSBIT, code) == 0 && ioctl(fd, UI_ABS_SETUP, &setup) == 0;
}

static int make_touchscreen(void)
{
	struct uinput_setup setup = { .id = { .bustype = BUS_USB, .vendor = 1, .product = 1 }, .name = "hands" };
	int fd = open("/dev/uinput", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, UI_SET_EVBIT, EV_KEY) == 0 && ioctl(fd, UI_SET_KEYBIT, BTN_TOUCH) == 0 &&
	    ioctl(fd, UI_SET_PROPBIT, INPUT_PROP_DIRECT) == 0 && ioctl(fd, UI_SET_EVBIT, EV_ABS) == 0 &&
	    axis(fd, ABS_X, OFFSET, OFFSET + RANGE) && axis(fd, ABS_Y, OFFSET, OFFSET + RANGE) &&
	    axis(fd, ABS_MT_SLOT, 0, 3) && axis(fd, ABS_MT_TRACKING_ID, 0, 65535) &&
	    axis(fd, ABS_MT_POSITION_X, OFFSET, OFFSET + RANGE) &&
	    axis(fd, ABS_MT_POSITION_Y, OFFSET, OFFSET + RANGE) && ioctl(fd, UI_DEV_SETUP, &setup) == 0 &&
	    ioctl(fd, UI_DEV_CREATE) == 0)
		return fd;
	perror("hands: uinput");
	return -1;
}

static void finger(int fd, int slot, int id, int x, int y)
{
	put(fd, EV_ABS, ABS_MT_SLOT, slot);
	put(fd, EV_ABS, ABS_MT_TRACKING_ID, id);
	if (id < 0)
		return;
	put(fd, EV_ABS, ABS_MT_POSITION_X, x);
	put(fd, EV_ABS, ABS_MT_POSITION_Y, y);
}

static void report(int fd)
{
	put(fd, EV_SYN, SYN_REPORT, 0);
	poll(NULL, 0, 50);
}

static int touch(int x, int y)
{
	int fd = make_touchscreen();

	if (fd < 0)
		return 1;
	x = OFFSET + x * RANGE / 65536;
	y = OFFSET + y * RANGE / 65536;
	poll(NULL, 0, 1500); /* udevd gives it away, the kiosk opens it */
	finger(fd, 0, 1, x, y);
	put(fd, EV_KEY, BTN_TOUCH, 1);
	report(fd);
	finger(fd, 0, -1, 0, 0);
	put(fd, EV_KEY, BTN_TOUCH, 0);
	report(fd);
	close(fd);
	return 0;
}

static int ask(const char *path, char **words, int count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char line[512] = "", last[512] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *in;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    (in = fdopen(fd, "r")) == NULL) {
		perror(path);
		return 1;
	}
	for (int i = 0; i < count; i++)
		dprintf(fd, "%s%c", words[i], i + 1 < count ? ' ' : '\n');
	while (fgets(line, sizeof(line), in) != NULL) {
		snprintf(last, sizeof(last), "%s", line);
		if (strcmp(line, "ok\n") == 0 || strncmp(line, "error", 5) == 0)
			break;
		fputs(line, stdout);
	}
	fclose(in);
	return strcmp(last, "ok\n") == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "touch") == 0)
		return touch((int)strtol(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
	if (argc >= 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv + 3, argc - 3);
	fprintf(stderr, "hands: touch X Y, ask SOCKET COMMAND...\n");
	return 2;
}
