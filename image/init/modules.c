/* See modules.h. What the kernel refuses because there is nothing to drive is no news, and anything else is one line in
 * the log. Devices are looked for on the buses that the kernel has been through when a section is loaded; what hangs on
 * USB comes later, and its drivers are loaded always. */
#include "modules.h"

#include "say.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPTIONS_SIZE 256
#define DEVICES_MAX 512

/* ---- the list ---- */

static bool is_path(const char *line, size_t len)
{
	return len > 4 && line[0] == '/' && memcmp(line + len - 3, ".ko", 3) == 0 && memmem(line, len, "..", 2) == NULL;
}

/* A word, a colon and more: "virtio:d00000002v*". */
static bool is_alias(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && ((line[n] >= 'a' && line[n] <= 'z') || line[n] == '*'))
		n++;
	return n > 0 && n + 1 < len && line[n] == ':';
}

static bool read_line(const char *line, size_t len, struct modules_line *out)
{
	if (len == 0 || len >= MODULES_LINE_SIZE || memchr(line, '\0', len) != NULL)
		return false;
	if (len == 1 && line[0] == '-') {
		out->kind = MODULES_ALWAYS;
	} else if (len > 2 && line[0] == '[' && line[len - 1] == ']') {
		out->kind = MODULES_SECTION;
		line++;
		len -= 2;
	} else if (is_path(line, len)) {
		out->kind = MODULES_PATH;
	} else if (is_alias(line, len)) {
		out->kind = MODULES_ALIAS;
	} else {
		return false;
	}
	memcpy(out->text, line, len);
	out->text[len] = '\0';
	return true;
}

bool modules_next(const char *list, size_t len, size_t *at, struct modules_line *out)
{
	while (*at < len) {
		const char *line = list + *at;
		const char *end = memchr(line, '\n', len - *at);
		size_t n = end != NULL ? (size_t)(end - line) : len - *at;

		*at += n + 1;
		if (read_line(line, n, out))
			return true;
	}
	return false;
}

static char plain(char c)
{
	return (char)(c == '-' ? '_' : c);
}

/* A word "name.option" of the module whose file has this name; '-' and '_' are the same. */
static bool is_option_of(const char *word, size_t len, const char *file, size_t file_len)
{
	if (len < file_len + 2 || word[file_len] != '.')
		return false;
	for (size_t i = 0; i < file_len; i++)
		if (plain(word[i]) != plain(file[i]))
			return false;
	return true;
}

void modules_options(const char *cmdline, size_t len, const char *path, char *out, size_t size)
{
	const char *file = strrchr(path, '/');
	struct writer w = writer_of(out, size - 1);
	size_t file_len, n;

	file = file != NULL ? file + 1 : path;
	file_len = strcspn(file, ".");
	for (size_t at = 0; at < len; at += n + 1) {
		const char *word = cmdline + at;

		for (n = 0; at + n < len && word[n] != '\0' && strchr(" \t\r\n", word[n]) == NULL;)
			n++;
		if (!is_option_of(word, n, file, file_len) || n - file_len > size - 1 - w.len)
			continue;
		if (w.len > 0)
			write_u8(&w, ' ');
		write_span(&w, word + file_len + 1, n - file_len - 1);
	}
	out[w.len] = '\0';
}

/* ---- the hardware ---- */

struct devices {
	char *alias[DEVICES_MAX];
	size_t count;
};

static void forget(struct devices *devices)
{
	while (devices->count > 0)
		free(devices->alias[--devices->count]);
}

static void add_bus(struct devices *devices, const char *bus)
{
	char path[400];
	struct dirent *entry;
	DIR *folder;
	size_t len;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices", bus);
	folder = opendir(path);
	while (folder != NULL && devices->count < DEVICES_MAX && (entry = readdir(folder)) != NULL) {
		char *text;

		snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/modalias", bus, entry->d_name);
		if (entry->d_name[0] == '.' || file_read(path, 4096, &text, &len) != 0)
			continue;
		text_trim(text);
		devices->alias[devices->count++] = text;
	}
	if (folder != NULL)
		closedir(folder);
}

static void look_around(struct devices *devices)
{
	static const char *const buses[] = { "pci", "virtio", "acpi", "platform" };

	forget(devices);
	for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++)
		add_bus(devices, buses[i]);
}

static bool has_device(const struct devices *devices, const char *pattern)
{
	for (size_t i = 0; i < devices->count; i++)
		if (fnmatch(pattern, devices->alias[i], 0) == 0)
			return true;
	return false;
}

/* ---- loading ---- */

/* Already there and at work: to be told so by the kernel, after it has read and checked all of it, takes as long as
 * loading it. */
static bool is_live(const char *path)
{
	const char *file = strrchr(path, '/') + 1;
	char name[MODULES_LINE_SIZE], state[MODULES_LINE_SIZE + 32], *text;
	bool live = false;
	size_t len;

	text_copy_n(name, sizeof(name), file, strcspn(file, "."));
	for (char *c = name; *c != '\0'; c++)
		*c = plain(*c);
	snprintf(state, sizeof(state), "/sys/module/%s/initstate", name);
	if (file_read(state, 64, &text, &len) == 0) {
		live = strcmp(text_trim(text), "live") == 0;
		free(text);
	}
	return live;
}

static bool load(const char *path, const char *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0) {
		say(SAY_WARNING, "no module %s", path);
		return false;
	}
	if (syscall(SYS_finit_module, fd, options, 0) != 0)
		err = errno;
	close(fd);
	if (err != 0 && err != EEXIST && err != ENODEV)
		say(SAY_WARNING, "module %s: errno %d", path, err);
	return err == 0;
}

static bool load_with_options(const struct modules *m, const char *path)
{
	char options[OPTIONS_SIZE];

	if (is_live(path))
		return false;
	modules_options(m->cmdline, m->cmdline_len, path, options, sizeof(options));
	return load(path, options);
}

unsigned modules_load(const struct modules *m, const char *section, bool anyway)
{
	static struct devices devices;
	struct modules_line line;
	bool inside = false, wanted = false, stale = true;
	enum modules_kind before = MODULES_SECTION;
	unsigned loaded = 0;

	for (size_t at = 0; modules_next(m->list, m->list_len, &at, &line); before = line.kind) {
		if (line.kind == MODULES_SECTION)
			inside = strcmp(line.text, section) == 0;
		if (!inside)
			continue;
		if (line.kind == MODULES_PATH && wanted && load_with_options(m, line.text)) {
			loaded++;
			stale = true; /* a bus's driver finds what is on it */
		}
		if (line.kind == MODULES_PATH)
			continue;
		if (line.kind != MODULES_ALIAS || before != MODULES_ALIAS)
			wanted = anyway || line.kind == MODULES_ALWAYS;
		if (line.kind != MODULES_ALIAS || wanted)
			continue;
		if (stale)
			look_around(&devices);
		stale = false;
		wanted = has_device(&devices, line.text);
	}
	forget(&devices);
	return loaded;
}
