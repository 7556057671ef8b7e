/* See visit_wire.h. */
#include "visit_wire.h"

#include "base/text.h"

#include <string.h>

static const char *reason_of(lobby_HandoverReason reason)
{
	static const char *const names[] = { "",	  "not-found", "ambiguous",    "late",	 "early",
					     "cancelled", "other-day", "other-clinic", "not-me", "asked",
					     "fault",	  "idle",      "no-roster" };

	return (size_t)reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "asked";
}

static const char *identified_by_of(lobby_IdentifiedBy by)
{
	static const char *const names[] = { "", "birthday", "licence", "letter", "insurance", "chip", "health-card" };

	return (size_t)by < sizeof(names) / sizeof(names[0]) ? names[by] : "";
}

static enum visit_contact contact_of(lobby_ContactStep step)
{
	switch (step) {
	case lobby_ContactStep_CONTACT_CONFIRMED:
		return VISIT_CONTACT_CONFIRMED;
	case lobby_ContactStep_CONTACT_CHANGED:
		return VISIT_CONTACT_CHANGED;
	default:
		return VISIT_CONTACT_NOT_ASKED;
	}
}

static enum visit_insurance insurance_of(lobby_InsuranceStep step)
{
	switch (step) {
	case lobby_InsuranceStep_INSURANCE_CONFIRMED:
		return VISIT_INSURANCE_CONFIRMED;
	case lobby_InsuranceStep_INSURANCE_NEW:
		return VISIT_INSURANCE_NEW;
	case lobby_InsuranceStep_INSURANCE_NONE:
		return VISIT_INSURANCE_NONE;
	default:
		return VISIT_INSURANCE_NOT_ASKED;
	}
}

static const char *source_of(lobby_InsuranceSource source)
{
	static const char *const names[] = { "", "code", "stripe", "chip", "signed", "link" };

	return (size_t)source < sizeof(names) / sizeof(names[0]) ? names[source] : "";
}

/* What a card says besides is for people to look at: a text or a date that is none is left out, and the visit is not
 * lost for it. */
static void take_card_text(char *out, size_t size, const char *text)
{
	if (text_is_clean(text, strlen(text)))
		text_copy(out, size, text);
}

static void take_card_date(char out[11], const char *text)
{
	if (visit_is_date(text))
		text_copy(out, 11, text);
}

static void take_card(const lobby_InsuranceCard *wire, struct visit_card *card)
{
	text_copy(card->source, sizeof(card->source), source_of(wire->source));
	take_card_text(card->payor_id, sizeof(card->payor_id), wire->payor_id);
	take_card_text(card->plan, sizeof(card->plan), wire->plan);
	take_card_text(card->subscriber, sizeof(card->subscriber), wire->subscriber);
	take_card_text(card->family, sizeof(card->family), wire->family);
	take_card_text(card->given, sizeof(card->given), wire->given);
	take_card_date(card->birth_date, wire->birth_date);
	take_card_date(card->period_start, wire->period_start);
	take_card_date(card->period_end, wire->period_end);
	take_card_text(card->rx_bin, sizeof(card->rx_bin), wire->rx_bin);
	take_card_text(card->rx_pcn, sizeof(card->rx_pcn), wire->rx_pcn);
	take_card_text(card->rx_group, sizeof(card->rx_group), wire->rx_group);
	take_card_text(card->dependent, sizeof(card->dependent), wire->dependent);
}

static void take_answers(const lobby_Visit *wire, struct visit *v)
{
	v->contact = contact_of(wire->contact);
	text_copy(v->phone, sizeof(v->phone), wire->phone);
	text_copy(v->email, sizeof(v->email), wire->email);
	text_copy(v->address_line, sizeof(v->address_line), wire->address_line);
	text_copy(v->address_city, sizeof(v->address_city), wire->address_city);
	text_copy(v->address_postal_code, sizeof(v->address_postal_code), wire->address_postal_code);
	v->insurance = insurance_of(wire->insurance);
	text_copy(v->coverage_id, sizeof(v->coverage_id), wire->coverage_id);
	if (v->insurance == VISIT_INSURANCE_NEW)
		visit_new_id(v->coverage_id);
	text_copy(v->payor, sizeof(v->payor), wire->payor);
	text_copy(v->member_id, sizeof(v->member_id), wire->member_id);
	text_copy(v->group, sizeof(v->group), wire->group);
	if (wire->has_card && v->insurance == VISIT_INSURANCE_NEW)
		take_card(&wire->card, &v->card);
}

void visit_of_wire(const lobby_Visit *wire, const char *kiosk_id, int64_t now_ms, struct visit *visit)
{
	struct visit v = { .kind = wire->kind == lobby_VisitKind_VISIT_HANDOVER ? VISIT_HANDOVER : VISIT_ARRIVAL,
			   .started_ms = wire->started_ms > 0 ? wire->started_ms : now_ms,
			   .finished_ms = wire->finished_ms > 0 ? wire->finished_ms : now_ms,
			   .touches = wire->touches };

	text_copy(v.id, sizeof(v.id), wire->id);
	text_copy(v.kiosk_id, sizeof(v.kiosk_id), kiosk_id);
	if (v.kind == VISIT_HANDOVER)
		text_copy(v.reason, sizeof(v.reason),
			  wire->reason == lobby_HandoverReason_HANDOVER_NONE ? "asked" : reason_of(wire->reason));
	text_copy(v.patient_id, sizeof(v.patient_id), wire->patient_id);
	for (pb_size_t i = 0; i < wire->appointment_id_count && v.appointment_count < VISIT_MAX_APPOINTMENTS; i++)
		text_copy(v.appointment_id[v.appointment_count++], sizeof(v.appointment_id[0]),
			  wire->appointment_id[i]);
	text_copy(v.identified_by, sizeof(v.identified_by), identified_by_of(wire->identified_by));
	text_copy(v.step, sizeof(v.step), wire->step);
	text_copy(v.language, sizeof(v.language), wire->language);
	take_card_date(v.birth_date, wire->birth_date);
	take_card_text(v.family_initial, sizeof(v.family_initial), wire->family_initial);
	take_card_text(v.given_initial, sizeof(v.given_initial), wire->given_initial);
	take_answers(wire, &v);
	*visit = v;
}
