/* See session.h. */
#include "session.h"

#include "base/clock.h"
#include "base/text.h"
#include "checkin/visit.h"

#include <string.h>

void session_wipe(struct session *session)
{
	explicit_bzero(session, sizeof(*session));
}

void session_touch(struct session *session)
{
	if (!session->active) {
		session->active = true;
		session->started_ms = clock_wall_ms();
	}
	session->touches++;
}

void session_forget_match(struct session *session)
{
	explicit_bzero(&session->found, sizeof(session->found));
	explicit_bzero(&session->visit, sizeof(session->visit));
	explicit_bzero(session->chosen, sizeof(session->chosen));
	session->identified = false;
	session->reason = lobby_HandoverReason_HANDOVER_NONE;
}

void session_forget_person(struct session *session)
{
	session_forget_match(session);
	explicit_bzero(&session->query, sizeof(session->query));
	explicit_bzero(&session->health, sizeof(session->health));
	session_forget_card(session);
	session->by = lobby_IdentifiedBy_IDENTIFIED_BY_NOTHING;
}

void session_take_found(struct session *session, const lobby_Identified *found)
{
	session->found = *found;
	session->identified = true;
	if (session_is_other_birthday(session, session->health.birth_date)) {
		if (session->health.has_insurance)
			session_forget_card(session);
		explicit_bzero(&session->health, sizeof(session->health));
	}
	for (int i = 0; i < found->appointment_count; i++)
		session->chosen[i] = found->appointment[i].state == lobby_AppointmentState_APPOINTMENT_READY;
}

int session_ready_count(const struct session *session)
{
	int count = 0;

	for (int i = 0; i < session->found.appointment_count; i++)
		count += session->found.appointment[i].state == lobby_AppointmentState_APPOINTMENT_READY;
	return count;
}

const lobby_Appointment *session_first(const struct session *session)
{
	for (int i = 0; i < session->found.appointment_count; i++)
		if (session->chosen[i])
			return &session->found.appointment[i];
	return session->found.appointment_count > 0 ? &session->found.appointment[0] : NULL;
}

lobby_HandoverReason session_obstacle(const struct session *session)
{
	const lobby_Appointment *first = session_first(session);

	if (first == NULL)
		return lobby_HandoverReason_HANDOVER_NOT_FOUND;
	switch (first->state) {
	case lobby_AppointmentState_APPOINTMENT_READY:
	case lobby_AppointmentState_APPOINTMENT_ARRIVED:
		return lobby_HandoverReason_HANDOVER_NONE;
	case lobby_AppointmentState_APPOINTMENT_EARLY:
		return lobby_HandoverReason_HANDOVER_EARLY;
	case lobby_AppointmentState_APPOINTMENT_LATE:
		return lobby_HandoverReason_HANDOVER_LATE;
	case lobby_AppointmentState_APPOINTMENT_CANCELLED:
		return lobby_HandoverReason_HANDOVER_CANCELLED;
	case lobby_AppointmentState_APPOINTMENT_OTHER_DAY:
		return lobby_HandoverReason_HANDOVER_OTHER_DAY;
	default:
		return lobby_HandoverReason_HANDOVER_OTHER_CLINIC;
	}
}

bool session_has_new_card(const struct session *session)
{
	const lobby_Coverage *known = &session->found.person.coverage;
	size_t len = strlen(session->card.member_id), last = strlen(known->member_last4);

	if (!session->has_card)
		return false;
	return known->id[0] == '\0' || last == 0 || len < last ||
	       strcmp(session->card.member_id + len - last, known->member_last4) != 0;
}

void session_forget_card(struct session *session)
{
	explicit_bzero(&session->card, sizeof(session->card));
	session->has_card = false;
}

bool session_is_other_birthday(const struct session *session, const char *birth_date)
{
	const char *person = session->found.person.birth_date;
	const char *known = person[0] != '\0' ? person : session->query.birth_date;

	return known[0] != '\0' && birth_date[0] != '\0' && strcmp(known, birth_date) != 0;
}

bool session_has_record(const struct session *session)
{
	const lobby_HealthRead *health = &session->health;

	return health->request != 0 && (health->outcome == lobby_HealthOutcome_HEALTH_LINK_LATER ||
					(health->outcome == lobby_HealthOutcome_HEALTH_VALID &&
					 (health->immunizations > 0 || health->other > 0)));
}

/* What an unfound person typed, so that the desk can find them. */
static void fill_described(lobby_Visit *visit, const lobby_Identify *query)
{
	text_copy(visit->birth_date, sizeof(visit->birth_date), query->birth_date);
	text_copy(visit->family_initial, sizeof(visit->family_initial), query->family);
	text_copy(visit->given_initial, sizeof(visit->given_initial), query->given);
}

void session_fill_visit(struct session *session, lobby_VisitKind kind, const char *step, const char *language)
{
	lobby_Visit *visit = &session->visit;

	visit_new_id(visit->id);
	visit->kind = kind;
	visit->reason = kind == lobby_VisitKind_VISIT_HANDOVER ? session->reason : lobby_HandoverReason_HANDOVER_NONE;
	visit->identified_by = session->by;
	text_copy(visit->step, sizeof(visit->step), step);
	text_copy(visit->language, sizeof(visit->language), language);
	visit->appointment_id_count = 0;
	if (session->identified) {
		text_copy(visit->patient_id, sizeof(visit->patient_id), session->found.person.patient_id);
		for (int i = 0; i < session->found.appointment_count; i++)
			if (session->chosen[i] || (kind == lobby_VisitKind_VISIT_HANDOVER && i == 0))
				text_copy(visit->appointment_id[visit->appointment_id_count++],
					  sizeof(visit->appointment_id[0]), session->found.appointment[i].id);
	} else {
		fill_described(visit, &session->query);
	}
	visit->started_ms = session->started_ms;
	visit->finished_ms = clock_wall_ms();
	visit->touches = session->touches;
}
