/* A roster entry out of the feed's JSON. Display texts that are too long are cut, ids and dates that are wrong refuse
 * the entry: a row that names the wrong person is worse than none. */
#include "roster.h"

#include "base/text.h"

#include <string.h>

static void take_text(const json_t *json, const char *name, char *out, size_t size)
{
	const json_t *value = json_object_get(json, name);

	out[0] = '\0';
	if (json_is_string(value) && text_is_clean(json_string_value(value), json_string_length(value)))
		text_copy(out, size, json_string_value(value));
}

/* False unless it is there, not empty and fits. */
static bool take_id(const json_t *json, const char *name, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value != NULL && *value != '\0' && text_copy(out, size, value);
}

static bool is_date(const char *text)
{
	static const char shape[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	return text[sizeof(shape) - 1] == '\0';
}

static enum roster_status status_of(const json_t *json)
{
	static const char *const names[] = { "booked", "arrived", "cancelled", "fulfilled", "noshow" };
	const char *value = json_string_value(json_object_get(json, "status"));

	for (size_t i = 0; value != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0)
			return (enum roster_status)i;
	return ROSTER_BOOKED;
}

static void take_coverage(const json_t *json, struct roster_entry *e)
{
	const json_t *copay = json_object_get(json, "copay_cents");

	e->copay_cents = -1;
	if (!json_is_object(json))
		return;
	if (!take_id(json, "id", e->coverage_id, sizeof(e->coverage_id)))
		e->coverage_id[0] = '\0';
	take_text(json, "payor", e->payor, sizeof(e->payor));
	take_text(json, "member_last4", e->member_last4, sizeof(e->member_last4));
	take_text(json, "group", e->group, sizeof(e->group));
	take_text(json, "subscriber", e->subscriber, sizeof(e->subscriber));
	take_text(json, "currency", e->currency, sizeof(e->currency));
	e->active = json_is_true(json_object_get(json, "active"));
	if (json_is_integer(copay) && json_integer_value(copay) >= -1 && json_integer_value(copay) <= INT32_MAX)
		e->copay_cents = (int32_t)json_integer_value(copay);
}

int roster_entry_of_json(const json_t *json, struct roster_entry *entry)
{
	struct roster_entry e = { 0 };
	const json_t *start = json_object_get(json, "start_ms"), *minutes = json_object_get(json, "minutes");

	if (!take_id(json, "appointment_id", e.appointment_id, sizeof(e.appointment_id)) ||
	    !take_id(json, "patient_id", e.patient_id, sizeof(e.patient_id)) ||
	    !take_id(json, "birth_date", e.birth_date, sizeof(e.birth_date)) || !is_date(e.birth_date) ||
	    !json_is_integer(start) || json_integer_value(start) <= 0)
		return LOBBY_ERR_INVALID;
	e.start_ms = json_integer_value(start);
	if (json_is_integer(minutes) && json_integer_value(minutes) >= 0 && json_integer_value(minutes) <= 24 * 60)
		e.minutes = (uint32_t)json_integer_value(minutes);
	e.status = status_of(json);
	e.here = !json_is_false(json_object_get(json, "here"));
	if (!take_id(json, "code", e.code, sizeof(e.code)))
		e.code[0] = '\0';
	take_text(json, "ticket", e.ticket, sizeof(e.ticket));
	take_text(json, "practitioner", e.practitioner, sizeof(e.practitioner));
	take_text(json, "service_type", e.service_type, sizeof(e.service_type));
	take_text(json, "location", e.location, sizeof(e.location));
	take_text(json, "ticket_prefix", e.ticket_prefix, sizeof(e.ticket_prefix));
	take_text(json, "clinic_name", e.clinic_name, sizeof(e.clinic_name));
	take_text(json, "family", e.family, sizeof(e.family));
	take_text(json, "given", e.given, sizeof(e.given));
	take_text(json, "phone_last4", e.phone_last4, sizeof(e.phone_last4));
	take_text(json, "phone_masked", e.phone_masked, sizeof(e.phone_masked));
	take_text(json, "email_masked", e.email_masked, sizeof(e.email_masked));
	take_text(json, "address_masked", e.address_masked, sizeof(e.address_masked));
	take_text(json, "language", e.language, sizeof(e.language));
	take_text(json, "member_hash", e.member_hash, sizeof(e.member_hash));
	take_coverage(json_object_get(json, "coverage"), &e);
	*entry = e;
	return 0;
}
