/* In the virtual machine, after init: runs lobby-devices, stands before it as the kiosk, and passes its packets on to
 * the tests outside; answers what only a program in here can see. Commands:
 *   driver VVVV:PPPP   the kernel's driver of interface 0: "usbhid", "usbfs" (claimed), "none"; "absent": no such
 * device start | stop | kill   lobby-devices; "stop" is SIGTERM usage              of lobby-devices: times it was
 * woken, CPU milliseconds, memory in KiB off                the machine ends */
#include "frame.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT "/dev/vport0p1"
#define PORT_PATIENCE_MS 10000
#define ANSWER 256

struct guest {
	struct loop *loop;
	struct frame_link link;
	struct wire_conn wire;
	char path[108];
	pid_t devices; /* 0: not running */
};

/* ---- what the tests ask ---- */

static bool file_says(const char *folder, const char *name, const char *text)
{
	char path[256], *data;
	bool same = false;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (file_read(path, 64, &data, &len) != 0)
		return false;
	same = len >= strlen(text) && strncmp(data, text, strlen(text)) == 0;
	free(data);
	return same;
}

static void find_driver(const char *id, char *out, size_t size)
{
	char vendor[5] = "", product[5] = "", link[300], driver[256];
	const char *colon = strchr(id, ':');
	ssize_t n;
	glob_t found;

	text_copy(out, size, "absent");
	if (colon == NULL || glob("/sys/bus/usb/devices/[0-9]*-[0-9]", 0, NULL, &found) != 0)
		return;
	snprintf(vendor, sizeof(vendor), "%.4s", id);
	snprintf(product, sizeof(product), "%.4s", colon + 1);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *folder = found.gl_pathv[i], *name = strrchr(folder, '/') + 1;

		if (!file_says(folder, "idVendor", vendor) || !file_says(folder, "idProduct", product))
			continue;
		snprintf(link, sizeof(link), "%s/%s:1.0/driver", folder, name);
		n = readlink(link, driver, sizeof(driver) - 1);
		driver[n < 0 ? 0 : n] = '\0';
		text_copy(out, size, n < 0 ? "none" : strrchr(driver, '/') + 1);
	}
	globfree(&found);
}

static void start_devices(struct guest *g)
{
	if (g->devices != 0)
		return;
	g->devices = fork();
	if (g->devices == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execl("/bin/lobby-devices", "lobby-devices", (char *)NULL);
		_exit(127);
	}
}

static void end_devices(struct guest *g, int signal)
{
	if (g->devices <= 0)
		return;
	kill(g->devices, signal);
	waitpid(g->devices, NULL, 0);
	g->devices = 0;
}

/* A number after a name in /proc/PID/status. */
static long status_of(pid_t pid, const char *name)
{
	char path[64], *data;
	const char *at;
	size_t len;
	long value = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(path, 8192, &data, &len) != 0)
		return -1;
	at = strstr(data, name);
	if (at != NULL)
		value = strtol(at + strlen(name), NULL, 10);
	free(data);
	return value;
}

/* User and system time: fields 14 and 15 of /proc/PID/stat, in clock ticks. */
static long cpu_ms_of(pid_t pid)
{
	char path[64], *data, *at;
	size_t len;
	long ticks = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, 4096, &data, &len) != 0)
		return -1;
	at = strrchr(data, ')');
	for (int i = 2; at != NULL && i < 14; i++)
		at = strchr(at + 1, ' ');
	if (at != NULL) {
		ticks = strtol(at + 1, &at, 10);
		ticks += strtol(at, NULL, 10);
	}
	free(data);
	return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

static void do_command(struct guest *g, const char *command, char *answer)
{
	text_copy(answer, ANSWER, "ok");
	if (strncmp(command, "driver ", 7) == 0)
		find_driver(command + 7, answer, ANSWER);
	else if (strcmp(command, "start") == 0)
		start_devices(g);
	else if (strcmp(command, "stop") == 0)
		end_devices(g, SIGTERM);
	else if (strcmp(command, "kill") == 0)
		end_devices(g, SIGKILL);
	else if (strcmp(command, "usage") == 0)
		snprintf(answer, ANSWER, "%ld %ld %ld", status_of(g->devices, "\nvoluntary_ctxt_switches:"),
			 cpu_ms_of(g->devices), status_of(g->devices, "VmRSS:"));
	else if (strcmp(command, "off") == 0)
		reboot(RB_POWER_OFF);
	else
		text_copy(answer, ANSWER, "unknown");
}

/* ---- passing on ---- */

static void say(struct guest *g, enum frame_type type, const void *data, size_t len)
{
	if (frame_send(&g->link, type, data, len) != 0)
		log_event(LOG_ERROR, "guest-line", "type=%c bytes=%zu", type, len);
}

static void on_frame(void *arg, enum frame_type type, const uint8_t *data, int len)
{
	static lobby_Envelope envelope;
	struct guest *g = arg;
	char command[ANSWER], answer[ANSWER];

	if (len < 0) {
		reboot(RB_POWER_OFF);
	} else if (type == FRAME_COMMAND) {
		snprintf(command, sizeof(command), "%.*s", len, (const char *)data);
		do_command(g, command, answer);
		say(g, FRAME_ANSWER, answer, strlen(answer));
	} else if (type == FRAME_PACKET && wire_decode(data, (size_t)len, &envelope) == 0) {
		if (wire_send(&g->wire, &envelope) != 0)
			log_event(LOG_WARNING, "guest-wire", "%s", "");
	}
}

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	static uint8_t packet[WIRE_MAX_PACKET];
	int len = wire_encode(envelope, packet, sizeof(packet));

	(void)conn;
	if (len > 0)
		say(arg, FRAME_PACKET, packet, (size_t)len);
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	(void)conn;
	say(arg, up ? FRAME_UP : FRAME_DOWN, NULL, 0);
}

/* The port is there when the kernel has met the virtual hardware, and can be written once the host's end is open. */
static int open_port(struct loop *loop)
{
	int64_t end = clock_mono_ms() + PORT_PATIENCE_MS;
	int fd;

	while ((fd = open(PORT, O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0 && clock_mono_ms() < end)
		loop_turn(loop, 20);
	return fd;
}

int main(void)
{
	static struct guest g;
	int fd;

	log_init("guest");
	g.loop = loop_new();
	fd = clock_init() == 0 && g.loop != NULL ? open_port(g.loop) : -1;
	if (fd < 0 || frame_open(&g.link, g.loop, fd, on_frame, &g) != 0 ||
	    wire_path(g.path, sizeof(g.path), "devices.sock") != 0) {
		log_event(LOG_ERROR, "guest-start", "errno=%d", errno);
		reboot(RB_POWER_OFF);
	}
	wire_client_start(&g.wire, g.loop, g.path, lobby_Program_PROGRAM_KIOSK, on_message, on_state, &g);
	say(&g, FRAME_HELLO, NULL, 0);
	loop_run(g.loop);
	reboot(RB_POWER_OFF);
	return 0;
}
