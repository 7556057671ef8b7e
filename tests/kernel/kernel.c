/* `make test-kernel`: the real lobby-devices, over real libusb, on a real kernel in a virtual machine, against the
 * device models that `make test` uses, and against a card reader that others wrote (QEMU's).
 *
 *   kernel --images DIR     the folder that tests/kernel/image filled
 *
 * What umockdev cannot show is shown here: enumeration, kernel drivers that hold an interface and give it up, endpoints
 * that stall and are cleared, transfers cut by packet sizes, a device that goes while its transfers are under way. */
#include "kernel.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS 6
#define BOOT_MS 60000

/* ---- the end ---- */

static void show_console(const char *path)
{
	char line[512];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return;
	puts("The machine's console:");
	while (fgets(line, sizeof(line), file) != NULL)
		printf("    %s", line);
	fclose(file);
}

static void finish(struct kernel *k)
{
	machine_stop(&k->machine);
	if (k->bus != NULL) {
		model_scanner_fini(&k->scanner);
		model_printer_fini(&k->printer);
		model_msr_fini(&k->msr);
		model_ccid_fini(&k->reader);
		model_zebra_fini(&k->zebra);
		vscard_fini(&k->vscard);
		bus_free(k->bus);
	}
	loop_free(k->loop);
	rmdir(k->folder);
	if (k->failed > 0)
		show_console(k->console);
	printf("\n%d passed, %d failed\n", k->passed, k->failed);
}

/* ---- what the checks call ---- */

bool kernel_check(struct kernel *k, bool good, const char *format, ...)
{
	va_list args;

	printf("%s  ", good ? "ok    " : "FAILED");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	(*(good ? &k->passed : &k->failed))++;
	return good;
}

void kernel_turn(struct kernel *k, int ms)
{
	if (loop_turn(k->loop, ms))
		return;
	kernel_check(k, false, "all of it runs: it was stopped here");
	finish(k);
	exit(1);
}

void kernel_idle(struct kernel *k, int ms)
{
	int64_t end = clock_mono_ms() + ms;

	for (int64_t left = ms; left > 0; left = end - clock_mono_ms())
		kernel_turn(k, (int)left);
}

const char *kernel_ask(struct kernel *k, const char *command)
{
	int before = k->machine.answers;

	if (machine_command(&k->machine, command) != 0 || !kernel_until(k, k->machine.answers > before))
		return "";
	return k->machine.answer;
}

bool kernel_has_driver(struct kernel *k, const char *id, const char *driver)
{
	char command[32];

	snprintf(command, sizeof(command), "driver %s", id);
	return kernel_until(k, strcmp(kernel_ask(k, command), driver) == 0);
}

const lobby_Device *kernel_device(const struct kernel *k, lobby_DeviceKind kind)
{
	for (pb_size_t i = 0; i < k->list.device_count; i++)
		if (k->list.device[i].kind == kind)
			return &k->list.device[i];
	return NULL;
}

lobby_DeviceState kernel_state(const struct kernel *k, lobby_DeviceKind kind)
{
	const lobby_Device *d = kernel_device(k, kind);

	return d == NULL ? lobby_DeviceState_DEVICE_ABSENT : d->state;
}

lobby_DeviceState kernel_state_of(const struct kernel *k, uint16_t vendor, uint16_t product)
{
	for (pb_size_t i = 0; i < k->list.device_count; i++)
		if (k->list.device[i].vendor_id == vendor && k->list.device[i].product_id == product)
			return k->list.device[i].state;
	return lobby_DeviceState_DEVICE_ABSENT;
}

void kernel_print(struct kernel *k, const char *job, int lines)
{
	static lobby_Envelope envelope;
	lobby_Print *print = &envelope.body.print;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_tag };
	snprintf(print->job, sizeof(print->job), "%s", job);
	snprintf(print->language, sizeof(print->language), "es");
	print->line_count = (pb_size_t)(lines + 1);
	print->line[0] =
		(lobby_SlipLine){ .text = "B 14", .align = lobby_SlipAlign_SLIP_CENTER, .scale = 4, .bold = true };
	for (int i = 1; i <= lines; i++)
		snprintf(print->line[i].text, sizeof(print->line[i].text),
			 "Línea %d: siéntese a la izquierda, mañana 10 €", i);
	snprintf(print->qr, sizeof(print->qr), "https://clinic.example.org/visit/%s", job);
	if (machine_send(&k->machine, &envelope) != 0)
		fputs("kernel: a job could not be sent\n", stderr);
}

int kernel_outcome(const struct kernel *k, const char *job)
{
	for (int i = 0; i < k->printed_count; i++)
		if (strcmp(k->printed[i].job, job) == 0)
			return k->printed[i].err;
	return 1;
}

/* ---- hearing ---- */

static void on_message(void *arg, const lobby_Envelope *envelope)
{
	struct kernel *k = arg;

	switch (envelope->which_body) {
	case lobby_Envelope_devices_tag:
		k->list = envelope->body.devices;
		k->lists++;
		break;
	case lobby_Envelope_scan_tag:
		k->scan = envelope->body.scan;
		k->scans++;
		break;
	case lobby_Envelope_card_slot_tag:
		k->slot = envelope->body.card_slot.state;
		break;
	case lobby_Envelope_print_want_tag:
		kernel_send_rows(k, &envelope->body.print_want);
		break;
	case lobby_Envelope_printed_tag:
		if (k->printed_count < (int)(sizeof(k->printed) / sizeof(k->printed[0])))
			k->printed[k->printed_count++] = envelope->body.printed;
		break;
	default:
		break;
	}
}

/* ---- the run ---- */

static void boot(struct kernel *k)
{
	int64_t began = clock_mono_ms(), end = began + BOOT_MS;

	while (!k->machine.there && clock_mono_ms() < end && !machine_ended(&k->machine))
		kernel_turn(k, 20);
	if (!kernel_check(k, k->machine.there, "a Debian kernel boots to the guest's program (%.1f s)",
			  (double)(clock_mono_ms() - began) / 1000))
		return;
	kernel_check(k, kernel_has_driver(k, "1209:0001", "usbhid"), "the kernel's usbhid takes the scanner");
	kernel_check(k, kernel_has_driver(k, "1209:0002", "usblp"), "the kernel's usblp takes the printer");
	kernel_ask(k, "start");
	kernel_check(k, kernel_until(k, k->machine.up), "lobby-devices starts");
}

static void run(struct kernel *k)
{
	boot(k);
	if (!kernel_check(k, k->machine.up, "what follows has something to stand on"))
		return;
	kernel_scanner_checks(k);
	kernel_printer_checks(k);
	kernel_label_checks(k);
	kernel_stripe_checks(k);
	kernel_chip_checks(k);
	kernel_plug_checks(k);
	kernel_check(k, !machine_ended(&k->machine), "the machine still runs");
}

static int start(struct kernel *k, const char *images)
{
	k->loop = loop_new();
	k->bus = k->loop == NULL ? NULL : redir_new(k->loop, k->folder, PORTS);
	if (k->bus == NULL)
		return LOBBY_ERR_IO;
	model_scanner_init(&k->scanner, k->bus, SCANNER_USUAL);
	model_printer_init(&k->printer, k->bus);
	model_msr_init(&k->msr, k->bus, MSR_MODEL_MAGTEK);
	model_ccid_init(&k->reader, k->bus);
	model_zebra_init(&k->zebra, k->bus);
	if (vscard_init(&k->vscard, k->loop, k->folder) != 0)
		return LOBBY_ERR_IO;
	if (!bus_plug(k->bus, &k->scanner.model) || !bus_plug(k->bus, &k->printer.model))
		return LOBBY_ERR_IO;
	k->machine = (struct machine){ .loop = k->loop,
				       .images = images,
				       .folder = k->folder,
				       .console = k->console,
				       .card = k->vscard.path,
				       .on_message = on_message,
				       .arg = k };
	for (int i = 0; i < PORTS; i++)
		k->machine.usb[i] = redir_path(k->bus, i);
	return machine_start(&k->machine);
}

int main(int argc, char **argv)
{
	static struct kernel k = { .folder = "/tmp/lobby-kernel-XXXXXX" };

	if (argc != 3 || strcmp(argv[1], "--images") != 0) {
		fputs("kernel --images DIR\n", stderr);
		return 2;
	}
	log_init("kernel");
	snprintf(k.console, sizeof(k.console), "%s/console.log", argv[2]);
	if (clock_init() != 0 || mkdtemp(k.folder) == NULL)
		return 1;
	if (start(&k, argv[2]) == 0)
		run(&k);
	else
		kernel_check(&k, false, "the virtual machine starts");
	finish(&k);
	return k.failed == 0 ? 0 : 1;
}
