/* See network.h. Files first, then the services are told: a power cut in between leaves what the next start writes
 * again. */
#include "network.h"

#include "helper.h"
#include "netcheck.h"
#include "worker.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLY_MS 60000
#define STEP_MS 20000
#define PREFIX "10-lobby-"
#define KEPT "system/network.json"
#define KEPT_MAX 16384

struct network {
	struct worker worker;
	lobby_Network setting[NETWORK_SETTINGS];
	size_t count;
	const char *folder; /* of networkd's files */
	network_done_fn *done;
	uint32_t token;
	bool again; /* settings changed while they were applied */
};

/* ---- kept ---- */

char *network_write(const lobby_Network *settings, size_t count)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < count; i++) {
		const lobby_Network *n = &settings[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "name", n->name, "ssid", n->ssid,
						      "passphrase", n->passphrase, "address", n->address, "gateway",
						      n->gateway, "dns", n->dns));
	}
	text = json_dumps(list, JSON_INDENT(1));
	json_decref(list);
	return text;
}

static bool take(const json_t *json, const char *name, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL || text_copy(out, size, text);
}

size_t network_read(const char *json, size_t len, lobby_Network settings[NETWORK_SETTINGS])
{
	json_t *list = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	char why[8];
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(list) && count < NETWORK_SETTINGS; i++) {
		const json_t *one = json_array_get(list, i);
		lobby_Network n = lobby_Network_init_zero;

		if (take(one, "name", n.name, sizeof(n.name)) && take(one, "ssid", n.ssid, sizeof(n.ssid)) &&
		    take(one, "passphrase", n.passphrase, sizeof(n.passphrase)) &&
		    take(one, "address", n.address, sizeof(n.address)) &&
		    take(one, "gateway", n.gateway, sizeof(n.gateway)) && take(one, "dns", n.dns, sizeof(n.dns)) &&
		    network_check(&n, why, sizeof(why)) == 0)
			settings[count++] = n;
	}
	json_decref(list);
	return count;
}

static int keep(struct system *sys)
{
	struct network *net = sys->network;
	char path[512], *text;
	int err = system_state_path(sys, path, sizeof(path), KEPT);

	if (err != 0)
		return err;
	text = network_write(net->setting, net->count);
	if (text == NULL)
		return LOBBY_ERR_NO_MEMORY;
	err = file_replace(path, text, strlen(text), 0600);
	sodium_memzero(text, strlen(text));
	free(text);
	return err;
}

/* ---- applied, by a worker ---- */

static void remove_old(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			(void)!unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

/* systemd-networkd is a user of its own: it must be able to read it, whatever our umask is. */
static int write_network(const char *folder, const lobby_Network *n, size_t index)
{
	char path[512], text[2048];
	int err = network_print(n, text, sizeof(text));

	/* Settings for one link go before those for all. */
	snprintf(path, sizeof(path), "%s/" PREFIX "%s%zu.network", folder, n->name[0] != '\0' ? "a" : "b", index);
	if (err == 0)
		err = file_replace(path, text, strlen(text), 0644);
	return err == 0 && chmod(path, 0644) != 0 ? LOBBY_ERR_IO : err;
}

/* The first wireless link there is; false: none. */
static bool wireless_name(const lobby_Network *n, char out[32])
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *entry;
	char path[320];
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || (n->name[0] != '\0' && strcmp(n->name, entry->d_name) != 0))
			continue;
		snprintf(path, sizeof(path), "/sys/class/net/%s/wireless", entry->d_name);
		if (access(path, F_OK) == 0)
			found = text_copy(out, 32, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static int join_wireless(const lobby_Network *n)
{
	char name[32], path[128], text[512], unit[64];
	const char *const argv[] = { "systemctl", "restart", unit, NULL };
	int err;

	if (!helper_exists("wpa_supplicant") || !wireless_name(n, name)) {
		worker_say(N_("This kiosk has no wireless network."));
		return LOBBY_ERR_NOT_FOUND;
	}
	err = network_print_wireless(n, text, sizeof(text));
	snprintf(path, sizeof(path), "/run/lobby-wireless-%s.conf", name);
	if (err == 0)
		err = file_replace(path, text, strlen(text), 0600);
	sodium_memzero(text, sizeof(text));
	snprintf(unit, sizeof(unit), "lobby-wireless@%s.service", name);
	if (err == 0 && helper_run(argv, NULL, 0, STEP_MS) != 0)
		err = LOBBY_ERR_IO;
	return err;
}

static int apply(void *arg)
{
	static const char *const reload[] = { "networkctl", "reload", NULL };
	const struct network *net = arg;
	int err = 0;

	if (file_make_folder(net->folder, 0755) != 0 || chmod(net->folder, 0755) != 0)
		return 1;
	remove_old(net->folder);
	for (size_t i = 0; i < net->count && err == 0; i++)
		err = write_network(net->folder, &net->setting[i], i);
	if (err != 0)
		return 1;
	/* It also has every link configured anew whose file has changed. */
	if (helper_run(reload, NULL, 0, STEP_MS) != 0)
		err = 2;
	for (size_t i = 0; i < net->count; i++)
		if (net->setting[i].ssid[0] != '\0' && join_wireless(&net->setting[i]) != 0)
			err = 3;
	return err;
}

static void start(struct system *sys);

static void on_applied(void *owner, int status)
{
	struct system *sys = owner;
	struct network *net = sys->network;
	network_done_fn *done = net->done;
	const char *text = status == 0 ? N_("The network is set; it may take a moment to come up.")
			   : status == 3
				   ? N_("The setting is kept, but this kiosk could not join a wireless network.")
				   : N_("The setting is kept, but the network could not be told. Restart the kiosk.");

	log_event(status == 0 ? LOG_NOTICE : LOG_ERROR, "network", "settings=%zu status=%d", net->count, status);
	if (net->again) {
		net->again = false;
		start(sys);
		return;
	}
	net->done = NULL;
	if (done != NULL)
		done(sys, status == 0 ? 0 : LOBBY_ERR_IO, text);
}

static void start(struct system *sys)
{
	struct network *net = sys->network;

	if (worker_runs(&net->worker))
		net->again = true;
	else if (worker_start(&net->worker, sys->loop, APPLY_MS, apply, net, NULL, on_applied, sys) != 0)
		on_applied(sys, -1);
}

/* ---- set ---- */

static bool same_place(const lobby_Network *a, const lobby_Network *b)
{
	return strcmp(a->name, b->name) == 0 && (a->name[0] != '\0' || (a->ssid[0] != '\0') == (b->ssid[0] != '\0'));
}

int network_set(struct system *sys, const lobby_Network *network, network_done_fn *done, char *why, size_t size)
{
	struct network *net = sys->network;
	size_t at = 0;
	int err = network_check(network, why, size);

	if (err != 0)
		return err;
	snprintf(why, size, N_("The network is being set already. Try again in a moment."));
	if (net->done != NULL)
		return LOBBY_ERR_BUSY;
	if (!sys->state_ready)
		return LOBBY_ERR_BUSY;
	while (at < net->count && !same_place(&net->setting[at], network))
		at++;
	snprintf(why, size, N_("There are settings for too many links already."));
	if (at == NETWORK_SETTINGS)
		return LOBBY_ERR_TOO_LONG;
	net->setting[at] = *network;
	if (at == net->count)
		net->count++;
	err = keep(sys);
	if (err != 0) {
		snprintf(why, size, N_("The setting could not be written to the disk."));
		return err;
	}
	net->done = done;
	start(sys);
	return 0;
}

static void on_command_done(struct system *sys, int err, const char *text)
{
	system_answer_later(sys, sys->network->token, err, text);
}

void network_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	char why[SYSTEM_TEXT] = "";
	uint32_t token;
	int err;

	if (!command->has_network) {
		system_answer(conn, command, LOBBY_ERR_INVALID, NULL);
		return;
	}
	token = system_defer(sys, conn, command);
	if (token == 0)
		return;
	err = network_set(sys, &command->network, on_command_done, why, sizeof(why));
	if (err != 0)
		system_answer_later(sys, token, err, why);
	else
		sys->network->token = token;
}

int network_init(struct system *sys)
{
	sys->network = calloc(1, sizeof(*sys->network));
	if (sys->network == NULL)
		return LOBBY_ERR_NO_MEMORY;
	sys->network->folder = sys->options.networkd;
	return 0;
}

void network_ready(struct system *sys)
{
	struct network *net = sys->network;
	char path[512], *text = NULL;
	size_t len = 0;

	if (system_state_path(sys, path, sizeof(path), KEPT) != 0 || file_read(path, KEPT_MAX, &text, &len) != 0)
		return;
	net->count = network_read(text, len, net->setting);
	sodium_memzero(text, len);
	free(text);
	if (net->count > 0)
		start(sys);
}

void network_fini(struct system *sys)
{
	if (sys->network == NULL)
		return;
	worker_stop(&sys->network->worker);
	sodium_memzero(sys->network, sizeof(*sys->network));
	free(sys->network);
	sys->network = NULL;
}
