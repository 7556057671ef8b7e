/* Any bytes as what wpa_supplicant says, one datagram a NUL-ended piece: whatever a network calls itself, names in the
 * list are clean, short and there once, and the list is ordered and bounded. */
#include "system/wpatext.h"

#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define MAX 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_name(const char *ssid)
{
	size_t len = strlen(ssid);

	assert(len < WPA_SSID_SIZE && text_is_clean(ssid, len) && strpbrk(ssid, "\t\n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	lobby_Wireless list[MAX], one;
	char ssid[WPA_SSID_SIZE];
	size_t count = 0;

	for (size_t at = 0; at < len;) {
		size_t piece = strnlen(text + at, len - at);

		if (wpatext_read_network(text + at, piece, &one) == 0) {
			assert(one.ssid[0] != '\0' && one.percent <= 100);
			count = wpatext_add_network(list, count, MAX, &one);
		}
		if (wpatext_read_status(text + at, piece, ssid) == 0)
			check_name(ssid);
		assert(wpatext_is_event(text + at, piece) || wpatext_read_event(text + at, piece) == WPA_OTHER);
		at += piece + 1;
	}
	assert(count <= MAX);
	for (size_t i = 0; i < count; i++) {
		check_name(list[i].ssid);
		assert(i == 0 || list[i - 1].percent >= list[i].percent);
		for (size_t j = 0; j < i; j++)
			assert(strcmp(list[i].ssid, list[j].ssid) != 0);
	}
	return 0;
}
