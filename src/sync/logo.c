/* See logo.h. */
#include "logo.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MAX_JSON 24576

void logo_of_json(const json_t *json, lobby_Logo *logo)
{
	json_int_t width = json_integer_value(json_object_get(json, "width"));
	json_int_t rows = json_integer_value(json_object_get(json, "rows"));
	const char *bits = json_string_value(json_object_get(json, "bits"));
	size_t len = 0;

	*logo = (lobby_Logo){ 0 };
	if (bits == NULL || width < 1 || width > 4096 || rows < 1 || rows > 4096 ||
	    sodium_base642bin(logo->bits.bytes, sizeof(logo->bits.bytes), bits, strlen(bits), NULL, &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != (size_t)((width + 7) / 8 * rows))
		return;
	logo->width = (uint32_t)width;
	logo->rows = (uint32_t)rows;
	logo->bits.size = (pb_size_t)len;
}

int logo_save(struct store *store, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	int err = text == NULL ? LOBBY_ERR_NO_MEMORY : strlen(text) >= MAX_JSON ? LOBBY_ERR_TOO_LONG : 0;

	if (err == 0)
		err = store_set_text(store, "logo", text);
	free(text);
	return err;
}

void logo_load(struct store *store, lobby_Logo *logo)
{
	char *text = calloc(1, MAX_JSON);
	json_t *json = NULL;

	if (text != NULL && store_get_text(store, "logo", text, MAX_JSON) == 0)
		json = json_loads(text, 0, NULL);
	logo_of_json(json, logo);
	json_decref(json);
	free(text);
}
