/* See netcheck.h. */
#include "netcheck.h"

#include "base/bytes.h"
#include "base/mark.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static int refuse(char *why, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int refuse(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return LOBBY_ERR_INVALID;
}

static bool only(const char *text, const char *allowed)
{
	return strspn(text, allowed) == strlen(text);
}

/* ---- panel ------------------------------------------------------------------------------------------------------- */

static bool is_mode(const char *mode)
{
	size_t width = strspn(mode, "0123456789"), height;

	if (width < 3 || width > 5 || mode[width] != 'x')
		return false;
	height = strspn(mode + width + 1, "0123456789");
	return height >= 3 && height <= 5 && mode[width + 1 + height] == '\0';
}

int efipanel_check(const lobby_Panel *panel, char *why, size_t size)
{
	if (panel->rotation != 0 && panel->rotation != 90 && panel->rotation != 180 && panel->rotation != 270)
		return refuse(why, size, N_("panel.rotation: %u is none of 0, 90, 180 and 270."),
			      (unsigned)panel->rotation);
	if (!only(panel->connector, LETTERS "-"))
		return refuse(why, size, N_("panel.connector: a name like HDMI-A-1, or nothing, is expected."));
	if (panel->mode[0] != '\0' && !is_mode(panel->mode))
		return refuse(why, size, N_("panel.mode: a size like 1920x1080, or nothing, is expected."));
	return 0;
}

bool efipanel_is_language(const char *language)
{
	return strlen(language) < EFIPANEL_LANGUAGE && only(language, LETTERS "-");
}

void efipanel_print(const lobby_Panel *panel, const char *language, char *out, size_t size)
{
	int len = snprintf(out, size, "rotation=%u\nconnector=%s\nmode=%s\n", (unsigned)panel->rotation,
			   panel->connector, panel->mode);

	if (language[0] != '\0' && len > 0 && (size_t)len < size)
		snprintf(out + len, size - (size_t)len, "language=%s\n", language);
}

void efipanel_parse(const char *text, lobby_Panel *panel, char language[EFIPANEL_LANGUAGE])
{
	lobby_Panel p = lobby_Panel_init_zero;
	char line[64], why[8];

	language[0] = '\0';
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		text_copy_n(line, sizeof(line), text, len);
		if (strncmp(line, "rotation=", 9) == 0)
			p.rotation = (uint32_t)strtoul(line + 9, NULL, 10);
		else if (strncmp(line, "connector=", 10) == 0)
			text_copy(p.connector, sizeof(p.connector), line + 10);
		else if (strncmp(line, "mode=", 5) == 0)
			text_copy(p.mode, sizeof(p.mode), line + 5);
		else if (strncmp(line, "language=", 9) == 0 && efipanel_is_language(line + 9))
			text_copy(language, EFIPANEL_LANGUAGE, line + 9);
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	*panel = efipanel_check(&p, why, sizeof(why)) == 0 ? p : (lobby_Panel)lobby_Panel_init_zero;
}

/* ---- network ----------------------------------------------------------------------------------------------------- */

/* AF_INET, AF_INET6, or 0. */
static int family_of(const char *text, uint8_t bytes[16])
{
	if (inet_pton(AF_INET, text, bytes) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : 0;
}

static bool same_network(const uint8_t a[16], const uint8_t b[16], unsigned prefix)
{
	for (unsigned bit = 0; bit < prefix; bit++)
		if ((a[bit / 8] ^ b[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

/* The address without its prefix; 0 if it is none. */
static int split(const char *text, uint8_t bytes[16], unsigned *prefix)
{
	const char *slash = strchr(text, '/');
	char alone[64], *end;
	int family;

	if (slash == NULL || slash[1] < '0' || slash[1] > '9')
		return 0;
	text_copy_n(alone, sizeof(alone), text, (size_t)(slash - text));
	family = family_of(alone, bytes);
	*prefix = (unsigned)strtoul(slash + 1, &end, 10);
	if (*end != '\0' || strlen(slash + 1) > 3 || *prefix == 0 || *prefix > (family == AF_INET ? 32U : 128U))
		return 0;
	return family;
}

static bool next_server(const char **at, char out[64])
{
	size_t len;

	*at += strspn(*at, " ,");
	len = strcspn(*at, " ,");
	if (len == 0)
		return false;
	text_copy_n(out, 64, *at, len);
	*at += len;
	return true;
}

static int check_address(const lobby_Network *n, char *why, size_t size)
{
	uint8_t address[16] = { 0 }, gateway[16] = { 0 };
	unsigned prefix = 0;
	int family = 0;

	if (n->address[0] != '\0') {
		family = split(n->address, address, &prefix);
		if (family == 0)
			return refuse(
				why, size,
				N_("network.address: an address with its prefix, like 192.0.2.7/24, is expected."));
	}
	if (n->gateway[0] == '\0')
		return 0;
	if (family == 0)
		return refuse(why, size, N_("network.gateway: without an address (DHCP) there is no gateway to set."));
	if (family_of(n->gateway, gateway) != family)
		return refuse(why, size,
			      N_("network.gateway: an address like 192.0.2.1 is expected, of the address's kind."));
	if (family == AF_INET && !same_network(address, gateway, prefix))
		return refuse(why, size, N_("network.gateway: %s is not in the network of %s."), n->gateway,
			      n->address);
	return 0;
}

static int check_servers(const lobby_Network *n, char *why, size_t size)
{
	const char *at = n->dns;
	uint8_t bytes[16];
	char server[64];
	int count = 0;

	while (next_server(&at, server))
		if (family_of(server, bytes) == 0 || ++count > 2)
			return refuse(why, size, N_("network.dns: one or two addresses like 192.0.2.53 are expected."));
	return 0;
}

int network_check(const lobby_Network *network, char *why, size_t size)
{
	size_t phrase = strlen(network->passphrase);

	if (!only(network->name, LETTERS "._-") || network->name[0] == '.' || network->name[0] == '-')
		return refuse(why, size, N_("network.name: a link's name like enp1s0, or nothing, is expected."));
	if (!text_is_clean(network->ssid, strlen(network->ssid)) || strpbrk(network->ssid, "\n\t") != NULL)
		return refuse(why, size, N_("network.ssid: at most 32 letters of text are expected."));
	if (phrase > 0 && network->ssid[0] == '\0')
		return refuse(why, size, N_("network.passphrase: there is no ssid that it could be for."));
	if (phrase > 0 && (phrase < 8 || phrase > 63))
		return refuse(why, size, N_("network.passphrase: 8 to 63 letters are expected."));
	for (size_t i = 0; i < phrase; i++)
		if (network->passphrase[i] < 0x20 || network->passphrase[i] > 0x7E)
			return refuse(why, size,
				      N_("network.passphrase: only plain letters, digits and signs are possible."));
	if (check_address(network, why, size) != 0)
		return LOBBY_ERR_INVALID;
	return check_servers(network, why, size);
}

int network_print(const lobby_Network *network, char *out, size_t size)
{
	struct writer w = writer_of(out, size);
	const char *at = network->dns;
	char server[64];

	write_text(&w, "# Made by lobby-system from what a technician set.\n[Match]\n");
	if (network->name[0] != '\0') {
		write_text(&w, "Name=");
		write_text(&w, network->name);
	} else {
		write_text(&w, network->ssid[0] != '\0' ? "Type=wlan" : "Type=ether\nKind=!*");
	}
	write_text(&w, "\n\n[Network]\nLLMNR=no\nMulticastDNS=no\nLLDP=no\n");
	if (network->address[0] != '\0') {
		write_text(&w, "DHCP=no\nAddress=");
		write_text(&w, network->address);
		if (network->gateway[0] != '\0') {
			write_text(&w, "\nGateway=");
			write_text(&w, network->gateway);
		}
		write_text(&w, "\n");
	} else {
		write_text(&w, "DHCP=yes\nIPv6AcceptRA=yes\n");
	}
	while (next_server(&at, server)) {
		write_text(&w, "DNS=");
		write_text(&w, server);
		write_text(&w, "\n");
	}
	write_text(&w, "\n[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\nSendHostname=no\nUseTimezone=no\n");
	if (network->dns[0] != '\0')
		write_text(&w, "UseDNS=no\n");
	write_text(&w, "\n[DHCPv6]\nDUIDType=link-layer\nUseHostname=no\n");
	write_u8(&w, 0);
	return w.failed ? LOBBY_ERR_TOO_LONG : 0;
}

static void print_ssid(struct writer *w, const char *ssid)
{
	static const char hex[] = "0123456789abcdef";

	for (const char *c = ssid; *c != '\0'; c++) {
		write_u8(w, (uint8_t)hex[(uint8_t)*c >> 4]);
		write_u8(w, (uint8_t)hex[(uint8_t)*c & 15]);
	}
}

int network_print_wireless(const lobby_Network *network, const char *link, char *out, size_t size)
{
	struct writer w = writer_of(out, size);

	write_text(&w, "ctrl_interface=/run/lobby-wireless/");
	write_text(&w, link);
	write_text(&w, "\nupdate_config=0\np2p_disabled=1\n");
	if (network->ssid[0] != '\0') {
		write_text(&w, "network={\n\tssid=");
		print_ssid(&w, network->ssid);
		write_text(&w, "\n\tscan_ssid=1\n");
		if (network->passphrase[0] != '\0') {
			/* A quoted string ends with the line's last quote: nothing in it needs escaping. */
			write_text(&w, "\tkey_mgmt=WPA-PSK WPA-PSK-SHA256 SAE\n\tieee80211w=1\n\tpsk=\"");
			write_text(&w, network->passphrase);
			write_text(&w, "\"\n");
		} else {
			write_text(&w, "\tkey_mgmt=NONE\n");
		}
		write_text(&w, "}\n");
	}
	write_u8(&w, 0);
	return w.failed ? LOBBY_ERR_TOO_LONG : 0;
}
