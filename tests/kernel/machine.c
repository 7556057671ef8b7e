/* QEMU connects to everything, so that nothing needs to wait for a socket of its to appear. */
#include "machine.h"

#include "base/text.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 64
#define ARG_SIZE 320

/* ---- the line ---- */

static void on_frame(void *arg, enum frame_type type, const uint8_t *data, int len)
{
	static lobby_Envelope envelope;
	struct machine *m = arg;

	if (len < 0) {
		m->there = m->up = false;
		return;
	}
	switch (type) {
	case FRAME_HELLO:
		m->there = true;
		break;
	case FRAME_UP:
		m->up = true;
		m->ups++;
		break;
	case FRAME_DOWN:
		m->up = false;
		break;
	case FRAME_ANSWER:
		text_copy_n(m->answer, sizeof(m->answer), (const char *)data, (size_t)len);
		m->answers++;
		break;
	case FRAME_PACKET:
		if (wire_decode(data, (size_t)len, &envelope) == 0)
			m->on_message(m->arg, &envelope);
		break;
	default:
		break;
	}
}

static void on_connect(void *arg, int listener, short revents)
{
	struct machine *m = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd >= 0 && (m->link.fd >= 0 || frame_open(&m->link, m->loop, fd, on_frame, m) != 0))
		close(fd);
}

static bool listen_for_guest(struct machine *m)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(m->path, sizeof(m->path), "%s/line", m->folder);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, m->path, (size_t)len + 1);
	m->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return m->listener >= 0 && bind(m->listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	       listen(m->listener, 1) == 0 && loop_fd_add(m->loop, m->listener, POLLIN, on_connect, m) == 0;
}

/* ---- QEMU ---- */

struct args {
	char text[MAX_ARGS][ARG_SIZE];
	char *argv[MAX_ARGS + 1];
	int count;
};

static void __attribute__((format(printf, 2, 3))) add(struct args *args, const char *format, ...)
{
	va_list list;

	if (args->count == MAX_ARGS)
		abort();
	va_start(list, format);
	vsnprintf(args->text[args->count], ARG_SIZE, format, list);
	va_end(list);
	args->argv[args->count] = args->text[args->count];
	args->count++;
}

static void add_device(struct args *args, const char *id, const char *path, const char *device)
{
	add(args, "-chardev");
	add(args, "socket,id=%s,path=%s", id, path);
	add(args, "-device");
	add(args, "%s", device);
}

static void fill_args(const struct machine *m, struct args *args)
{
	static const char *const fixed[] = { "qemu-system-x86_64",
					     "-accel",
					     "tcg",
					     "-nodefaults",
					     "-no-user-config",
					     "-display",
					     "none",
					     "-monitor",
					     "none",
					     "-no-reboot",
					     "-m",
					     "192",
					     "-smp",
					     "1",
					     "-append" };
	char device[128], id[8];

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		add(args, "%s", fixed[i]);
	add(args, "console=ttyS0 loglevel=5 cryptomgr.notests panic=-1 mitigations=off tsc=reliable no_timer_check");
	add(args, "-kernel");
	add(args, "%s/vmlinuz", m->images);
	add(args, "-initrd");
	add(args, "%s/initrd", m->folder);
	add(args, "-serial");
	add(args, "file:%s", m->console);
	add(args, "-device");
	add(args, "virtio-serial-pci");
	add_device(args, "line", m->path, "virtserialport,chardev=line,name=lobby");
	add(args, "-device");
	add(args, "qemu-xhci,id=xhci,p2=8,p3=8");
	add(args, "-device");
	add(args, "usb-tablet,bus=xhci.0,port=7");
	for (int i = 0; m->usb[i] != NULL; i++) {
		snprintf(id, sizeof(id), "u%d", i);
		snprintf(device, sizeof(device), "usb-redir,chardev=%s,bus=xhci.0,port=%d", id, i + 1);
		add_device(args, id, m->usb[i], device);
	}
	if (m->card == NULL)
		return;
	add(args, "-device");
	add(args, "usb-ccid,id=ccid,bus=xhci.0,port=8");
	add_device(args, "card", m->card, "ccid-card-passthru,chardev=card,bus=ccid.0");
}

/* The kernel unpacks archives that follow one another. */
static bool append(int out, const char *folder, const char *name)
{
	char path[256], bytes[65536];
	ssize_t n = -1;
	int in;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	in = open(path, O_RDONLY | O_CLOEXEC);
	while (in >= 0 && (n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			break;
	if (in >= 0)
		close(in);
	return n == 0;
}

static bool make_initrd(const struct machine *m)
{
	char path[256];
	bool ok;
	int out;

	snprintf(path, sizeof(path), "%s/initrd", m->folder);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = out >= 0 && append(out, m->images, "base.cpio") && append(out, m->images, "lobby.cpio");
	if (out >= 0)
		close(out);
	return ok;
}

int machine_start(struct machine *m)
{
	struct args *args = calloc(1, sizeof(*args));

	m->link.fd = -1;
	if (args == NULL || !make_initrd(m) || !listen_for_guest(m)) {
		free(args);
		return LOBBY_ERR_IO;
	}
	fill_args(m, args);
	m->pid = fork();
	if (m->pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(args->argv[0], args->argv);
		perror(args->argv[0]);
		_exit(127);
	}
	free(args);
	return m->pid > 0 ? 0 : LOBBY_ERR_IO;
}

bool machine_ended(struct machine *m)
{
	if (m->pid > 0 && waitpid(m->pid, NULL, WNOHANG) == m->pid)
		m->pid = 0;
	return m->pid <= 0;
}

void machine_stop(struct machine *m)
{
	char path[256];

	if (m->pid > 0) {
		kill(m->pid, SIGKILL);
		waitpid(m->pid, NULL, 0);
	}
	m->pid = 0;
	frame_close(&m->link);
	if (m->listener > 0) {
		loop_fd_remove(m->loop, m->listener);
		close(m->listener);
	}
	m->listener = 0;
	unlink(m->path);
	snprintf(path, sizeof(path), "%s/initrd", m->folder);
	unlink(path);
}

int machine_send(struct machine *m, const lobby_Envelope *envelope)
{
	static uint8_t packet[WIRE_MAX_PACKET];
	int len = wire_encode(envelope, packet, sizeof(packet));

	return len < 0 ? len : frame_send(&m->link, FRAME_PACKET, packet, (size_t)len);
}

int machine_command(struct machine *m, const char *command)
{
	return frame_send(&m->link, FRAME_COMMAND, command, strlen(command));
}
