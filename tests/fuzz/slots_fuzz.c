/* Any bytes as what the boot partition and RAUC say: the first line is a file's name, the rest its text; and all of it
 * is RAUC's output. Whatever is seen, every plan fits, and what it leaves can be started if it could before. */
#include "system/info.h"
#include "system/slots.h"

#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void see(struct slots_seen *seen, const char *text, size_t len)
{
	while (len > 0) {
		const char *newline = memchr(text, '\n', len), *end = memchr(text, '\f', len);
		size_t whole = end != NULL ? (size_t)(end - text) : len, line;
		char name[300];

		line = newline != NULL && newline < text + whole ? (size_t)(newline - text) : whole;
		text_copy_n(name, sizeof(name), text, line);
		line += line < whole;
		slots_see(seen, name, text + line, whole - line);
		whole += whole < len;
		text += whole;
		len -= whole;
	}
}

/* What is seen after the plan. */
static struct slots_seen after(const struct slots_seen *seen, const struct slots_plan *plan)
{
	struct slots_seen next = { .count = 0 };

	for (int i = 0; i < seen->count; i++) {
		bool kept = true;

		for (int j = 0; j < plan->count; j++)
			kept = kept && strcmp(seen->file[i].name, plan->step[j].name) != 0;
		if (kept)
			next.file[next.count++] = seen->file[i];
	}
	for (int j = 0; j < plan->count; j++)
		if (!plan->step[j].remove)
			slots_see(&next, plan->step[j].name, plan->step[j].text, strlen(plan->step[j].text));
	return next;
}

static void plan_all(const struct slots_seen *seen)
{
	static struct slots_plan plan;
	struct slots_seen next;

	for (int slot = 0; slot < SLOTS; slot++) {
		slots_plan_primary(seen, slot, &plan);
		next = after(seen, &plan);
		assert(slots_next(&next) == slot);
		slots_plan_write(seen, slot, "0.1.0", "0.2.0", &plan);
		next = after(seen, &plan);
		assert(slots_next(&next) == slot && !slots_starts(&next, 1 - slot));
		slots_plan_good(seen, slot, "0.1.0", &plan);
		next = after(seen, &plan);
		assert(slots_starts(&next, slot));
		if (slots_plan_bad(seen, slot, &plan) != 0)
			continue;
		next = after(seen, &plan);
		assert(slots_next(&next) == 1 - slot);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct slots_seen seen = { .count = 0 };
	struct info_bundle bundle;
	char *text = malloc(len + 1), reason[INFO_REASON], words[INFO_TEXT];

	assert(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	see(&seen, text, len);
	plan_all(&seen);
	if (info_parse(text, &bundle) == 0)
		assert(version_is_valid(bundle.version));
	assert(info_percent(text) <= 100);
	info_reason(text, reason);
	info_explain(reason, words);
	assert(strlen(words) > 0);
	free(text);
	return 0;
}
