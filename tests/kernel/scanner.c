/* A scanner: the kernel's HID driver gives it up, reports come whole and in order, a halted endpoint is cleared. */
#include "kernel.h"

#include <string.h>

#define SCANNER lobby_DeviceKind_DEVICE_SCANNER
#define READY lobby_DeviceState_DEVICE_READY

static bool scanned(struct kernel *k, const char *aim, const void *data, size_t len)
{
	int before = k->scans;

	model_scanner_scan(&k->scanner, aim, data, len);
	return kernel_until(k, k->scans > before) && k->scan.err == 0 && strcmp(k->scan.aim, aim) == 0 &&
	       k->scan.data.size == len && memcmp(k->scan.data.bytes, data, len) == 0;
}

void kernel_scanner_checks(struct kernel *k)
{
	static const char letter[] = "LOBBY1:kernel-test-0001:00";
	const lobby_Device *device;
	uint8_t long_code[2710];

	for (size_t i = 0; i < sizeof(long_code); i++)
		long_code[i] = (uint8_t)(i * 31 + i / 256);
	kernel_check(k, kernel_until(k, kernel_state(k, SCANNER) == READY), "the scanner is ready");
	device = kernel_device(k, SCANNER);
	kernel_check(k,
		     device != NULL && strcmp(device->name, "Model Scanner") == 0 &&
			     strcmp(device->serial, "S-0001") == 0,
		     "its name and serial number are read");
	kernel_check(k, kernel_has_driver(k, "1209:0001", "usbfs"), "usbhid has given it to lobby-devices");
	kernel_check(k, scanned(k, "Q1", letter, strlen(letter)), "a code of one report arrives");
	kernel_check(k, scanned(k, "L2", long_code, 56), "a code of exactly one full report arrives");
	kernel_check(k, scanned(k, "L2", long_code, sizeof(long_code)), "a code of %zu bytes, 49 reports, arrives",
		     sizeof(long_code));
	bus_lock(k->bus);
	k->scanner.stall_reads = 2;
	bus_unlock(k->bus);
	kernel_check(k, scanned(k, "Q1", letter, strlen(letter)),
		     "after two stalls the endpoint is cleared and read on");
}
