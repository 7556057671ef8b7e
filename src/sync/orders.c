/* What the clinic wants this kiosk to say and to be called: kept, so that a kiosk out of service is that after a
 * restart with the network away, too. */
#include "orders.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAX_JSON 4096

static void take(const json_t *json, const char *name, char *out, size_t size)
{
	const json_t *value = json_object_get(json, name);

	if (json_is_string(value) && text_is_clean(json_string_value(value), json_string_length(value)))
		text_copy(out, size, json_string_value(value));
}

void orders_of_json(const json_t *json, struct orders *orders)
{
	*orders = (struct orders){ 0 };
	take(json, "notice", orders->say.notice, sizeof(orders->say.notice));
	take(json, "out_of_service", orders->say.out_of_service, sizeof(orders->say.out_of_service));
	take(json, "name", orders->name, sizeof(orders->name));
}

int orders_save(struct store *store, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	int err = text == NULL ? LOBBY_ERR_NO_MEMORY : strlen(text) >= MAX_JSON ? LOBBY_ERR_TOO_LONG : 0;

	if (err == 0)
		err = store_set_text(store, "orders", text);
	free(text);
	return err;
}

void orders_load(struct store *store, struct orders *orders)
{
	char text[MAX_JSON];
	json_t *json = NULL;

	if (store_get_text(store, "orders", text, sizeof(text)) == 0)
		json = json_loads(text, 0, NULL);
	orders_of_json(json, orders);
	json_decref(json);
}
