/* What a visit may hold. Builder and parser ask the same questions here, so nothing is ever built that is then not
 * understood. */
#include "visit_fhir.h"

#include "base/text.h"

#include <string.h>
#include <sys/random.h>

const char *const visit_contact_names[3] = { "not-asked", "confirmed", "changed" };
const char *const visit_insurance_names[4] = { "not-asked", "confirmed", "new", "none" };

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* FHIR R4, datatypes.html#id: [A-Za-z0-9\-\.]{1,64}; the array bounds the length. */
static bool is_id(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (!is_alnum(*text) && *text != '-' && *text != '.')
			return false;
	return true;
}

static bool is_uuid(const char *text)
{
	for (int i = 0; i < 36; i++) {
		char c = text[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return text[36] == '\0';
}

/* A code of our own: printable ASCII without spaces (FHIR's code allows more). */
static bool is_code(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

bool visit_is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	int month, day;

	if (*text == '\0')
		return true;
	for (int i = 0; i < 10; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	month = (text[5] - '0') * 10 + text[6] - '0';
	day = (text[8] - '0') * 10 + text[9] - '0';
	return text[10] == '\0' && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static bool is_time(int64_t ms)
{
	return ms >= 0 && ms < VISIT_LAST_MS;
}

static bool is_clean(const char *text)
{
	return text_is_clean(text, strlen(text));
}

static bool texts_clean(const struct visit *v)
{
	const char *const texts[] = { v->ticket,	 v->phone,	     v->email,
				      v->address_line,	 v->address_city,    v->address_postal_code,
				      v->payor,		 v->member_id,	     v->group,
				      v->family_initial, v->given_initial,   v->card.payor_id,
				      v->card.plan,	 v->card.subscriber, v->card.family,
				      v->card.given,	 v->card.rx_bin,     v->card.rx_pcn,
				      v->card.rx_group,	 v->card.dependent,  v->document.title,
				      v->document.issuer };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!is_clean(texts[i]))
			return false;
	return true;
}

static bool codes_clean(const struct visit *v)
{
	return is_code(v->reason) && is_code(v->identified_by) && is_code(v->step) && is_code(v->language) &&
	       is_code(v->card.source);
}

static const char *ids_wrong(const struct visit *v)
{
	if (!is_uuid(v->id))
		return "the visit's id is not a UUID";
	if (!is_id(v->kiosk_id))
		return "the kiosk's id is no FHIR id";
	if (v->patient_id[0] != '\0' && !is_id(v->patient_id))
		return "the patient's id is no FHIR id";
	if (v->appointment_count < 0 || v->appointment_count > VISIT_MAX_APPOINTMENTS)
		return "too many appointments";
	for (int i = 0; i < v->appointment_count; i++)
		if (!is_id(v->appointment_id[i]))
			return "an appointment's id is no FHIR id";
	if (v->coverage_id[0] != '\0' && !is_id(v->coverage_id))
		return "the coverage's id is no FHIR id";
	return NULL;
}

/* RFC 4648: section 4 with padding, or section 5 without. */
static bool is_base64(const char *text, bool url)
{
	size_t len = 0, padding = 0;

	for (; is_alnum(text[len]) || text[len] == (url ? '-' : '+') || text[len] == (url ? '_' : '/'); len++)
		;
	if (url)
		return len > 0 && text[len] == '\0';
	for (; padding < 2 && text[len + padding] == '='; padding++)
		;
	return len > 0 && (len + padding) % 4 == 0 && text[len + padding] == '\0';
}

static const char *document_wrong(const struct visit_document *d)
{
	size_t prefix = strlen(VISIT_LINK_PREFIX);

	if (d->kind[0] == '\0')
		return NULL;
	if (strcmp(d->kind, VISIT_DOCUMENT_CARD) == 0)
		return d->data != NULL && d->url == NULL && is_base64(d->data, false) &&
				       strlen(d->data) <= (VISIT_DOCUMENT_MAX + 2) / 3 * 4
			       ? NULL
			       : "a card without data, with too much, or that is no base64";
	if (strcmp(d->kind, VISIT_DOCUMENT_LINK) == 0)
		return d->url != NULL && d->data == NULL && strlen(d->url) <= VISIT_LINK_MAX &&
				       strncmp(d->url, VISIT_LINK_PREFIX, prefix) == 0 &&
				       is_base64(d->url + prefix, true)
			       ? NULL
			       : "a link that is none";
	return "a document of another kind";
}

const char *visit_wrong(const struct visit *v)
{
	const char *why = ids_wrong(v);

	if (why != NULL)
		return why;
	if (v->kind != VISIT_ARRIVAL && v->kind != VISIT_HANDOVER)
		return "neither arrival nor handover";
	if ((unsigned)v->contact > VISIT_CONTACT_CHANGED || (unsigned)v->insurance > VISIT_INSURANCE_NONE)
		return "an outcome that is none";
	if (v->contact == VISIT_CONTACT_CHANGED && v->patient_id[0] == '\0')
		return "contact details of nobody";
	if (v->insurance == VISIT_INSURANCE_NEW && (v->patient_id[0] == '\0' || v->coverage_id[0] == '\0'))
		return "a new card of nobody, or without an id";
	if (!is_time(v->started_ms) || !is_time(v->finished_ms))
		return "a time out of range";
	if (v->touches > INT32_MAX)
		return "more touches than can be";
	if (!visit_is_date(v->birth_date) || !visit_is_date(v->card.birth_date))
		return "the birth date is no date";
	if (!visit_is_date(v->card.period_start) || !visit_is_date(v->card.period_end))
		return "an end of the card's period is no date";
	if (!codes_clean(v))
		return "a code with spaces or foreign letters";
	if (!texts_clean(v))
		return "a text that is not clean UTF-8";
	return document_wrong(&v->document);
}

const char *visit_slip_wrong(const struct visit_slip *slip)
{
	if (!is_uuid(slip->visit_id))
		return "the visit's id is not a UUID";
	if (!is_id(slip->kiosk_id))
		return "the kiosk's id is no FHIR id";
	if (!is_time(slip->at_ms))
		return "a time out of range";
	if (!is_code(slip->error))
		return "a code with spaces or foreign letters";
	if (strcmp(slip->form, "slip") != 0 && strcmp(slip->form, "wristband") != 0 && strcmp(slip->form, "label") != 0)
		return "neither slip, wristband nor label";
	return NULL;
}

void visit_new_id(char id[37])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t random[16];
	size_t at = 0;

	while (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		;
	random[6] = (uint8_t)((random[6] & 0x0F) | 0x40);
	random[8] = (uint8_t)((random[8] & 0x3F) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			id[at++] = '-';
		id[at++] = hex[random[i] >> 4];
		id[at++] = hex[random[i] & 15];
	}
	id[at] = '\0';
}
