/* See slots.h. All plans are one: what each slot's one entry should be, and the steps there from what is seen. */
#include "slots.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "lobby-"
#define SUFFIX ".conf"
#define UNFINISHED ".conf.new" /* file_replace()'s */
#define MAX_COUNT 9999	       /* the loader goes on counting the failed ones */
#define MAX_ENTRY 4096

/* What a slot's one entry should be. */
struct wanted {
	bool there;
	int left;
	int done;
	int sort;
	char version[VERSION_SIZE];
};

int slots_of_name(const char *name)
{
	return strcmp(name, "a") == 0 ? 0 : strcmp(name, "b") == 0 ? 1 : -1;
}

const char *slots_name(int slot)
{
	return slot == 0 ? "a" : slot == 1 ? "b" : "";
}

/* ---- seeing ---- */

/* Up to two digits; -1 if there is no number. */
static int take_number(const char **at)
{
	int value = 0, digits = 0;

	for (; **at >= '0' && **at <= '9' && digits < 4; (*at)++, digits++)
		value = value * 10 + (**at - '0');
	return digits == 0 || value > MAX_COUNT ? -1 : value;
}

static bool parse_name(const char *name, struct slots_file *file)
{
	const char *at;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || strlen(name) >= SLOTS_NAME)
		return false;
	at = name + strlen(PREFIX);
	if (*at != 'a' && *at != 'b')
		return false;
	file->slot = *at++ - 'a';
	file->left = -1;
	file->done = 0;
	if (*at == '+') {
		at++;
		file->left = take_number(&at);
		if (file->left < 0)
			return false;
		if (*at == '-') {
			at++;
			file->done = take_number(&at);
			if (file->done < 0)
				return false;
		}
	}
	if (strcmp(at, UNFINISHED) == 0)
		file->slot = -1;
	else if (strcmp(at, SUFFIX) != 0)
		return false;
	text_copy(file->name, sizeof(file->name), name);
	return true;
}

/* "KEY value" on a line of its own. */
static bool take_value(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		size_t value_len;

		line += *line == '\n';
		if (strncmp(line, key, len) != 0 || (line[len] != ' ' && line[len] != '\t'))
			continue;
		line += len + strspn(line + len, " \t");
		value_len = strcspn(line, "\r\n");
		return value_len < size && text_copy_n(out, size, line, value_len);
	}
	return false;
}

void slots_see(struct slots_seen *seen, const char *name, const char *text, size_t len)
{
	struct slots_file *file;
	char copy[MAX_ENTRY + 1] = "", right[SLOTS_TEXT], sort[8] = "";

	if (seen->count == SLOTS_FILES)
		return;
	file = &seen->file[seen->count];
	*file = (struct slots_file){ 0 };
	if (!parse_name(name, file))
		return;
	seen->count++;
	if (len > MAX_ENTRY)
		len = MAX_ENTRY;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!take_value(copy, "version", file->version, sizeof(file->version)) || !version_is_valid(file->version))
		file->version[0] = '\0';
	if (take_value(copy, "sort-key", sort, sizeof(sort)))
		file->sort = (int)strtol(sort, NULL, 10);
	slots_text(right, file->slot, file->sort, file->version);
	file->whole = strlen(right) == len && memcmp(right, copy, len) == 0;
}

/* The loader's order: negative if a comes before b. */
static int compare(const struct slots_file *a, const struct slots_file *b)
{
	if ((a->left == 0) != (b->left == 0))
		return a->left == 0 ? 1 : -1;
	/* What has a sort-key comes before what has none. */
	if ((a->sort == 0) != (b->sort == 0))
		return a->sort == 0 ? 1 : -1;
	if (a->sort != b->sort)
		return a->sort < b->sort ? -1 : 1;
	if (version_compare(a->version, b->version) != 0)
		return -version_compare(a->version, b->version);
	if (a->slot != b->slot)
		return b->slot - a->slot;
	if (a->left != b->left)
		return b->left - a->left;
	return a->done - b->done;
}

const struct slots_file *slots_file_of(const struct slots_seen *seen, int slot)
{
	const struct slots_file *best = NULL;

	for (int i = 0; i < seen->count; i++)
		if (seen->file[i].slot == slot && (best == NULL || compare(&seen->file[i], best) < 0))
			best = &seen->file[i];
	return best;
}

bool slots_starts(const struct slots_seen *seen, int slot)
{
	const struct slots_file *file = slots_file_of(seen, slot);

	return file != NULL && file->left != 0;
}

int slots_next(const struct slots_seen *seen)
{
	const struct slots_file *a = slots_file_of(seen, 0), *b = slots_file_of(seen, 1);
	const struct slots_file *first = a == NULL ? b : b == NULL ? a : compare(a, b) < 0 ? a : b;

	return first == NULL || first->left == 0 ? -1 : first->slot;
}

/* ---- planning ---- */

void slots_text(char out[SLOTS_TEXT], int slot, int sort, const char *version)
{
	snprintf(out, SLOTS_TEXT, "title Lobby %s (%s)\nversion %s\nsort-key %d\nefi /EFI/lobby/%s.efi\n", version,
		 slots_name(slot), version, sort, slots_name(slot));
}

static void name_of(char out[SLOTS_NAME], int slot, const struct wanted *w)
{
	if (w->left < 0)
		snprintf(out, SLOTS_NAME, PREFIX "%s" SUFFIX, slots_name(slot));
	else if (w->done > 0)
		snprintf(out, SLOTS_NAME, PREFIX "%s+%d-%d" SUFFIX, slots_name(slot), w->left, w->done);
	else
		snprintf(out, SLOTS_NAME, PREFIX "%s+%d" SUFFIX, slots_name(slot), w->left);
}

/* As it is. */
static void want_kept(const struct slots_seen *seen, struct wanted wanted[SLOTS])
{
	for (int slot = 0; slot < SLOTS; slot++) {
		const struct slots_file *file = slots_file_of(seen, slot);

		wanted[slot] = (struct wanted){ .sort = SLOTS_SECOND };
		if (file == NULL)
			continue;
		wanted[slot] = (struct wanted){ true, file->left, file->done, file->sort, "" };
		memcpy(wanted[slot].version, file->version, sizeof(file->version));
	}
}

static void want_tries(struct wanted *w, int left)
{
	w->there = true;
	w->left = left;
	w->done = 0;
}

static void want_first(struct wanted wanted[SLOTS], int slot)
{
	wanted[slot].sort = SLOTS_FIRST;
	wanted[1 - slot].sort = SLOTS_SECOND;
}

static void add(struct slots_plan *plan, bool remove, const char *name, const char *text)
{
	struct slots_step *step;

	if (plan->count == SLOTS_STEPS)
		return;
	step = &plan->step[plan->count++];
	step->remove = remove;
	text_copy(step->name, sizeof(step->name), name);
	text_copy(step->text, sizeof(step->text), text);
}

static bool is_there(const struct slots_seen *seen, int slot, const struct wanted *w, const char *name)
{
	for (int i = 0; i < seen->count; i++) {
		const struct slots_file *f = &seen->file[i];

		if (f->slot == slot && strcmp(f->name, name) == 0)
			return f->whole && f->sort == w->sort && strcmp(f->version, w->version) == 0;
	}
	return false;
}

static void plan_steps(const struct slots_seen *seen, const struct wanted wanted[SLOTS], struct slots_plan *plan)
{
	char names[SLOTS][SLOTS_NAME] = { "", "" }, text[SLOTS_TEXT];

	plan->count = 0;
	/* The first choice goes first: an entry that gets a sort-key comes before all that have none. */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < SLOTS; i++) {
			int slot = wanted[1].sort < wanted[0].sort ? 1 - i : i;
			const struct wanted *w = &wanted[slot];

			if (!w->there || (pass == 0) != (w->left != 0))
				continue;
			name_of(names[slot], slot, w);
			slots_text(text, slot, w->sort, w->version);
			if (!is_there(seen, slot, w, names[slot]))
				add(plan, false, names[slot], text);
		}
	}
	for (int i = 0; i < seen->count; i++) {
		const struct slots_file *f = &seen->file[i];

		if (f->slot < 0 || strcmp(f->name, names[f->slot]) != 0)
			add(plan, true, f->name, "");
	}
}

void slots_plan_good(const struct slots_seen *seen, int slot, const char *version, struct slots_plan *plan)
{
	struct wanted wanted[SLOTS];

	want_kept(seen, wanted);
	want_tries(&wanted[slot], SLOTS_TRIES);
	text_copy(wanted[slot].version, sizeof(wanted[slot].version), version);
	want_first(wanted, slots_starts(seen, 1 - slot) ? slots_next(seen) : slot);
	plan_steps(seen, wanted, plan);
}

void slots_plan_primary(const struct slots_seen *seen, int slot, struct slots_plan *plan)
{
	struct wanted wanted[SLOTS];

	want_kept(seen, wanted);
	want_tries(&wanted[slot], SLOTS_TRIES);
	want_first(wanted, slot);
	plan_steps(seen, wanted, plan);
}

int slots_plan_bad(const struct slots_seen *seen, int slot, struct slots_plan *plan)
{
	struct wanted wanted[SLOTS];

	if (!slots_starts(seen, 1 - slot))
		return LOBBY_ERR_FORBIDDEN;
	want_kept(seen, wanted);
	want_tries(&wanted[slot], 0);
	plan_steps(seen, wanted, plan);
	return 0;
}

void slots_plan_write(const struct slots_seen *seen, int running, const char *running_version, const char *version,
		      struct slots_plan *plan)
{
	struct wanted wanted[SLOTS];

	want_kept(seen, wanted);
	want_tries(&wanted[running], SLOTS_TRIES);
	want_tries(&wanted[1 - running], 0);
	want_first(wanted, running);
	text_copy(wanted[running].version, VERSION_SIZE, running_version);
	text_copy(wanted[1 - running].version, VERSION_SIZE, version);
	plan_steps(seen, wanted, plan);
}

/* ---- files ---- */

int slots_read(const char *esp, struct slots_seen *seen)
{
	char folder[PATH_MAX], path[PATH_MAX], *text;
	struct dirent *entry;
	size_t len;
	DIR *dir;

	if (snprintf(folder, sizeof(folder), "%s/" SLOTS_ENTRIES, esp) >= (int)sizeof(folder))
		return LOBBY_ERR_TOO_LONG;
	dir = opendir(folder);
	if (dir == NULL)
		return LOBBY_ERR_NOT_FOUND;
	seen->count = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path))
			continue;
		/* One that cannot be read is seen as an empty one, and so rewritten or removed. */
		if (file_read(path, MAX_ENTRY, &text, &len) == 0) {
			slots_see(seen, entry->d_name, text, len);
			free(text);
		} else {
			slots_see(seen, entry->d_name, "", 0);
		}
	}
	closedir(dir);
	return 0;
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd >= 0 && fsync(fd) == 0 ? 0 : LOBBY_ERR_IO;

	if (fd >= 0)
		close(fd);
	return err;
}

int slots_apply(const char *esp, const struct slots_plan *plan)
{
	char folder[PATH_MAX], path[PATH_MAX];

	if (snprintf(folder, sizeof(folder), "%s/" SLOTS_ENTRIES, esp) >= (int)sizeof(folder))
		return LOBBY_ERR_TOO_LONG;
	for (int i = 0; i < plan->count; i++) {
		const struct slots_step *step = &plan->step[i];
		int err;

		if (snprintf(path, sizeof(path), "%s/%s", folder, step->name) >= (int)sizeof(path))
			return LOBBY_ERR_TOO_LONG;
		if (step->remove)
			err = unlink(path) == 0 || errno == ENOENT ? sync_folder(folder) : LOBBY_ERR_IO;
		else
			err = file_replace(path, step->text, strlen(step->text), 0600);
		if (err != 0)
			return err;
	}
	return 0;
}
