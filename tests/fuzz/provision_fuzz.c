/* Any bytes as a provisioning file, as a stick's description and as kept network settings: refused with a sentence, or
 * what comes out is such that the files made of it have only the lines that they should. */
#include "system/manifest.h"
#include "system/netcheck.h"
#include "system/network.h"
#include "system/provfile.h"

#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int count(const char *text, const char *line)
{
	int n = 0;

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		n++;
	return n;
}

static void check_network(const lobby_Network *network)
{
	char text[2048], why[161];

	assert(network_check(network, why, sizeof(why)) == 0);
	assert(network_print(network, text, sizeof(text)) == 0);
	assert(count(text, "\n[") == 4 && count(text, "\nDHCP=") == 1 && count(text, "\nAddress=") <= 1);
	if (network->ssid[0] == '\0')
		return;
	assert(network_print_wireless(network, "wlp2s0", text, sizeof(text)) == 0);
	assert(count(text, "\n\tssid=") == 1 && count(text, "\n\tpsk=") <= 1 && count(text, "\n}\n") == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	lobby_Network settings[NETWORK_SETTINGS];
	struct provfile file;
	struct manifest manifest;
	char why[161] = "";
	size_t n;

	if (provfile_parse(text, len, &file, why, sizeof(why)) != 0)
		assert(why[0] != '\0' && text_is_clean(why, strlen(why)));
	else if (file.has_network)
		check_network(&file.network);
	why[0] = '\0';
	if (manifest_parse(text, len, &manifest, why) != 0)
		assert(why[0] != '\0');
	else
		for (size_t i = 0; i < manifest.files; i++)
			assert(strchr(manifest.file[i].name, '/') == NULL && manifest.file[i].name[0] != '.');
	n = network_read(text, len, settings);
	for (size_t i = 0; i < n; i++)
		check_network(&settings[i]);
	return 0;
}
