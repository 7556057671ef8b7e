/* See panel.h. A line counts if its whole value makes sense: letters, digits and dashes for a connector, two numbers
 * for a mode, one of four for the rotation. */
#include "panel.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 512
#define LINE_SIZE 64

static bool is_rotation(uint32_t degrees)
{
	return degrees == 0 || degrees == 90 || degrees == 180 || degrees == 270;
}

/* Of a connector's name, and of a language's tag. */
static bool is_name(const char *name)
{
	return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

bool panel_is_language(const char *language)
{
	return is_name(language) && strlen(language) < PANEL_LANGUAGE_SIZE;
}

static bool is_mode(const char *mode)
{
	size_t width = strspn(mode, "0123456789");
	size_t height = mode[width] == 'x' ? strspn(mode + width + 1, "0123456789") : 0;

	return width >= 3 && width <= 5 && height >= 3 && height <= 5 && mode[width + 1 + height] == '\0';
}

lobby_Panel panel_clean(const lobby_Panel *panel)
{
	lobby_Panel clean = { 0 };

	if (is_rotation(panel->rotation))
		clean.rotation = panel->rotation;
	if (is_name(panel->connector))
		text_copy(clean.connector, sizeof(clean.connector), panel->connector);
	if (is_mode(panel->mode))
		text_copy(clean.mode, sizeof(clean.mode), panel->mode);
	return clean;
}

static void take_panel(lobby_Panel *panel, const char *name, const char *value)
{
	char *end;

	if (strcmp(name, "rotation") == 0) {
		unsigned long degrees = strtoul(value, &end, 10);

		if (*value >= '0' && *value <= '9' && *end == '\0' && degrees <= 270 && is_rotation((uint32_t)degrees))
			panel->rotation = (uint32_t)degrees;
	} else if (strcmp(name, "connector") == 0 && is_name(value) && strlen(value) < sizeof(panel->connector)) {
		text_copy(panel->connector, sizeof(panel->connector), value);
	} else if (strcmp(name, "mode") == 0 && is_mode(value)) {
		text_copy(panel->mode, sizeof(panel->mode), value);
	}
}

/* The next line from *at on, as name and value in line; false at the end. What is no such line has an empty name: it is
 * longer than any of ours, or holds a NUL. */
static bool next_line(const char *text, size_t len, size_t *at, char line[LINE_SIZE], char **value)
{
	const char *end = *at < len ? memchr(text + *at, '\n', len - *at) : NULL;
	size_t n = end != NULL ? (size_t)(end - text) - *at : len - *at;

	if (*at >= len)
		return false;
	line[0] = '\0';
	*value = line;
	if (n < LINE_SIZE && memchr(text + *at, '\0', n) == NULL) {
		memcpy(line, text + *at, n);
		line[n] = '\0';
	}
	*at += n + 1;
	end = strchr(line, '=');
	if (end == NULL) {
		line[0] = '\0';
		return true;
	}
	*value = line + (end - line) + 1;
	(*value)[-1] = '\0';
	*value = text_trim(*value);
	return true;
}

lobby_Panel panel_parse(const char *text, size_t len)
{
	lobby_Panel panel = { 0 };
	char line[LINE_SIZE], *value;
	size_t at = 0;

	while (next_line(text, len, &at, line, &value))
		take_panel(&panel, text_trim(line), value);
	return panel;
}

void panel_language(const char *text, size_t len, char out[PANEL_LANGUAGE_SIZE])
{
	char line[LINE_SIZE], *value;
	size_t at = 0;

	out[0] = '\0';
	while (next_line(text, len, &at, line, &value))
		if (strcmp(text_trim(line), "language") == 0 && panel_is_language(value))
			text_copy(out, PANEL_LANGUAGE_SIZE, value);
}

lobby_Panel panel_read(const char *path)
{
	lobby_Panel panel = { 0 };
	char *text;
	size_t len;

	if (file_read(path, FILE_MAX, &text, &len) != 0)
		return panel;
	panel = panel_parse(text, len);
	free(text);
	return panel;
}

bool panel_is_same(const lobby_Panel *a, const lobby_Panel *b)
{
	return a->rotation == b->rotation && strcmp(a->connector, b->connector) == 0 && strcmp(a->mode, b->mode) == 0;
}

double panel_px_per_mm(int width_px, int height_px, unsigned width_mm, unsigned height_mm)
{
	double across, down;

	if (width_mm < 60 || height_mm < 40 || width_mm > 3000 || height_mm > 3000)
		return 0;
	across = (double)width_px / width_mm;
	down = (double)height_px / height_mm;
	if (across < 1 || across > 20 || across > 1.2 * down || down > 1.2 * across)
		return 0;
	return across;
}
