/* See network.h. Files first, then the services are told: a power cut in between leaves what the next start writes
 * again. */
#include "network.h"

#include "helper.h"
#include "netcheck.h"
#include "wireless.h"
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

#define APPLY_MS 100000
#define STEP_MS 20000
#define PREFIX "10-lobby-"
#define KEPT "system/network.json"
#define KEPT_MAX 16384

struct network {
	struct worker worker;
	lobby_Network setting[NETWORK_SETTINGS];
	size_t count;
	const char *folder; /* of networkd's files */
	const char *sys;    /* "/sys" */
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

/* What became of it, as the worker's status. */
enum outcome { SET, UNWRITTEN, UNTOLD, NO_WIRELESS, WRONG_PASSPHRASE, AWAY, TURNED_AWAY, SILENT };

/* Joins what is set. Only who asks for it waits to hear what became of it: at each start nobody does, and the link may
 * come later (network_link_came()). */
static enum outcome join_wireless(const struct network *net, const lobby_Network *n)
{
	char link[WIRELESS_LINK];

	if (!helper_exists("wpa_supplicant") || !wireless_find(net->sys, n->name, link))
		return net->done != NULL ? NO_WIRELESS : SET;
	if (net->done == NULL && !wireless_is_settled(link))
		return SET;
	if (wireless_start(link, n) != 0)
		return UNTOLD;
	if (net->done == NULL)
		return SET;
	switch (wireless_await(link)) {
	case 0:
		return SET;
	case LOBBY_ERR_DENIED:
		return WRONG_PASSPHRASE;
	case LOBBY_ERR_REFUSED:
		return TURNED_AWAY;
	case LOBBY_ERR_NOT_FOUND:
		return AWAY;
	default:
		return SILENT;
	}
}

/* A network that is not to be joined any more is left. */
static void leave_wireless(const struct network *net)
{
	char link[WIRELESS_LINK], path[128];

	if (!wireless_find(net->sys, "", link))
		return;
	for (size_t i = 0; i < net->count; i++)
		if (net->setting[i].ssid[0] != '\0')
			return;
	wireless_settings_path(link, path, sizeof(path));
	if (access(path, F_OK) == 0 && wireless_stop(link) != 0)
		log_event(LOG_WARNING, "wireless-runs-on", "link=%s", link);
}

static int apply(void *arg)
{
	static const char *const reload[] = { "networkctl", "reload", NULL };
	const struct network *net = arg;
	enum outcome outcome = SET;
	int err = 0;

	if (file_make_folder(net->folder, 0755) != 0 || chmod(net->folder, 0755) != 0)
		return UNWRITTEN;
	remove_old(net->folder);
	for (size_t i = 0; i < net->count && err == 0; i++)
		err = write_network(net->folder, &net->setting[i], i);
	if (err != 0)
		return UNWRITTEN;
	/* It also has every link configured anew whose file has changed. */
	if (helper_run(reload, NULL, 0, STEP_MS) != 0)
		outcome = UNTOLD;
	leave_wireless(net);
	for (size_t i = 0; i < net->count; i++)
		if (net->setting[i].ssid[0] != '\0' && outcome == SET)
			outcome = join_wireless(net, &net->setting[i]);
	return outcome;
}

static void start(struct system *sys);

/* What is not in reach now may be later, and the kiosk goes on trying: that is no failure. */
static const struct {
	const char *text;
	int err;
	lobby_LinkTrouble trouble;
} outcomes[] = {
	[SET] = { N_("The network is set; it may take a moment to come up."), 0, lobby_LinkTrouble_LINK_FINE },
	[UNWRITTEN] = { N_("The setting is kept, but the network could not be told. Restart the kiosk."), LOBBY_ERR_IO,
			lobby_LinkTrouble_LINK_FINE },
	[UNTOLD] = { N_("The setting is kept, but the network could not be told. Restart the kiosk."), LOBBY_ERR_IO,
		     lobby_LinkTrouble_LINK_FINE },
	[NO_WIRELESS] = { N_("The setting is kept, but this kiosk could not join a wireless network."), LOBBY_ERR_IO,
			  lobby_LinkTrouble_LINK_FINE },
	[WRONG_PASSPHRASE] = { N_("The Wi-Fi did not accept the passphrase."), LOBBY_ERR_DENIED,
			       lobby_LinkTrouble_LINK_PASSPHRASE },
	[AWAY] = { N_("The Wi-Fi is not in reach now. The setting is kept, and the kiosk goes on trying."), 0,
		   lobby_LinkTrouble_LINK_AWAY },
	[TURNED_AWAY] = { N_("The Wi-Fi turned this kiosk away. Is the passphrase right?"), LOBBY_ERR_REFUSED,
			  lobby_LinkTrouble_LINK_REFUSED },
	[SILENT] = { N_("The Wi-Fi does not answer. The setting is kept, and the kiosk goes on trying."), 0,
		     lobby_LinkTrouble_LINK_FINE },
};

static void on_applied(void *owner, int status)
{
	struct system *sys = owner;
	struct network *net = sys->network;
	network_done_fn *done = net->done;
	size_t outcome =
		status >= 0 && (size_t)status < sizeof(outcomes) / sizeof(outcomes[0]) ? (size_t)status : UNTOLD;

	log_event(status == 0 ? LOG_NOTICE : LOG_ERROR, "network", "settings=%zu status=%d", net->count, status);
	wireless_set_anew(sys, outcomes[outcome].trouble);
	if (net->again) {
		net->again = false;
		start(sys);
		return;
	}
	net->done = NULL;
	if (done != NULL)
		done(sys, outcomes[outcome].err, outcomes[outcome].text);
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

/* Whoever sets an address does not know the passphrase. */
static void set(lobby_Network *setting, const lobby_Network *network, bool there)
{
	lobby_Network before = *setting;

	*setting = *network;
	setting->same_passphrase = false;
	if (there && network->same_passphrase && strcmp(before.ssid, network->ssid) == 0)
		text_copy(setting->passphrase, sizeof(setting->passphrase), before.passphrase);
	sodium_memzero(&before, sizeof(before));
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
	set(&net->setting[at], network, at < net->count);
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
	sys->network->sys = sys->options.sys;
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

bool network_link_came(struct system *sys, const char *link)
{
	struct network *net = sys->network;
	char path[128];

	wireless_settings_path(link, path, sizeof(path));
	if (access(path, F_OK) == 0)
		return true;
	if (worker_runs(&net->worker))
		return false;
	for (size_t i = 0; i < net->count; i++)
		if (net->setting[i].ssid[0] != '\0' &&
		    (net->setting[i].name[0] == '\0' || strcmp(net->setting[i].name, link) == 0)) {
			start(sys);
			return true;
		}
	return true;
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
