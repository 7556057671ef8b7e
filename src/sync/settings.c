/* See settings.h. */
#include "settings.h"

#include "wire/wire.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAX_JSON 16384

static void take_text(const json_t *json, const char *name, char *out, size_t size)
{
	const json_t *value = json_object_get(json, name);

	if (json_is_string(value) && text_is_clean(json_string_value(value), json_string_length(value)))
		text_copy(out, size, json_string_value(value));
}

static void take_number(const json_t *json, const char *name, uint32_t most, uint32_t *out)
{
	const json_t *value = json_object_get(json, name);

	if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= most)
		*out = (uint32_t)json_integer_value(value);
}

static void take_flag(const json_t *json, const char *name, bool *out)
{
	const json_t *value = json_object_get(json, name);

	if (json_is_boolean(value))
		*out = json_is_true(value);
}

static void take_languages(const json_t *json, lobby_Settings *settings)
{
	const json_t *list = json_object_get(json, "language");
	size_t most = sizeof(settings->language) / sizeof(settings->language[0]);
	pb_size_t count = 0;

	for (size_t i = 0; i < json_array_size(list) && count < most; i++) {
		const char *tag = json_string_value(json_array_get(list, i));

		if (tag != NULL && *tag != '\0' && strlen(tag) < sizeof(settings->language[0]))
			text_copy(settings->language[count++], sizeof(settings->language[0]), tag);
	}
	if (count > 0)
		settings->language_count = count;
}

void settings_of_json(const json_t *json, lobby_Settings *settings)
{
	lobby_Settings defaults, s;

	wire_settings_default(&defaults);
	s = defaults;
	take_text(json, "clinic_name", s.clinic_name, sizeof(s.clinic_name));
	take_text(json, "desk_location", s.desk_location, sizeof(s.desk_location));
	take_text(json, "scanner_hint", s.scanner_hint, sizeof(s.scanner_hint));
	take_text(json, "time_zone", s.time_zone, sizeof(s.time_zone));
	take_text(json, "technician_pin", s.technician_pin, sizeof(s.technician_pin));
	take_number(json, "early_min", 24 * 60, &s.early_min);
	take_number(json, "late_min", 24 * 60, &s.late_min);
	take_number(json, "idle_warn_s", 3600, &s.idle_warn_s);
	take_number(json, "idle_wipe_s", 3600, &s.idle_wipe_s);
	take_flag(json, "show_service_type", &s.show_service_type);
	take_flag(json, "print_slip", &s.print_slip);
	take_flag(json, "print_wristband", &s.print_wristband);
	take_flag(json, "print_label", &s.print_label);
	take_number(json, "wristband_width_mm", 100, &s.wristband_width_mm);
	take_number(json, "wristband_length_mm", 500, &s.wristband_length_mm);
	take_number(json, "label_width_mm", 150, &s.label_width_mm);
	take_number(json, "label_length_mm", 300, &s.label_length_mm);
	take_flag(json, "ask_contact", &s.ask_contact);
	take_flag(json, "ask_insurance", &s.ask_insurance);
	take_languages(json, &s);
	/* A kiosk that never asks or wipes at once is no setting. */
	if (s.idle_warn_s == 0)
		s.idle_warn_s = defaults.idle_warn_s;
	if (s.idle_wipe_s == 0)
		s.idle_wipe_s = defaults.idle_wipe_s;
	*settings = s;
}

void settings_load(struct store *store, lobby_Settings *settings)
{
	char *text = calloc(1, MAX_JSON);
	json_t *json = NULL;

	if (text != NULL && store_get_text(store, "settings", text, MAX_JSON) == 0)
		json = json_loads(text, 0, NULL);
	settings_of_json(json, settings);
	json_decref(json);
	free(text);
}

int settings_save(struct store *store, const json_t *json, lobby_Settings *settings)
{
	char *text = json_dumps(json, JSON_COMPACT);
	int err = LOBBY_ERR_INVALID;

	if (text != NULL)
		err = strlen(text) < MAX_JSON ? store_set_text(store, "settings", text) : LOBBY_ERR_TOO_LONG;
	free(text);
	if (err == 0)
		settings_of_json(json, settings);
	return err;
}
