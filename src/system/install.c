/* See install.h. Disks come late (a slow controller) and are looked for again every few seconds while one is chosen.
 * The worker tells percents; how long it takes is reckoned here. */
#include "install.h"

#include "helper.h"
#include "worker.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mark.h"
#include "base/text.h"
#include "flash/manifest.h"
#include "flash/target.h"
#include "flash/write.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define END ".img.zst"
#define MAX_SMALL 65536
#define LOOK_MS 3000
#define WRITE_MS (4 * 3600000LL) /* a slow disk may take its time, but not for ever */
#define MEMORY_MS 10000
#define MOST ((int)(sizeof(((lobby_Install *)0)->disk) / sizeof(lobby_InstallDisk)))

struct install {
	struct worker worker;
	struct loop_timer look;
	struct flash_manifest manifest; /* checked, if state.version says so */
	char image[PATH_MAX];
	lobby_Install state;
	struct target target; /* what is written to */
	int64_t began_ms;     /* monotonic: this stage */
};

/* ---- the image ---- */

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* The one image in the folder. */
static bool find_image(const char *folder, char path[PATH_MAX])
{
	struct dirent *entry;
	int count = 0;
	DIR *dir = opendir(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (ends_with(entry->d_name, END) &&
		    snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name) < PATH_MAX)
			count++;
	if (dir != NULL)
		closedir(dir);
	return count == 1;
}

static const char *check_image(struct install *in, const char *folder)
{
	char json_path[PATH_MAX + 8], sig_path[PATH_MAX + 8], key_path[PATH_MAX];
	char *json = NULL, *sig = NULL, *pem = NULL;
	size_t json_len, sig_len, pem_len;
	const char *why = N_("This stick has no image to install, or it cannot be read. Make the stick again.");

	if (find_image(folder, in->image)) {
		int stem = (int)(strlen(in->image) - strlen(".zst"));

		snprintf(json_path, sizeof(json_path), "%.*s.json", stem, in->image);
		snprintf(sig_path, sizeof(sig_path), "%.*s.json.sig", stem, in->image);
		if (snprintf(key_path, sizeof(key_path), "%s/release.crt", folder) < (int)sizeof(key_path) &&
		    file_read(json_path, MANIFEST_MAX_JSON, &json, &json_len) == 0 &&
		    file_read(sig_path, MAX_SMALL, &sig, &sig_len) == 0 &&
		    file_read(key_path, MAX_SMALL, &pem, &pem_len) == 0) {
			why = N_("The image on this stick is not signed with the release key that came with it. Make "
				 "the "
				 "stick again.");
			if (flash_manifest_check(json, json_len, sig, sig_len, pem, pem_len) == 0 &&
			    flash_manifest_read(json, json_len, &in->manifest, &why) == 0)
				why = NULL;
		}
	}
	free(json);
	free(sig);
	free(pem);
	return why;
}

static void look_for_image(struct system *sys)
{
	struct install *in = sys->install;
	const char *why;

	flash_manifest_free(&in->manifest);
	in->manifest = (struct flash_manifest){ 0 };
	in->state.version[0] = '\0';
	why = check_image(in, sys->options.install);
	in->state.stage = why == NULL ? lobby_InstallStage_INSTALL_CHOOSE : lobby_InstallStage_INSTALL_FAILED;
	text_copy(in->state.text, sizeof(in->state.text), why != NULL ? why : "");
	if (why == NULL)
		text_copy(in->state.version, sizeof(in->state.version), in->manifest.version);
	else
		log_event(LOG_ERROR, "install-image", "text=\"%s\"", why);
}

/* ---- the disks ---- */

static void attribute(const char *folder, const char *name, char *out, size_t size)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;

	*out = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    file_read(path, MAX_SMALL, &text, &len) != 0)
		return;
	text_trim(text);
	if (text_is_clean(text, strlen(text)))
		text_copy(out, size, text);
	free(text);
}

/* A piece of hardware that holds data and is no boot area of a flash chip, no drive for discs; not the stick itself. */
static bool is_disk(const struct system *sys, const char *name, const char *folder)
{
	char path[PATH_MAX], size[24];
	const char *stick = strrchr(sys->boot.disk, '/');

	if (strncmp(name, "sr", 2) == 0 || strncmp(name, "fd", 2) == 0 || strncmp(name, "loop", 4) == 0 ||
	    strncmp(name, "ram", 3) == 0 || strncmp(name, "zram", 4) == 0 ||
	    (strncmp(name, "mmcblk", 6) == 0 && (strstr(name, "boot") != NULL || strstr(name, "rpmb") != NULL)))
		return false;
	if (stick != NULL && strcmp(stick + 1, name) == 0)
		return false;
	attribute(folder, "size", size, sizeof(size));
	return snprintf(path, sizeof(path), "%s/device", folder) < (int)sizeof(path) && access(path, F_OK) == 0 &&
	       strtoll(size, NULL, 10) > 0;
}

/* Hangs it on USB, or can it be taken out? */
static bool is_built_in(const char *folder)
{
	char real[PATH_MAX], word[8];

	attribute(folder, "removable", word, sizeof(word));
	return realpath(folder, real) != NULL && strstr(real, "/usb") == NULL && strcmp(word, "1") != 0;
}

/* Fills disk and, if it may be written to, target; false: why_not says why not. */
static bool look_at_disk(const struct system *sys, const char *name, lobby_InstallDisk *disk, struct target *target)
{
	const struct target_roots roots = { sys->options.sys, sys->options.proc };
	int64_t needed = sys->install->manifest.size + TARGET_STATE_BYTES;
	char folder[PATH_MAX], path[PATH_MAX], size[24];
	const char *why = "";

	if (snprintf(folder, sizeof(folder), "%s/block/%s", sys->options.sys, name) >= (int)sizeof(folder) ||
	    snprintf(path, sizeof(path), "%s/%s", sys->options.dev, name) >= (int)sizeof(path) ||
	    !is_disk(sys, name, folder))
		return false;
	*disk = (lobby_InstallDisk)lobby_InstallDisk_init_zero;
	if (!text_copy(disk->name, sizeof(disk->name), name))
		return false;
	attribute(folder, "device/model", disk->model, sizeof(disk->model));
	if (disk->model[0] == '\0')
		attribute(folder, "device/name", disk->model, sizeof(disk->model)); /* of a flash chip */
	attribute(folder, "device/serial", disk->serial, sizeof(disk->serial));
	if (disk->serial[0] == '\0')
		attribute(folder, "serial", disk->serial, sizeof(disk->serial)); /* virtio */
	attribute(folder, "size", size, sizeof(size));
	disk->size_mb = (uint32_t)(strtoll(size, NULL, 10) * 512 / 1000000);
	if (!is_built_in(folder))
		why = N_("It is on USB, or can be taken out: not a disk of this machine.");
	else if (target_look(path, needed, &roots, target, &why) == 0)
		return true;
	text_copy(disk->why_not, sizeof(disk->why_not), why);
	return false;
}

/* Those that can be written first. */
static void look_for_disks(struct system *sys)
{
	struct install *in = sys->install;
	lobby_InstallDisk disk, others[MOST];
	struct dirent **names = NULL;
	struct target target;
	char folder[PATH_MAX];
	int count = 0, other_count = 0, room;

	in->state.disk_count = 0;
	if (in->state.version[0] == '\0' ||
	    snprintf(folder, sizeof(folder), "%s/block", sys->options.sys) >= (int)sizeof(folder))
		return;
	count = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		disk.name[0] = '\0';
		if (names[i]->d_name[0] == '.')
			;
		else if (look_at_disk(sys, names[i]->d_name, &disk, &target) && in->state.disk_count < MOST)
			in->state.disk[in->state.disk_count++] = disk;
		else if (disk.name[0] != '\0' && disk.why_not[0] != '\0' && other_count < MOST)
			others[other_count++] = disk;
		free(names[i]);
	}
	free(names);
	room = MOST - (int)in->state.disk_count;
	for (int i = 0; i < other_count && i < room; i++)
		in->state.disk[in->state.disk_count++] = others[i];
}

static void look_again(void *arg)
{
	struct system *sys = arg;

	look_for_disks(sys);
	system_changed(sys);
	loop_timer_set(sys->loop, &sys->install->look, LOOK_MS, look_again, sys);
}

/* ---- writing: in the worker ---- */

struct step {
	bool reading;
	int percent;
};

static void on_progress(void *arg, bool reading, int64_t done, int64_t all)
{
	struct step *step = arg;
	int percent = all > 0 ? (int)(done * 100 / all) : 0;

	if (reading == step->reading && percent == step->percent)
		return;
	*step = (struct step){ reading, percent };
	worker_say("%c%d", reading ? 'r' : 'w', percent);
}

static int file_source(void *arg, void *data, size_t max, size_t *got)
{
	ssize_t n = read(*(int *)arg, data, max);

	if (n < 0)
		return LOBBY_ERR_IO;
	*got = (size_t)n;
	return 0;
}

static const char *write_to(const struct install *in, int image, int disk)
{
	struct step step = { false, -1 };
	struct flash_zstd zstd;
	const char *why = "";
	int err;

	if (flash_zstd_init(&zstd, file_source, &image) != 0)
		return N_("There is not enough memory.");
	err = flash_write(&in->manifest, flash_zstd_source, &zstd, disk, on_progress, &step, &why);
	flash_zstd_fini(&zstd);
	return err == 0 ? NULL : why;
}

static const char *write_disk(const struct install *in)
{
	const char *why;
	int image = open(in->image, O_RDONLY | O_CLOEXEC), disk = -1;

	if (image < 0)
		return N_("The image on the stick cannot be read. Is the stick still plugged in?");
	if (target_open(&in->target, &disk) != 0)
		why = N_("The disk cannot be opened: something uses it. Nothing was written.");
	else
		why = write_to(in, image, disk);
	close(image);
	if (disk >= 0 && close(disk) != 0 && why == NULL)
		why = N_("The disk could not be written: it may be broken. Try another one.");
	return why;
}

/* An image is packed with a window of 256 MiB. lobby-system.service allows for it; a unit with a lower bound of its own
 * is asked to. */
static int work(void *arg)
{
	const struct system *sys = arg;
	const char *const more[] = { sys->options.power,     "set-property",   "--runtime",
				     "lobby-system.service", "MemoryMax=640M", NULL };
	const char *why;

	helper_run(more, NULL, 0, MEMORY_MS);
	why = write_disk(sys->install);
	if (why != NULL)
		worker_say("f%s", why);
	return why == NULL ? 0 : 1;
}

/* ---- writing: what is told of it ---- */

static void set_stage(struct install *in, lobby_InstallStage stage, const char *text)
{
	in->state.stage = stage;
	in->state.percent = in->state.seconds_left = 0;
	in->began_ms = clock_mono_ms();
	text_copy(in->state.text, sizeof(in->state.text), text);
}

static void on_line(void *owner, const char *line)
{
	struct system *sys = owner;
	struct install *in = sys->install;
	lobby_InstallStage stage =
		line[0] == 'r' ? lobby_InstallStage_INSTALL_READING : lobby_InstallStage_INSTALL_WRITING;
	int64_t percent, since;

	if (line[0] == 'f') {
		text_copy(in->state.text, sizeof(in->state.text), line + 1);
		return;
	}
	if (stage != in->state.stage)
		set_stage(in, stage, "");
	percent = strtol(line + 1, NULL, 10);
	if (percent < 0 || percent > 100)
		return;
	since = clock_mono_ms() - in->began_ms;
	in->state.percent = (uint32_t)percent;
	in->state.seconds_left = percent >= 2 ? (uint32_t)(since * (100 - percent) / percent / 1000 + 1) : 0;
	system_changed(sys);
}

static void on_done(void *owner, int status)
{
	static const char broke[] =
		N_("It stopped in the middle: the machine has too little memory, or the stick was taken "
		   "out. Start again.");
	struct system *sys = owner;
	struct install *in = sys->install;
	char text[sizeof(in->state.text)];

	text_copy(text, sizeof(text), in->state.text[0] != '\0' ? in->state.text : broke);
	if (status == 0)
		set_stage(in, lobby_InstallStage_INSTALL_DONE, "");
	else
		set_stage(in, lobby_InstallStage_INSTALL_FAILED, text);
	log_event(status == 0 ? LOG_NOTICE : LOG_ERROR, "install-end", "disk=%s status=%d text=\"%s\"",
		  in->state.chosen, status, in->state.text);
	if (status != 0)
		look_again(sys);
	system_changed(sys);
}

/* ---- commands ---- */

static void look_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	look_for_image(sys);
	look_again(sys);
	system_answer(conn, command, 0, "");
}

static void begin(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	struct install *in = sys->install;
	lobby_InstallDisk disk = lobby_InstallDisk_init_zero;
	int err;

	if (in->state.version[0] == '\0') {
		system_answer(conn, command, LOBBY_ERR_INVALID, in->state.text);
	} else if (strchr(command->path, '/') != NULL || !look_at_disk(sys, command->path, &disk, &in->target)) {
		system_answer(conn, command, LOBBY_ERR_INVALID,
			      disk.why_not[0] != '\0' ? disk.why_not : N_("There is no such disk in this machine."));
	} else if ((err = worker_start(&in->worker, sys->loop, WRITE_MS, work, sys, on_line, on_done, sys)) != 0) {
		system_answer(conn, command, err, NULL);
	} else {
		loop_timer_cancel(sys->loop, &in->look);
		text_copy(in->state.chosen, sizeof(in->state.chosen), disk.name);
		set_stage(in, lobby_InstallStage_INSTALL_WRITING, "");
		log_event(LOG_NOTICE, "install-begin", "disk=%s version=%s", disk.name, in->state.version);
		system_changed(sys);
		system_answer(conn, command, 0, "");
	}
}

void install_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	if (sys->install == NULL)
		system_answer(conn, command, LOBBY_ERR_INVALID,
			      N_("This machine was not started from an installer's stick."));
	else if (worker_runs(&sys->install->worker))
		system_answer(conn, command, LOBBY_ERR_BUSY, N_("A disk is being written."));
	else if (command->path[0] == '\0')
		look_command(sys, conn, command);
	else
		begin(sys, conn, command);
}

/* ---- the part ---- */

int install_init(struct system *sys)
{
	if (!sys->boot.installer)
		return 0;
	sys->install = calloc(1, sizeof(*sys->install));
	if (sys->install == NULL)
		return LOBBY_ERR_NO_MEMORY;
	look_for_image(sys);
	look_again(sys);
	return 0;
}

void install_fini(struct system *sys)
{
	if (sys->install == NULL)
		return;
	worker_stop(&sys->install->worker);
	loop_timer_cancel(sys->loop, &sys->install->look);
	flash_manifest_free(&sys->install->manifest);
	free(sys->install);
	sys->install = NULL;
}

void install_fill(struct system *sys, lobby_SystemState *state)
{
	state->has_install = sys->install != NULL;
	if (sys->install != NULL)
		state->install = sys->install->state;
}
