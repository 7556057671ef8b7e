/* See wpatext.h. Answers are lines KEY=VALUE; a name in them is escaped, so that no line and no key can be made up by
 * it. What an event says of itself stands before the name (its own name) or after it (its reason, as the last word). */
#include "wpatext.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SSID_BYTES (WPA_SSID_SIZE - 1)
#define VALUE 256

/* ---- names ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte of the name, and *at moved past it; -1: it is not escaped as it should be. */
static int next_byte(const char *text, size_t len, size_t *at)
{
	static const char letters[] = "\\\"nrte", bytes[] = "\\\"\n\r\t\033";
	char c = text[(*at)++];
	const char *found;

	if (c != '\\')
		return (unsigned char)c;
	if (*at == len)
		return -1;
	c = text[(*at)++];
	found = c != '\0' ? strchr(letters, c) : NULL;
	if (found != NULL)
		return bytes[found - letters];
	if (c != 'x' || len - *at < 2 || hex_digit(text[*at]) < 0 || hex_digit(text[*at + 1]) < 0)
		return -1;
	*at += 2;
	return hex_digit(text[*at - 2]) << 4 | hex_digit(text[*at - 1]);
}

/* Not seen, or it turns the order of the letters around it (Unicode 15, 23.2 and 23.3). */
static bool is_trick(uint32_t c)
{
	return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFD) || c >= 0xE0000;
}

static bool is_for_people(const char *ssid, size_t len)
{
	bool seen = false;

	if (len == 0 || !text_is_clean(ssid, len))
		return false;
	for (size_t at = 0; at < len;) {
		uint32_t c = text_next(ssid, len, &at);

		if (c < 0x20 || is_trick(c))
			return false;
		seen = seen || c != ' ';
	}
	return seen;
}

int wpatext_read_ssid(const char *text, size_t len, char ssid[WPA_SSID_SIZE])
{
	char name[SSID_BYTES];
	size_t count = 0;

	for (size_t at = 0; at < len;) {
		int byte = next_byte(text, len, &at);

		if (byte < 0 || count == SSID_BYTES)
			return LOBBY_ERR_INVALID;
		name[count++] = (char)byte;
	}
	if (!is_for_people(name, count))
		return LOBBY_ERR_NOT_FOUND;
	memcpy(ssid, name, count);
	ssid[count] = '\0';
	return 0;
}

/* ---- answers ---- */

/* The first line with this key; NULL: none. */
static const char *value_of(const char *answer, size_t len, const char *key, size_t *value_len)
{
	size_t key_len = strlen(key);

	for (size_t at = 0; at < len;) {
		const char *end = memchr(answer + at, '\n', len - at);
		size_t line = end != NULL ? (size_t)(end - answer) - at : len - at;

		if (line > key_len && memcmp(answer + at, key, key_len) == 0 && answer[at + key_len] == '=') {
			*value_len = line - key_len - 1;
			return answer + at + key_len + 1;
		}
		at += line + 1;
	}
	return NULL;
}

static bool copy_value(const char *answer, size_t len, const char *key, char out[VALUE])
{
	size_t value_len;
	const char *value = value_of(answer, len, key, &value_len);

	if (value == NULL || value_len >= VALUE || memchr(value, '\0', value_len) != NULL)
		return false;
	memcpy(out, value, value_len);
	out[value_len] = '\0';
	return true;
}

/* Of decibels over a milliwatt: -50 and better is all, -100 nothing. */
static uint32_t percent_of(const char *level)
{
	long value = strtol(level, NULL, 10);
	long percent = value < 0 ? 2 * (value < -100 ? 0 : value + 100) : value;

	return (uint32_t)(percent > 100 ? 100 : percent);
}

int wpatext_read_network(const char *answer, size_t len, lobby_Wireless *network)
{
	lobby_Wireless n = lobby_Wireless_init_zero;
	char level[VALUE], flags[VALUE];
	size_t ssid_len;
	const char *ssid = value_of(answer, len, "ssid", &ssid_len);

	if (!copy_value(answer, len, "level", level) || !copy_value(answer, len, "flags", flags) || ssid == NULL)
		return LOBBY_ERR_INVALID;
	if (strstr(flags, "[ESS]") == NULL || wpatext_read_ssid(ssid, ssid_len, n.ssid) != 0)
		return LOBBY_ERR_NOT_FOUND;
	n.percent = percent_of(level);
	n.locked = strstr(flags, "WPA") != NULL || strstr(flags, "RSN") != NULL || strstr(flags, "WEP") != NULL ||
		   strstr(flags, "OSEN") != NULL;
	n.unfit = n.locked && strstr(flags, "PSK") == NULL && strstr(flags, "SAE") == NULL;
	*network = n;
	return 0;
}

int wpatext_read_status(const char *answer, size_t len, char ssid[WPA_SSID_SIZE])
{
	char state[VALUE];
	size_t name_len;
	const char *name = value_of(answer, len, "ssid", &name_len);

	if (!copy_value(answer, len, "wpa_state", state) || strcmp(state, "COMPLETED") != 0 || name == NULL)
		return LOBBY_ERR_NOT_FOUND;
	if (wpatext_read_ssid(name, name_len, ssid) != 0)
		ssid[0] = '\0';
	return 0;
}

/* ---- the list ---- */

static int demands(const lobby_Wireless *n)
{
	return n->locked && !n->unfit ? 2 : n->unfit ? 1 : 0;
}

static bool goes_before(const lobby_Wireless *a, const lobby_Wireless *b)
{
	return a->percent != b->percent ? a->percent > b->percent : strcmp(a->ssid, b->ssid) < 0;
}

size_t wpatext_add_network(lobby_Wireless *list, size_t count, size_t max, const lobby_Wireless *network)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].ssid, network->ssid) != 0)
			continue;
		if (demands(&list[i]) > demands(network) ||
		    (demands(&list[i]) == demands(network) && list[i].percent >= network->percent))
			return count;
		count--;
		memmove(&list[i], &list[i + 1], (count - i) * sizeof(*list));
		break;
	}
	while (at < count && goes_before(&list[at], network))
		at++;
	if (at == max)
		return count;
	if (count == max)
		count--;
	memmove(&list[at + 1], &list[at], (count - at) * sizeof(*list));
	list[at] = *network;
	return count + 1;
}

/* ---- events ---- */

bool wpatext_is_event(const char *line, size_t len)
{
	return len >= 3 && line[0] == '<' && line[1] >= '0' && line[1] <= '9' && line[2] == '>';
}

static bool begins(const char *line, size_t len, const char *with)
{
	size_t with_len = strlen(with);

	return len >= with_len && memcmp(line, with, with_len) == 0 && (len == with_len || line[with_len] == ' ');
}

static bool ends(const char *line, size_t len, const char *with)
{
	size_t with_len = strlen(with);

	return len >= with_len && memcmp(line + len - with_len, with, with_len) == 0;
}

enum wpa_event wpatext_read_event(const char *line, size_t len)
{
	static const struct {
		const char *name;
		enum wpa_event event;
	} events[] = {
		{ "CTRL-EVENT-SCAN-RESULTS", WPA_SCANNED },   { "CTRL-EVENT-SCAN-FAILED", WPA_SCAN_FAILED },
		{ "CTRL-EVENT-CONNECTED", WPA_JOINED },	      { "CTRL-EVENT-DISCONNECTED", WPA_LEFT },
		{ "CTRL-EVENT-ASSOC-REJECT", WPA_REFUSED },   { "CTRL-EVENT-AUTH-REJECT", WPA_REFUSED },
		{ "CTRL-EVENT-NETWORK-NOT-FOUND", WPA_AWAY }, { "CTRL-EVENT-TERMINATING", WPA_ENDS },
	};

	if (!wpatext_is_event(line, len))
		return WPA_OTHER;
	line += 3;
	len -= 3;
	/* The name of the network stands before the reason, escaped, and could hold the same words. Of WPA3 it is only
	 * told that joining failed again and again: with another passphrase the two never get as far as to compare
	 * keys. */
	if (begins(line, len, "CTRL-EVENT-SSID-TEMP-DISABLED"))
		return ends(line, len, " reason=WRONG_KEY") ? WPA_PASSPHRASE : WPA_REFUSED;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (begins(line, len, events[i].name))
			return events[i].event;
	return WPA_OTHER;
}
