/* See fhir_field.h. */
#include "fhir_field.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

bool field_refuse(struct fhir_reader *reader, const char *what, const char *wrong)
{
	snprintf(reader->why, sizeof(reader->why), "%s %s", what, wrong);
	return false;
}

const char *field_peek(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text != NULL ? text : "";
}

bool field_text(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, char *out,
		size_t size)
{
	const json_t *value = json_object_get(json, name);

	if (value == NULL)
		return true;
	if (!json_is_string(value))
		return field_refuse(reader, label, "is not text");
	if (json_string_length(value) >= size)
		return field_refuse(reader, label, "is too long");
	if (!text_is_clean(json_string_value(value), json_string_length(value)))
		return field_refuse(reader, label, "has control characters in it");
	text_copy(out, size, json_string_value(value));
	text_trim(out);
	return true;
}

/* Exactly n digits as a number; -1 if they are not there. */
static int digits(const char *text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* How long the date at the text's start is: 4, 7 or 10, or 0 when it is none. */
static size_t date_length(const char *text)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = digits(text, 4), month, day;
	bool leap;

	if (year < 1)
		return 0;
	if (text[4] != '-')
		return 4;
	month = digits(text + 5, 2);
	if (month < 1 || month > 12)
		return 0;
	if (text[7] != '-')
		return 7;
	day = digits(text + 8, 2);
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day < 1 || day > lengths[month - 1] || (month == 2 && day == 29 && !leap))
		return 0;
	return 10;
}

bool field_date(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, char out[11])
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);
	size_t len;

	if (value == NULL)
		return true;
	len = text != NULL ? date_length(text) : 0;
	if (len == 0 || text[len] != '\0')
		return field_refuse(reader, label, "is not a date (YYYY-MM-DD)");
	text_copy(out, 11, text);
	return true;
}

bool field_date_time(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, char *out,
		     size_t size)
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);
	size_t len;

	if (value == NULL)
		return true;
	len = text != NULL ? date_length(text) : 0;
	if (len == 0 || (text[len] != '\0' && (len != 10 || text[len] != 'T')))
		return field_refuse(reader, label, "is not a date");
	return field_text(reader, json, name, label, out, size);
}

bool field_instant(struct fhir_reader *reader, const json_t *json, const char *name, const char *label, int64_t *out)
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);

	if (value == NULL)
		return true;
	if (text == NULL || date_length(text) != 10 || clock_parse_instant(text, json_string_length(value), out) != 0)
		return field_refuse(reader, label, "is not a date and time with a zone (2026-11-23T09:40:00-05:00)");
	return true;
}

bool field_is_id(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

	return len > 0 && len <= 64 && text[len] == '\0';
}

/* The id after the last "Type/" of a relative or absolute reference. */
static bool id_in(const char *reference, const char *type, char out[FHIR_ID])
{
	size_t type_len = strlen(type);
	const char *at = reference, *found = NULL;
	size_t len;

	while ((at = strstr(at, type)) != NULL) {
		if ((at == reference || at[-1] == '/') && at[type_len] == '/')
			found = at + type_len + 1;
		at += type_len;
	}
	len = found != NULL ? strcspn(found, "/") : 0;
	if (len == 0 || len > 64)
		return false;
	text_copy_n(out, FHIR_ID, found, len);
	return true;
}

bool field_reference(struct fhir_reader *reader, const json_t *reference, const char *type, char out[FHIR_ID])
{
	const char *text = field_peek(reference, "reference");
	const char *mapped = json_string_value(json_object_get(reader->full_urls, text));
	char id[FHIR_ID];

	if (!id_in(mapped != NULL ? mapped : text, type, id))
		return true;
	if (!field_is_id(id))
		return field_refuse(reader, "a reference to", type);
	text_copy(out, FHIR_ID, id);
	return true;
}

const char *field_concept(const json_t *concept)
{
	const json_t *coding = json_array_get(json_object_get(concept, "coding"), 0);
	const char *text = field_peek(concept, "text");

	if (*text == '\0')
		text = field_peek(coding, "display");
	return *text != '\0' ? text : field_peek(coding, "code");
}

bool field_has_code(const json_t *concept, const char *code)
{
	const json_t *codings = json_object_get(concept, "coding");

	for (size_t i = 0; i < json_array_size(codings); i++)
		if (strcmp(field_peek(json_array_get(codings, i), "code"), code) == 0)
			return true;
	return false;
}
