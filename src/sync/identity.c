/* See identity.h. Keys stand as hex in meta: they can be read out by a technician with sqlite3 and survive a salvage.
 */
#include "identity.h"

#include <sodium.h>
#include <string.h>

static bool get_key(struct store *store, const char *name, uint8_t key[32])
{
	char hex[65];
	size_t len = 0;

	return store_get_text(store, name, hex, sizeof(hex)) == 0 &&
	       sodium_hex2bin(key, 32, hex, strlen(hex), NULL, &len, NULL) == 0 && len == 32;
}

void identity_load(struct store *store, struct identity *identity)
{
	struct identity found = { .ordinal = (int)store_get_int(store, "ordinal", 0) };

	found.enrolled = store_get_text(store, "kiosk_id", found.kiosk_id, sizeof(found.kiosk_id)) == 0 &&
			 store_get_text(store, "url", found.url, sizeof(found.url)) == 0 &&
			 store_get_text(store, "credential", found.credential, sizeof(found.credential)) == 0 &&
			 get_key(store, "fingerprint", found.fingerprint) && get_key(store, "seal_key", found.seal_key);
	if (store_get_text(store, "kiosk_name", found.name, sizeof(found.name)) != 0)
		found.name[0] = '\0';
	*identity = found.enrolled ? found : (struct identity){ 0 };
}

int identity_save(struct store *store, const struct identity *identity)
{
	char fingerprint[65], seal_key[65];
	int err;

	sodium_bin2hex(fingerprint, sizeof(fingerprint), identity->fingerprint, sizeof(identity->fingerprint));
	sodium_bin2hex(seal_key, sizeof(seal_key), identity->seal_key, sizeof(identity->seal_key));
	err = store_set_text(store, "kiosk_id", identity->kiosk_id);
	if (err == 0)
		err = store_set_text(store, "kiosk_name", identity->name);
	if (err == 0)
		err = store_set_int(store, "ordinal", identity->ordinal);
	if (err == 0)
		err = store_set_text(store, "url", identity->url);
	if (err == 0)
		err = store_set_text(store, "credential", identity->credential);
	if (err == 0)
		err = store_set_text(store, "fingerprint", fingerprint);
	if (err == 0)
		err = store_set_text(store, "seal_key", seal_key);
	return err;
}
