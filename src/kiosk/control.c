/* See control.h. */
#include "control.h"

#include "app.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CLIENTS 8
#define MAX_LINE 512

struct client {
	int fd; /* -1: free */
	char line[MAX_LINE];
	size_t len;
	char until[MAX_LINE]; /* what it waits for: "screen NAME" or "text TEXT"; "" nothing */
};

struct control {
	struct app *app;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client clients[MAX_CLIENTS];
};

static void hang_up(struct control *control, struct client *client)
{
	loop_fd_remove(control->app->loop, client->fd);
	close(client->fd);
	*client = (struct client){ .fd = -1 };
}

static void answer(struct client *client, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = send(client->fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* ---- commands ---- */

static void tell_dump(struct app *app, struct client *client, bool geometry, bool check)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	if (check)
		fprintf(out, "%d\n", ui_check(app->ui, out));
	else
		ui_dump(app->ui, out, geometry);
	fclose(out);
	answer(client, text);
	free(text);
}

static bool press(struct app *app, const char *name)
{
	struct ui_event event = ui_press(app->ui, name);

	if (event.kind == UI_EVENT_NONE)
		return false;
	app_ui_event(app, &event);
	return true;
}

static bool type(struct app *app, const char *text)
{
	char one[2] = "";

	/* As a person does: the screen reacts to each character. */
	for (; *text != '\0'; text++) {
		struct ui_event event;

		one[0] = *text;
		event = ui_type(app->ui, one);
		if (event.kind == UI_EVENT_NONE)
			return false;
		app_ui_event(app, &event);
		app_refresh(app);
	}
	return true;
}

static bool key(struct app *app, const char *name)
{
	SDL_Event event = { .type = SDL_KEYDOWN };
	struct ui_event happened;

	event.key.keysym.sym = SDL_GetKeyFromName(name);
	event.key.keysym.mod = strncmp(name, "Shift+", 6) == 0 ? KMOD_LSHIFT : KMOD_NONE;
	if (event.key.keysym.mod != KMOD_NONE)
		event.key.keysym.sym = SDL_GetKeyFromName(name + 6);
	if (event.key.keysym.sym == SDLK_UNKNOWN)
		return false;
	happened = ui_handle(app->ui, &event);
	app_ui_event(app, &happened);
	event.type = SDL_KEYUP;
	happened = ui_handle(app->ui, &event);
	app_ui_event(app, &happened);
	return true;
}

static bool touch(struct app *app, const char *where)
{
	SDL_Event event = { .type = SDL_MOUSEBUTTONDOWN };
	struct ui_event happened;
	char *end;

	event.button.button = SDL_BUTTON_LEFT;
	event.button.x = (Sint32)strtol(where, &end, 10);
	event.button.y = (Sint32)strtol(end, &end, 10);
	ui_handle(app->ui, &event);
	app_refresh(app);
	event.type = SDL_MOUSEBUTTONUP;
	happened = ui_handle(app->ui, &event);
	app_ui_event(app, &happened);
	return happened.kind != UI_EVENT_NONE;
}

static bool look(struct app *app, struct client *client, const char *what)
{
	char text[4096];

	if (strcmp(what, "tree") == 0 || strcmp(what, "geometry") == 0 || strcmp(what, "check") == 0) {
		tell_dump(app, client, what[0] == 'g', what[0] == 'c');
		return true;
	}
	if (strcmp(what, "screen") == 0)
		snprintf(text, sizeof(text), "%s", flow_screen_name(app->screen));
	else if (strcmp(what, "speech") == 0)
		ui_speech_screen(app->ui, text, sizeof(text));
	else if (strcmp(what, "focus") == 0)
		ui_speech_focus(app->ui, text, sizeof(text));
	else if (strcmp(what, "frames") == 0)
		snprintf(text, sizeof(text), "%u", app->window.presented);
	else if (strcmp(what, "display") == 0)
		window_describe(&app->window, text, sizeof(text));
	else if (strcmp(what, "held") == 0)
		snprintf(text, sizeof(text), "%d", app->pending != PENDING_NOTHING);
	else
		return false;
	answer(client, text);
	answer(client, "\n");
	return true;
}

/* The lines of the setting's file, in one. */
static void set_panel(struct app *app, const char *value)
{
	char text[MAX_LINE];
	lobby_Panel panel;

	snprintf(text, sizeof(text), "%s", value);
	for (char *at = text; (at = strchr(at, ' ')) != NULL;)
		*at = '\n';
	panel = panel_parse(text, strlen(text));
	window_set_panel(&app->window, &panel);
}

static bool set(struct app *app, const char *what, const char *value)
{
	if (strcmp(what, "size") == 0)
		app->size = (enum ui_size)(strtoul(value, NULL, 10) % UI_SIZE_COUNT);
	else if (strcmp(what, "theme") == 0)
		app->theme = (enum ui_theme)(strtoul(value, NULL, 10) % UI_THEME_COUNT);
	else if (strcmp(what, "language") == 0)
		app_set_language(app, value);
	else if (strcmp(what, "panel") == 0)
		set_panel(app, value);
	else
		return false;
	app->dirty = true;
	return true;
}

/* True if the answer is already complete; false if the client waits. */
static bool run(struct app *app, struct client *client, char *line)
{
	char *value = strchr(line, ' ');
	bool ok;

	if (value != NULL)
		*value++ = '\0';
	else
		value = line + strlen(line);
	if (strcmp(line, "until") == 0 || strcmp(line, "until-text") == 0) {
		snprintf(client->until, sizeof(client->until), "%s %s", line[5] ? "text" : "screen", value);
		return false;
	}
	if (strcmp(line, "press") == 0)
		ok = press(app, value);
	else if (strcmp(line, "type") == 0)
		ok = type(app, value);
	else if (strcmp(line, "key") == 0)
		ok = key(app, value);
	else if (strcmp(line, "touch") == 0)
		ok = touch(app, value);
	else if (strcmp(line, "hold") == 0)
		ok = (technician_hold(app), app->technician.hold.armed);
	else if (strcmp(line, "png") == 0)
		ok = ui_write_png(app->window.surface, value) == 0;
	else
		ok = look(app, client, line) || set(app, line, value);
	app_refresh(app);
	answer(client, ok ? "ok\n" : "error not possible here\n");
	return true;
}

/* ---- clients ---- */

static void on_line(struct control *control, struct client *client)
{
	char *end;

	while (client->fd >= 0 && client->until[0] == '\0' && (end = memchr(client->line, '\n', client->len)) != NULL) {
		char line[MAX_LINE];
		size_t taken = (size_t)(end - client->line) + 1;

		snprintf(line, sizeof(line), "%.*s", (int)(taken - 1), client->line);
		client->len -= taken;
		memmove(client->line, client->line + taken, client->len);
		run(control->app, client, line);
	}
	control_look(control->app);
}

static void on_client(void *arg, int fd, short revents)
{
	struct control *control = arg;

	(void)revents;
	for (int i = 0; i < MAX_CLIENTS; i++) {
		struct client *client = &control->clients[i];
		ssize_t n;

		if (client->fd != fd)
			continue;
		n = recv(fd, client->line + client->len, sizeof(client->line) - client->len, 0);
		if (n <= 0) {
			hang_up(control, client);
			return;
		}
		client->len += (size_t)n;
		on_line(control, client);
	}
}

static void on_accept(void *arg, int fd, short revents)
{
	struct control *control = arg;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)revents;
	for (int i = 0; peer >= 0 && i < MAX_CLIENTS; i++) {
		if (control->clients[i].fd >= 0)
			continue;
		if (loop_fd_add(control->app->loop, peer, POLLIN, on_client, control) != 0)
			break;
		control->clients[i] = (struct client){ .fd = peer };
		return;
	}
	if (peer >= 0)
		close(peer);
}

static bool tree_has(struct app *app, const char *wanted)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool found;

	if (out == NULL)
		return false;
	ui_dump(app->ui, out, false);
	fclose(out);
	found = strstr(text, wanted) != NULL;
	free(text);
	return found;
}

void control_look(struct app *app)
{
	struct control *control = app->control;

	for (int i = 0; control != NULL && i < MAX_CLIENTS; i++) {
		struct client *client = &control->clients[i];
		const char *wanted;

		if (client->fd < 0 || client->until[0] == '\0')
			continue;
		wanted = strchr(client->until, ' ') + 1;
		if (client->until[0] == 's'
			    ? app->pending == PENDING_NOTHING && strcmp(wanted, flow_screen_name(app->screen)) == 0
			    : tree_has(app, wanted)) {
			client->until[0] = '\0';
			answer(client, "ok\n");
			on_line(control, client);
		}
	}
}

int control_start(struct app *app, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct control *control = calloc(1, sizeof(*control));
	mode_t mask = umask(0077);

	if (control == NULL)
		return LOBBY_ERR_NO_MEMORY;
	control->app = app;
	for (int i = 0; i < MAX_CLIENTS; i++)
		control->clients[i].fd = -1;
	snprintf(control->path, sizeof(control->path), "%s", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control->fd < 0 || bind(control->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(control->fd, MAX_CLIENTS) != 0 ||
	    loop_fd_add(app->loop, control->fd, POLLIN, on_accept, control) != 0) {
		umask(mask);
		if (control->fd >= 0)
			close(control->fd);
		free(control);
		return LOBBY_ERR_IO;
	}
	umask(mask);
	app->control = control;
	return 0;
}

void control_stop(struct app *app)
{
	struct control *control = app->control;

	if (control == NULL)
		return;
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			hang_up(control, &control->clients[i]);
	loop_fd_remove(app->loop, control->fd);
	close(control->fd);
	unlink(control->path);
	free(control);
	app->control = NULL;
}
