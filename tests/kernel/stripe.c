/* Stripe readers: a report of many packets is one transfer to the kernel, and ends with a short packet or when it is
 * full. Of a payment card nothing comes out of the machine. */
#include "kernel.h"

#include <string.h>

#define READER lobby_DeviceKind_DEVICE_STRIPE_READER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT

#define HEALTH_1 "%B80840^OKAFOR/GRACE^?"
#define HEALTH_3 "%WH808401234567893^XGH884104417^OKAFOR/GRACE?"
#define BANK_1 "%B4929531877465017^OKAFOR/GRACE              ^29121010000000000000?"
#define BANK_2 ";4929531877465017=29121010000000000000?"

static bool swiped(struct kernel *k, const char *track_1, const char *track_2, const char *track_3)
{
	int before = k->scans;

	model_msr_swipe(&k->msr, track_1, track_2, track_3);
	return kernel_until(k, k->scans > before) && k->scan.source == lobby_ScanSource_SCAN_STRIPE;
}

static bool heard(const struct kernel *k, const char *text)
{
	return k->scan.err == 0 && k->scan.data.size == strlen(text) &&
	       memcmp(k->scan.data.bytes, text, strlen(text)) == 0;
}

void kernel_stripe_checks(struct kernel *k)
{
	static const struct {
		const char *name;
		enum msr_mode mode;
		uint8_t packet, chunk;
	} kinds[] = { { "ID TECH, 513 bytes in packets of 8", MSR_MODEL_IDTECH, 8, 0 },
		      { "ID TECH, frames over reports of 64", MSR_MODEL_IDTECH_FRAMES, 64, 64 },
		      { "MagTek, 337 bytes in packets of 64", MSR_MODEL_MAGTEK, 64, 0 },
		      { "MagTek, 337 bytes in packets of 8", MSR_MODEL_MAGTEK, 8, 0 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (i > 0) {
			bus_unplug(k->bus, &k->msr.model);
			kernel_until(k, kernel_state(k, READER) == ABSENT);
		}
		k->msr.mode = kinds[i].mode;
		k->msr.packet = kinds[i].packet;
		k->msr.chunk = kinds[i].chunk;
		kernel_check(k,
			     bus_plug(k->bus, &k->msr.model) && kernel_until(k, kernel_state(k, READER) == READY) &&
				     swiped(k, NULL, NULL, HEALTH_3) && heard(k, HEALTH_3) &&
				     swiped(k, HEALTH_1, NULL, HEALTH_3) && heard(k, HEALTH_1 HEALTH_3),
			     "a stripe reader (%s): two swipes arrive", kinds[i].name);
	}
	kernel_check(k,
		     swiped(k, BANK_1, BANK_2, NULL) && k->scan.err == LOBBY_ERR_CARD_PAYMENT && k->scan.data.size == 0,
		     "of a payment card only that it was one");
	bus_lock(k->bus);
	k->msr.stall_reads = 1;
	bus_unlock(k->bus);
	kernel_check(k, swiped(k, NULL, NULL, HEALTH_3) && heard(k, HEALTH_3), "a swipe after a stall arrives");
}
