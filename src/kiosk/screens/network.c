/* The network in plain words: is the cable in, has it an address; which wireless network; an address by hand for those
 * who need it. What lobby-system answers to a change stands above the heading, as shell.c puts it. */
#include "screens.h"

#include "base/text.h"
#include "kiosk/app.h"
#include "kiosk/words.h"

#include <stdio.h>
#include <string.h>

#define SSID "ssid"
#define PASSPHRASE "passphrase"
#define ADDRESS "address"
#define GATEWAY "gateway"
#define DNS "dns"
#define PASSPHRASE_LEAST 8 /* WPA2: IEEE 802.11-2020, J.4 */

static bool sent(struct app *app, lobby_Network *network)
{
	lobby_SystemCommand command = { .what = lobby_SystemDo_SYSTEM_SET_NETWORK, .has_network = true };
	bool ok;

	command.network = *network;
	ok = box_do(app, &command);
	explicit_bzero(&command, sizeof(command));
	explicit_bzero(network, sizeof(*network));
	return ok;
}

static void answer_changed(struct app *app, lobby_SystemDo what, int err)
{
	if (what == lobby_SystemDo_SYSTEM_SET_NETWORK && err == 0)
		app_fire(app, FLOW_CONTINUE);
}

/* ---- how it stands ---- */

static const char *why_not(lobby_LinkTrouble trouble)
{
	switch (trouble) {
	case lobby_LinkTrouble_LINK_PASSPHRASE:
		return _("Not connected: the Wi-Fi did not accept the passphrase");
	case lobby_LinkTrouble_LINK_AWAY:
		return _("Not connected: the Wi-Fi is not in reach");
	case lobby_LinkTrouble_LINK_REFUSED:
		return _("Not connected: the Wi-Fi turned this kiosk away. Is the passphrase right?");
	default:
		return _("Not connected");
	}
}

static void describe(const lobby_Link *link, char *out, size_t size)
{
	const char *const args[] = { link->address, link->ssid };
	bool cable = link->kind == lobby_LinkKind_LINK_CABLE;

	if (link->address[0] != '\0' && link->ssid[0] != '\0')
		words_fill(out, size, _("Connected to %2$s, with the address %1$s"), args, 2);
	else if (link->address[0] != '\0')
		words_fill(out, size, _("Connected, with the address %1$s"), args, 1);
	else if (link->up && cable)
		snprintf(out, size, "%s", _("Plugged in, but the network has given it no address yet"));
	else if (link->up)
		words_fill(out, size, _("Connected to %2$s, but without an address yet"), args, 2);
	else
		snprintf(out, size, "%s", cable ? _("No cable is plugged in") : why_not(link->trouble));
}

static void build_link(struct ui *ui, const lobby_Link *link, int number, bool needed, bool card)
{
	bool cable = link->kind == lobby_LinkKind_LINK_CABLE;
	bool good = link->address[0] != '\0';
	char name[16], id[32], text[200], title[64];

	snprintf(name, sizeof(name), "link-%d", number);
	if (card)
		ui_card_open(ui, name, "", UI_ROW, (struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-icon", name);
	if (card)
		ui_icon(ui, id, cable ? "network" : "wifi", (struct ui_opt){ 0 });
	snprintf(id, sizeof(id), "%s-words", name);
	ui_open(ui, id, UI_COLUMN, (struct ui_opt){ .grow = 1 });
	snprintf(title, sizeof(title), cable ? _("Cable (%s)") : _("Wi-Fi (%s)"), link->name);
	snprintf(id, sizeof(id), "%s-name", name);
	ui_text(ui, id, UI_STYLE_TITLE, title, (struct ui_opt){ 0 });
	describe(link, text, sizeof(text));
	snprintf(id, sizeof(id), "%s-state", name);
	ui_text(ui, id, UI_STYLE_BODY, text,
		(struct ui_opt){ .tone = good	  ? UI_SUCCESS
					 : needed ? UI_DANGER
						  : UI_QUIET,
				 .icon = good	  ? "check"
					 : needed ? "warning"
						  : "info" });
	ui_close(ui);
	if (card)
		ui_close(ui);
}

static void build_choices(const struct app *app, struct ui *ui)
{
	if (setup_link(app, lobby_LinkKind_LINK_WIRELESS) != NULL)
		ui_button(ui, "wireless", _("Choose a Wi-Fi"), (struct ui_opt){ .icon = "wifi" });
	if (app->box.state.link_count > 0)
		ui_button(ui, "by-hand", _("Enter an address"), (struct ui_opt){ .icon = "network" });
}

static void build_network(struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	bool setting_up = !app->technician.in, connected = false;
	/* On a flat panel in large letters cards and all the buttons would not be on one page. */
	bool crowded = app->landscape && app->size >= UI_SIZE_LARGE;

	for (pb_size_t i = 0; i < state->link_count; i++)
		connected = connected || state->link[i].address[0] != '\0';
	ui_heading(ui, _("Network"));
	if (state->link_count == 0)
		ui_text(ui, "none", UI_STYLE_BODY, _("This machine has no network that we know of."),
			(struct ui_opt){ .tone = UI_DANGER, .icon = "warning" });
	for (pb_size_t i = 0; i < state->link_count; i++)
		build_link(ui, &state->link[i], (int)i + 1, !connected, !crowded);
	if (crowded)
		build_choices(app, ui);
	ui_region(ui, UI_ACTIONS);
	if (setting_up)
		ui_button(ui, "continue", _("Continue"),
			  (struct ui_opt){ .tone = UI_STRONG, .icon = "arrow-forward", .icon_end = true });
	if (!crowded)
		build_choices(app, ui);
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_network(struct app *app, const struct ui_event *event)
{
	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "continue") == 0)
		app_fire(app, FLOW_CONTINUE);
	else if (strcmp(event->id, "wireless") == 0)
		app_fire(app, FLOW_WIRELESS);
	else if (strcmp(event->id, "by-hand") == 0)
		app_fire(app, FLOW_ADDRESS);
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

const struct screen screen_network = { .setup = 3,
				       .timeless = true,
				       .staff = true,
				       .idle_ms = SETUP_IDLE_MS,
				       .build = build_network,
				       .event = event_network };

/* ---- which wireless network ---- */

static void join(struct app *app, const char *ssid, const char *passphrase)
{
	const lobby_Link *link = setup_link(app, lobby_LinkKind_LINK_WIRELESS);
	lobby_Network network = { 0 };

	if (link == NULL)
		return;
	text_copy(network.name, sizeof(network.name), link->name);
	text_copy(network.ssid, sizeof(network.ssid), ssid);
	text_copy(network.passphrase, sizeof(network.passphrase), passphrase);
	sent(app, &network);
}

static void build_wireless(struct app *app, struct ui *ui)
{
	const lobby_SystemState *state = &app->box.state;
	char id[24], note[160];

	ui_heading(ui, _("Which Wi-Fi?"));
	if (state->wireless_count == 0 && app->box.asking)
		ui_text(ui, "looking", UI_STYLE_BODY, _("Looking for Wi-Fi networks in reach."),
			(struct ui_opt){ .tone = UI_QUIET });
	else if (state->wireless_count == 0)
		ui_text(ui, "none", UI_STYLE_BODY, _("None was found. You can type the name of one."),
			(struct ui_opt){ .tone = UI_QUIET });
	for (pb_size_t i = 0; i < state->wireless_count; i++) {
		const lobby_Wireless *w = &state->wireless[i];

		snprintf(id, sizeof(id), "wireless-%d", (int)i + 1);
		if (w->unfit)
			snprintf(note, sizeof(note), "%s", _("Not for kiosks: it asks for an account, or is too old"));
		else
			snprintf(note, sizeof(note), _("Signal %d %%"), (int)w->percent);
		ui_button(ui, id, w->ssid,
			  (struct ui_opt){ .icon = w->locked ? "lock" : "wifi",
					   .note = note,
					   .disabled = app->box.asking || w->unfit });
	}
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "other", _("Another one"), (struct ui_opt){ .tone = UI_STRONG });
	ui_button(ui, "look", _("Look again"), (struct ui_opt){ .icon = "start-over", .disabled = app->box.asking });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void choose(struct app *app, const lobby_Wireless *w)
{
	text_copy(app->setup.ssid, sizeof(app->setup.ssid), w->ssid);
	if (w->locked)
		app_fire(app, FLOW_TYPE);
	else
		join(app, w->ssid, "");
}

static void event_wireless(struct app *app, const struct ui_event *event)
{
	const lobby_SystemState *state = &app->box.state;
	char id[24];

	if (event->kind != UI_EVENT_PRESS)
		return;
	for (pb_size_t i = 0; i < state->wireless_count; i++) {
		snprintf(id, sizeof(id), "wireless-%d", (int)i + 1);
		if (strcmp(event->id, id) == 0) {
			choose(app, &state->wireless[i]);
			return;
		}
	}
	if (strcmp(event->id, "other") == 0) {
		app->setup.ssid[0] = '\0';
		app_fire(app, FLOW_TYPE);
	} else if (strcmp(event->id, "look") == 0) {
		box_do_plain(app, lobby_SystemDo_SYSTEM_LOOK_WIRELESS);
	} else if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	}
}

static void enter_wireless(struct app *app)
{
	if (app->box.state.wireless_count == 0)
		box_do_plain(app, lobby_SystemDo_SYSTEM_LOOK_WIRELESS);
}

const struct screen screen_wireless = { .setup = 3,
					.timeless = true,
					.staff = true,
					.idle_ms = SETUP_IDLE_MS,
					.enter = enter_wireless,
					.build = build_wireless,
					.event = event_wireless,
					.answer = answer_changed };

/* ---- its passphrase ---- */

static bool passphrase_ready(struct app *app)
{
	size_t len = strlen(ui_field_text(app->ui, PASSPHRASE));
	bool named = app->setup.ssid[0] != '\0' || ui_field_text(app->ui, SSID)[0] != '\0';

	return named && !app->box.asking && (len >= PASSPHRASE_LEAST || (len == 0 && app->setup.ssid[0] == '\0'));
}

static void build_passphrase(struct app *app, struct ui *ui)
{
	const struct setup *s = &app->setup;
	char text[128];

	if (s->ssid[0] != '\0')
		words_fill(text, sizeof(text), _("Passphrase of %1$s"), (const char *const[]){ s->ssid }, 1);
	else
		snprintf(text, sizeof(text), "%s", _("Name and passphrase"));
	ui_heading(ui, text);
	if (s->ssid[0] == '\0')
		ui_field(ui, SSID, _("Name of the Wi-Fi"), UI_FIELD_SECRET, 32, NULL, NULL, (struct ui_opt){ 0 });
	ui_field(ui, PASSPHRASE, _("Passphrase"), UI_FIELD_SECRET, 63, NULL, NULL,
		 (struct ui_opt){ .secret = !s->show });
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "join", _("Connect"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !passphrase_ready(app) });
	ui_button(ui, "show", s->show ? _("Hide it") : _("Show it"), (struct ui_opt){ 0 });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_passphrase(struct app *app, const struct ui_event *event)
{
	const struct setup *s = &app->setup;

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "join") == 0 && passphrase_ready(app))
		join(app, s->ssid[0] != '\0' ? s->ssid : ui_field_text(app->ui, SSID),
		     ui_field_text(app->ui, PASSPHRASE));
	else if (strcmp(event->id, "show") == 0)
		app->setup.show = !s->show;
	else if (strcmp(event->id, "back") == 0)
		app_fire(app, FLOW_BACK);
}

static void enter_passphrase(struct app *app)
{
	ui_field_clear(app->ui, PASSPHRASE);
	ui_field_clear(app->ui, SSID);
	app->setup.show = false;
	ui_focus(app->ui, app->setup.ssid[0] != '\0' ? PASSPHRASE : SSID);
}

static void leave_passphrase(struct app *app)
{
	ui_field_clear(app->ui, PASSPHRASE);
}

const struct screen screen_passphrase = { .setup = 3,
					  .timeless = true,
					  .staff = true,
					  .idle_ms = SETUP_IDLE_MS,
					  .enter = enter_passphrase,
					  .build = build_passphrase,
					  .event = event_passphrase,
					  .answer = answer_changed,
					  .leave = leave_passphrase };

/* ---- an address by hand ---- */

/* The link to give it to: the cable, unless only the wireless one is there. */
static const lobby_Link *address_link(const struct app *app)
{
	const lobby_Link *cable = setup_link(app, lobby_LinkKind_LINK_CABLE);

	return cable != NULL ? cable : setup_link(app, lobby_LinkKind_LINK_WIRELESS);
}

/* Empty for DHCP, or with its network's length: lobby-system says what else is wrong. */
static bool address_ready(struct app *app)
{
	const char *address = ui_field_text(app->ui, ADDRESS);

	return !app->box.asking && address_link(app) != NULL && (address[0] == '\0' || strchr(address, '/') != NULL);
}

static void build_address(struct app *app, struct ui *ui)
{
	ui_heading(ui, _("Address"));
	ui_text(ui, "text", UI_STYLE_SMALL, _("Leave it empty to get one from the network (DHCP)."),
		(struct ui_opt){ .tone = UI_QUIET });
	ui_field(ui, ADDRESS, _("Address and length"), UI_FIELD_ADDRESS, 18, "192.0.2.7/24", NULL,
		 (struct ui_opt){ 0 });
	ui_field(ui, GATEWAY, _("Gateway"), UI_FIELD_ADDRESS, 15, "192.0.2.1", NULL, (struct ui_opt){ 0 });
	ui_field(ui, DNS, _("Name server"), UI_FIELD_ADDRESS, 15, "192.0.2.1", NULL, (struct ui_opt){ 0 });
	ui_region(ui, UI_PAD);
	ui_keyboard(ui);
	ui_region(ui, UI_ACTIONS);
	ui_button(ui, "save", _("Use it"), (struct ui_opt){ .tone = UI_STRONG, .disabled = !address_ready(app) });
	ui_button(ui, "back", _("Back"), (struct ui_opt){ .icon = "arrow-back" });
}

static void event_address(struct app *app, const struct ui_event *event)
{
	lobby_Network network = { 0 };

	if (event->kind != UI_EVENT_PRESS)
		return;
	if (strcmp(event->id, "back") == 0) {
		app_fire(app, FLOW_BACK);
	} else if (strcmp(event->id, "save") == 0 && address_ready(app)) {
		text_copy(network.name, sizeof(network.name), address_link(app)->name);
		text_copy(network.ssid, sizeof(network.ssid), address_link(app)->ssid);
		network.same_passphrase = true; /* which nobody here knows */
		text_copy(network.address, sizeof(network.address), ui_field_text(app->ui, ADDRESS));
		text_copy(network.gateway, sizeof(network.gateway), ui_field_text(app->ui, GATEWAY));
		text_copy(network.dns, sizeof(network.dns), ui_field_text(app->ui, DNS));
		sent(app, &network);
	}
}

static void enter_address(struct app *app)
{
	ui_focus(app->ui, ADDRESS);
}

const struct screen screen_address = { .setup = 3,
				       .timeless = true,
				       .staff = true,
				       .idle_ms = SETUP_IDLE_MS,
				       .enter = enter_address,
				       .build = build_address,
				       .event = event_address,
				       .answer = answer_changed };
