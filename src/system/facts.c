/* See facts.h. One look is some twenty small files; a netlink socket says when links change, the rest is looked at with
 * the loop's timer (system.c). */
#include "facts.h"

#include "version.h"
#include "wireless.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAX_TEXT 16384
#define MIB_KB 1024
#define CLOCK_JUMP_MS 5000

/* ---- small files ---- */

/* "FOLDER/NAME", trimmed, cut to size. False if it cannot be read. */
static bool read_word(const char *folder, const char *name, char *out, size_t size)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    file_read(path, MAX_TEXT, &text, &len) != 0)
		return false;
	text_trim(text);
	text_copy(out, size, text);
	free(text);
	return true;
}

static bool read_number(const char *folder, const char *name, long *out)
{
	char word[24], *end;
	long value;

	if (!read_word(folder, name, word, sizeof(word)))
		return false;
	value = strtol(word, &end, 10);
	if (end == word || *end != '\0')
		return false;
	*out = value;
	return true;
}

static bool exists(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* ---- what was written for us ---- */

bool facts_value(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		size_t value_len;

		line += *line == '\n';
		if (strncmp(line, key, len) != 0 || line[len] != '=')
			continue;
		line += len + 1;
		value_len = strcspn(line, "\r\n");
		return value_len < size && text_is_clean(line, value_len) && text_copy_n(out, size, line, value_len);
	}
	return false;
}

void facts_read_boot(struct system_boot *boot, const char *release, const char *lobby_boot)
{
	char *text = NULL, word[16] = "";
	size_t len;

	*boot = (struct system_boot){ 0 };
	text_copy(boot->version, sizeof(boot->version), LOBBY_VERSION);
	if (file_read(release, MAX_TEXT, &text, &len) == 0) {
		facts_value(text, "VERSION", boot->version, sizeof(boot->version));
		facts_value(text, "MIN_VERSION", boot->min_version, sizeof(boot->min_version));
		boot->development = facts_value(text, "KEYS", word, sizeof(word)) && strcmp(word, "development") == 0;
		free(text);
	}
	if (file_read(lobby_boot, MAX_TEXT, &text, &len) != 0)
		return;
	facts_value(text, "SLOT", boot->slot, sizeof(boot->slot));
	if (strcmp(boot->slot, "a") != 0 && strcmp(boot->slot, "b") != 0)
		boot->slot[0] = '\0';
	boot->installer = facts_value(text, "INSTALL", word, sizeof(word)) && strcmp(word, "1") == 0;
	if (boot->installer)
		boot->slot[0] = '\0';
	facts_value(text, "DISK", boot->disk, sizeof(boot->disk));
	facts_value(text, "ESP", boot->esp, sizeof(boot->esp));
	boot->secure_boot = facts_value(text, "SECURE_BOOT", word, sizeof(word)) && strcmp(word, "1") == 0;
	free(text);
}

/* ---- the machine ---- */

static uint64_t memory_kb(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, 10);
}

static void fill_memory(const struct system *sys, lobby_SystemState *state)
{
	char path[PATH_MAX], *text = NULL;
	uint64_t total, available;
	size_t len;

	if (snprintf(path, sizeof(path), "%s/meminfo", sys->options.proc) >= (int)sizeof(path) ||
	    file_read(path, MAX_TEXT, &text, &len) != 0)
		return;
	total = memory_kb(text, "MemTotal:");
	available = memory_kb(text, "MemAvailable:");
	free(text);
	if (total > available)
		state->memory_used_kb = (uint32_t)((total - available) / MIB_KB * MIB_KB);
}

int64_t facts_uptime_ms(const struct system *sys)
{
	char word[32];

	return read_word(sys->options.proc, "uptime", word, sizeof(word)) ? (int64_t)(strtod(word, NULL) * 1000) : 0;
}

/* The wall clock may be set under way: then the machine was started at another time than was thought. */
static void fill_booted(struct system *sys, lobby_SystemState *state)
{
	int64_t booted = clock_wall_ms() - facts_uptime_ms(sys);

	if (booted - sys->booted_ms > CLOCK_JUMP_MS || booted - sys->booted_ms < -CLOCK_JUMP_MS)
		sys->booted_ms = booted;
	state->booted_ms = sys->booted_ms;
}

static void fill_disk(const struct system *sys, lobby_SystemState *state)
{
	struct statvfs fs;
	char path[PATH_MAX];

	if (!sys->state_ready || system_state_path(sys, path, sizeof(path), "") != 0 || statvfs(path, &fs) != 0)
		return;
	state->state_total_kb = (uint64_t)fs.f_blocks * fs.f_frsize / 1024 / MIB_KB * MIB_KB;
	state->state_free_kb = (uint64_t)fs.f_bavail * fs.f_frsize / 1024 / MIB_KB * MIB_KB;
}

/* The hottest of a class's "FOLDER/PREFIX.../name", millidegrees. */
static bool hottest(const struct system *sys, const char *class, const char *prefix, const char *name, long *out)
{
	char folder[PATH_MAX], inner[PATH_MAX];
	struct dirent *entry;
	bool any = false;
	DIR *dir;

	if (snprintf(folder, sizeof(folder), "%s/class/%s", sys->options.sys, class) >= (int)sizeof(folder) ||
	    (dir = opendir(folder)) == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		long value;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    snprintf(inner, sizeof(inner), "%s/%s", folder, entry->d_name) >= (int)sizeof(inner) ||
		    !read_number(inner, name, &value) || value < -40000 || value > 150000 || value == 0)
			continue;
		if (!any || value > *out)
			*out = value;
		any = true;
	}
	closedir(dir);
	return any;
}

static void fill_temperature(const struct system *sys, lobby_SystemState *state)
{
	long hot = 0;

	state->has_temperature = hottest(sys, "thermal", "thermal_zone", "temp", &hot) ||
				 hottest(sys, "hwmon", "hwmon", "temp1_input", &hot);
	state->temperature_c = (int32_t)(hot / 1000);
}

static void fill_machine(const struct system *sys, lobby_SystemState *state)
{
	char folder[PATH_MAX], maker[41] = "", model[40] = "";

	if (snprintf(folder, sizeof(folder), "%s/class/dmi/id", sys->options.sys) >= (int)sizeof(folder))
		return;
	read_word(folder, "sys_vendor", maker, sizeof(maker));
	read_word(folder, "product_name", model, sizeof(model));
	if (!text_is_clean(maker, strlen(maker)) || !text_is_clean(model, strlen(model)))
		return;
	snprintf(state->machine, sizeof(state->machine), "%s%s%s", maker, maker[0] && model[0] ? " " : "", model);
}

bool facts_has_display(const struct system *sys)
{
	char folder[PATH_MAX], connector[PATH_MAX], word[24];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (snprintf(folder, sizeof(folder), "%s/class/drm", sys->options.sys) >= (int)sizeof(folder) ||
	    (dir = opendir(folder)) == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = strncmp(entry->d_name, "card", 4) == 0 &&
			snprintf(connector, sizeof(connector), "%s/%s", folder, entry->d_name) <
				(int)sizeof(connector) &&
			read_word(connector, "status", word, sizeof(word)) && strcmp(word, "connected") == 0;
	closedir(dir);
	return found;
}

/* ---- the oldest version that may follow ---- */

static bool min_version_path(const struct system_options *options, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/system/min-version",
			options->state != NULL ? options->state : SYSTEM_STATE) < PATH_MAX;
}

void facts_raise_min_version(const struct system_options *options, char *min)
{
	char path[PATH_MAX], *text = NULL;
	const char *kept;
	size_t len;

	if (!min_version_path(options, path) || file_read(path, VERSION_SIZE, &text, &len) != 0)
		return;
	kept = text_trim(text);
	if (version_is_valid(kept) && (min[0] == '\0' || version_compare(kept, min) > 0))
		text_copy(min, VERSION_SIZE, kept);
	free(text);
}

void facts_keep_min_version(const struct system_options *options, const char *min)
{
	char path[PATH_MAX], kept[VERSION_SIZE] = "";
	int err;

	facts_raise_min_version(options, kept);
	if (min[0] == '\0' || (kept[0] != '\0' && version_compare(min, kept) <= 0) || !min_version_path(options, path))
		return;
	err = file_replace(path, min, strlen(min), 0600);
	if (err != 0)
		log_event(LOG_ERROR, "min-version", "error=%s", err_event(err));
}

/* ---- links ---- */

static bool is_link_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 16) == 0xa9fe;
	return IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

/* The link's first address of this family that reaches beyond it. */
static bool find_address(const struct ifaddrs *all, const char *name, int family, char *out, size_t size)
{
	for (const struct ifaddrs *a = all; a != NULL; a = a->ifa_next) {
		const void *bytes;

		if (a->ifa_addr == NULL || a->ifa_addr->sa_family != family || strcmp(a->ifa_name, name) != 0 ||
		    is_link_local(a->ifa_addr))
			continue;
		bytes = family == AF_INET
				? (const void *)&((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr
				: (const void *)&((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
		return inet_ntop(family, bytes, out, (socklen_t)size) != NULL;
	}
	return false;
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strlen(entry->d_name) < IFNAMSIZ;
}

/* Ethernet and Wi-Fi, not bridges and tunnels; on an appliance, only what is a device. */
static bool is_link(const struct system *sys, const char *folder)
{
	long type = 0;

	return read_number(folder, "type", &type) && type == 1 && !exists(folder, "bridge") &&
	       !exists(folder, "tun_flags") && (!system_is_appliance(sys) || exists(folder, "device"));
}

static void fill_links(const struct system *sys, lobby_SystemState *state)
{
	char folder[PATH_MAX], inner[PATH_MAX];
	struct dirent **names = NULL;
	struct ifaddrs *addresses = NULL;
	int count;

	if (snprintf(folder, sizeof(folder), "%s/class/net", sys->options.sys) >= (int)sizeof(folder))
		return;
	count = scandir(folder, &names, is_name, alphasort);
	if (getifaddrs(&addresses) != 0)
		addresses = NULL;
	for (int i = 0; i < count; i++) {
		lobby_Link *link = &state->link[state->link_count];
		long carrier = 0;

		if (state->link_count < sizeof(state->link) / sizeof(state->link[0]) &&
		    snprintf(inner, sizeof(inner), "%s/%s", folder, names[i]->d_name) < (int)sizeof(inner) &&
		    is_link(sys, inner)) {
			state->link_count++;
			text_copy(link->name, sizeof(link->name), names[i]->d_name);
			link->kind = exists(inner, "phy80211") || exists(inner, "wireless")
					     ? lobby_LinkKind_LINK_WIRELESS
					     : lobby_LinkKind_LINK_CABLE;
			link->up = read_number(inner, "carrier", &carrier) && carrier == 1;
			if (!find_address(addresses, link->name, AF_INET, link->address, sizeof(link->address)))
				find_address(addresses, link->name, AF_INET6, link->address, sizeof(link->address));
		}
		free(names[i]);
	}
	free(names);
	freeifaddrs(addresses);
}

static void on_links(void *arg, int fd, short revents)
{
	struct system *sys = arg;
	char data[8192];

	(void)revents;
	/* Only that something happened is of interest. */
	while (recv(fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	system_changed(sys);
	wireless_links_changed(sys);
}

int facts_init(struct system *sys)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };

	sys->links_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (sys->links_fd >= 0 && bind(sys->links_fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    loop_fd_add(sys->loop, sys->links_fd, POLLIN, on_links, sys) == 0)
		return 0;
	/* Links are then seen with the next look. */
	log_event(LOG_WARNING, "links-unwatched", "%s", "");
	if (sys->links_fd >= 0)
		close(sys->links_fd);
	sys->links_fd = -1;
	return 0;
}

void facts_fini(struct system *sys)
{
	if (sys->links_fd < 0)
		return;
	loop_fd_remove(sys->loop, sys->links_fd);
	close(sys->links_fd);
	sys->links_fd = -1;
}

void facts_fill(struct system *sys, lobby_SystemState *state)
{
	text_copy(state->version, sizeof(state->version), sys->boot.version);
	text_copy(state->slot, sizeof(state->slot), sys->boot.slot);
	state->development = sys->boot.development;
	state->secure_boot = sys->boot.secure_boot;
	fill_booted(sys, state);
	fill_memory(sys, state);
	fill_disk(sys, state);
	fill_temperature(sys, state);
	fill_machine(sys, state);
	fill_links(sys, state);
}
