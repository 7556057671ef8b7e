/* Devices that go and come back, and a program that goes and comes back. */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCANNER lobby_DeviceKind_DEVICE_SCANNER
#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT
#define IDLE_MS 10000
#define REPLUGS 5
#define PRODUCT_LOW 10 /* in a device descriptor */
#define KEYBOARD_MS 1500

static void unplug_checks(struct kernel *k)
{
	k->printer.slow = true;
	kernel_print(k, "unplugged", 30);
	kernel_until(k, model_printer_received(&k->printer) > 300);
	bus_unplug(k->bus, &k->printer.model);
	kernel_check(k, kernel_until(k, kernel_outcome(k, "unplugged") == LOBBY_ERR_UNPLUGGED),
		     "unplugged in the middle of a slip: the job says so");
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == ABSENT), "and the printer is gone from the list");
	kernel_check(k, kernel_state(k, SCANNER) == READY, "the scanner is not disturbed");
	k->printer.slow = false;
	bus_plug(k->bus, &k->printer.model);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "plugged in again, it is ready");
	kernel_print(k, "again", 6);
	kernel_check(k, kernel_until(k, kernel_outcome(k, "again") == 0), "and prints");
}

static void replug_checks(struct kernel *k)
{
	int good = 0;

	for (int i = 0; i < REPLUGS; i++) {
		bus_unplug(k->bus, &k->scanner.model);
		if (!kernel_until(k, kernel_state(k, SCANNER) == ABSENT))
			break;
		bus_plug(k->bus, &k->scanner.model);
		if (!kernel_until(k, kernel_state(k, SCANNER) == READY))
			break;
		good++;
	}
	kernel_check(k, good == REPLUGS, "the scanner comes and goes %d times", good);
}

static void restart_checks(struct kernel *k)
{
	int ups = k->machine.ups;

	k->list = (lobby_Devices){ 0 };
	kernel_ask(k, "kill");
	kernel_ask(k, "start");
	kernel_check(k,
		     kernel_until(k, k->machine.ups > ups) && kernel_until(k, kernel_state(k, SCANNER) == READY) &&
			     kernel_until(k, kernel_state(k, PRINTER) == READY),
		     "lobby-devices is killed: a new one has both devices");
	kernel_print(k, "restarted", 6);
	kernel_check(k, kernel_until(k, kernel_outcome(k, "restarted") == 0), "and prints");
	kernel_ask(k, "stop");
	kernel_check(k, kernel_has_driver(k, "1209:0001", "usbhid"),
		     "stopped, it gives the scanner back to the kernel");
	ups = k->machine.ups;
	kernel_ask(k, "start");
	kernel_check(k, kernel_until(k, k->machine.ups > ups) && kernel_until(k, kernel_state(k, PRINTER) == READY),
		     "started, it takes them again");
}

static void idle_checks(struct kernel *k)
{
	long woken[2] = { -1, -2 }, cpu[2] = { 0 }, rss = 0;

	kernel_idle(k, 1000);
	for (int i = 0; i < 2; i++) {
		const char *usage = kernel_ask(k, "usage");
		char *end;

		woken[i] = strtol(usage, &end, 10);
		cpu[i] = strtol(end, &end, 10);
		rss = strtol(end, NULL, 10);
		if (i == 0)
			kernel_idle(k, IDLE_MS);
	}
	kernel_check(k, woken[0] >= 0 && woken[1] == woken[0],
		     "idle with all devices, lobby-devices wakes %ld times in %d s (%ld ms of CPU, %ld KiB)",
		     woken[1] - woken[0], IDLE_MS / 1000, cpu[1] - cpu[0], rss);
}

/* What the patient touches must stay with the kernel, also when it comes while lobby-devices watches. */
static void keyboard_checks(struct kernel *k)
{
	static struct model_scanner keyboard;

	kernel_check(k, strcmp(kernel_ask(k, "driver 0627:0001"), "usbhid") == 0,
		     "QEMU's tablet, a touchscreen, was left to the kernel");
	model_scanner_init(&keyboard, k->bus, SCANNER_KEYBOARD);
	keyboard.model.descriptors[PRODUCT_LOW] = 0x10;
	bus_plug(k->bus, &keyboard.model);
	kernel_check(k, kernel_has_driver(k, "1209:0010", "usbhid"), "a keyboard is plugged in: the kernel's");
	kernel_idle(k, KEYBOARD_MS);
	kernel_check(k, strcmp(kernel_ask(k, "driver 1209:0010"), "usbhid") == 0, "and it remains the kernel's");
	model_scanner_fini(&keyboard);
	kernel_check(k, kernel_has_driver(k, "1209:0010", "absent"), "until it is gone");
}

void kernel_plug_checks(struct kernel *k)
{
	keyboard_checks(k);
	unplug_checks(k);
	replug_checks(k);
	restart_checks(k);
	idle_checks(k);
}
