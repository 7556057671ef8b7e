/* See loader.h. systemd-boot names its own file in LoaderImageIdentifier when it was first, the kernel's image names
 * itself when no loader was: so a path that is neither slot's is no answer, and the entry is asked. */
#include "loader.h"

#include "base/bytes.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VENDOR_LOADER "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define VENDOR_GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define ATTRIBUTES_LEN 4
#define ENTRY_MAX 64

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int loader_text(const uint8_t *data, size_t len, char *out, size_t size)
{
	struct reader r = reader_of(data, len);
	char text[LOADER_VALUE_MAX / 2 + 1];
	size_t n = 0;

	if (len % 2 != 0)
		return LOBBY_ERR_INVALID;
	while (reader_left(&r) > 0) {
		uint16_t unit = read_le16(&r);

		if (unit == 0)
			break;
		if (n + 1 >= size || n + 1 >= sizeof(text))
			return LOBBY_ERR_TOO_LONG;
		text[n++] = (char)(unit >= 0x20 && unit < 0x7F ? unit : '?');
	}
	text_copy_n(out, size, text, n);
	return 0;
}

char loader_slot_of_image(const char *path)
{
	static const char shape[] = "\\efi\\lobby\\?.efi";
	char slot = 0;

	if (strlen(path) != sizeof(shape) - 1)
		return 0;
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		char c = path[i] == '/' ? '\\' : lower(path[i]);

		if (shape[i] == '?')
			slot = c;
		else if (c != shape[i])
			return 0;
	}
	return slot == 'a' || slot == 'b' ? slot : 0;
}

char loader_slot_of_entry(const char *entry)
{
	static const char start[] = "lobby-";
	char slot;

	if (strncmp(entry, start, sizeof(start) - 1) != 0)
		return 0;
	slot = entry[sizeof(start) - 1];
	if (slot != 'a' && slot != 'b')
		return 0;
	return strchr("+.", entry[sizeof(start)]) != NULL ? slot : 0; /* strchr finds the NUL, too */
}

int loader_entry_of_slot(const uint8_t *list, size_t len, char slot, char *out, size_t size)
{
	size_t from = 0;

	if (len % 2 != 0)
		return LOBBY_ERR_INVALID;
	for (size_t at = 0; at + 1 < len; at += 2) {
		if (list[at] != 0 || list[at + 1] != 0)
			continue;
		if (loader_text(list + from, at - from, out, size) == 0 && loader_slot_of_entry(out) == slot)
			return 0;
		from = at + 2;
	}
	return LOBBY_ERR_NOT_FOUND;
}

int loader_uuid(const char *text, char out[37])
{
	char uuid[37];

	if (strlen(text) != sizeof(uuid) - 1)
		return LOBBY_ERR_INVALID;
	for (size_t i = 0; i < sizeof(uuid) - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		uuid[i] = lower(text[i]);
		if (dash ? uuid[i] != '-' : strchr("0123456789abcdef", uuid[i]) == NULL)
			return LOBBY_ERR_INVALID;
	}
	uuid[sizeof(uuid) - 1] = '\0';
	text_copy(out, sizeof(uuid), uuid);
	return 0;
}

/* ---- reading ---- */

size_t loader_variable(const char *name_and_vendor, uint8_t out[LOADER_VALUE_MAX])
{
	uint8_t data[ATTRIBUTES_LEN + LOADER_VALUE_MAX + 1];
	char path[160];
	ssize_t len;
	int n = snprintf(path, sizeof(path), LOADER_VARS "/%s", name_and_vendor);
	int fd = n > 0 && (size_t)n < sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	len = read(fd, data, sizeof(data)); /* efivarfs gives a value in one piece */
	close(fd);
	if (len <= ATTRIBUTES_LEN || (size_t)len == sizeof(data))
		return 0;
	memcpy(out, data + ATTRIBUTES_LEN, (size_t)len - ATTRIBUTES_LEN);
	return (size_t)len - ATTRIBUTES_LEN;
}

static bool read_text(const char *name, char *out, size_t size)
{
	uint8_t data[LOADER_VALUE_MAX];
	size_t len = loader_variable(name, data);

	return len > 0 && loader_text(data, len, out, size) == 0;
}

int loader_choose_once(char slot)
{
	/* UEFI 2.10, 8.2: kept over a restart, seen by the loader and by us. */
	uint8_t list[LOADER_VALUE_MAX], value[ATTRIBUTES_LEN + 2 * (ENTRY_MAX + 1)] = { 7 };
	size_t len = loader_variable("LoaderEntries" VENDOR_LOADER, list), size = ATTRIBUTES_LEN;
	char entry[ENTRY_MAX];
	int err = loader_entry_of_slot(list, len, slot, entry, sizeof(entry)), fd;

	if (err != 0)
		return err;
	for (const char *c = entry; *c != '\0'; c++, size += 2)
		value[size] = (uint8_t)*c;
	size += 2; /* its NUL */
	fd = open(LOADER_VARS "/LoaderEntryOneShot" VENDOR_LOADER, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return LOBBY_ERR_IO;
	err = write(fd, value, size) == (ssize_t)size ? 0 : LOBBY_ERR_IO;
	close(fd);
	return err;
}

void loader_read(struct loader *out)
{
	struct loader loader = { 0 };
	uint8_t data[LOADER_VALUE_MAX];
	char text[256];

	if (read_text("LoaderImageIdentifier" VENDOR_LOADER, text, sizeof(text)))
		loader.slot = loader_slot_of_image(text);
	if (loader.slot == 0 && read_text("LoaderEntrySelected" VENDOR_LOADER, text, sizeof(text)))
		loader.slot = loader_slot_of_entry(text);
	if (read_text("LoaderDevicePartUUID" VENDOR_LOADER, text, sizeof(text)) && loader_uuid(text, loader.disk) != 0)
		loader.disk[0] = '\0';
	loader.secure_boot = loader_variable("SecureBoot" VENDOR_GLOBAL, data) == 1 && data[0] == 1;
	*out = loader;
}
