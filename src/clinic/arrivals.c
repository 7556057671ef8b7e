/* See arrivals.h. Flags are worked out when a row is shown, from what the visit said and when it came. */
#include "arrivals.h"

#include "documents.h"
#include "http.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATE_SENT_MS 60000

enum {
	NUMBER,
	VISIT_ID,
	TICKET,
	KIND,
	REASON,
	STEP,
	PATIENT_ID,
	KNOWN,
	DESCRIBED,
	LANGUAGE,
	CONTACT,
	INSURANCE,
	TWICE,
	ARRIVED_MS,
	RECEIVED_MS,
	STAGE,
	STAGE_BY,
	STAGE_MS,
	SLIP,
	SLIP_ERROR,
	KIOSK,
	FAMILY,
	GIVEN,
	PATIENT_LANGUAGE,
	INTERPRETER,
	DOCUMENT,
	WRISTBAND,
	LABEL,
};

#define ARRIVAL_SELECT \
	"SELECT a.number, a.visit_id, a.ticket, a.kind, a.reason, a.step, a.patient_id, a.known, a.described, " \
	"a.language," \
	" a.contact, a.insurance, a.twice, a.arrived_ms, a.received_ms, a.stage, a.stage_by, a.stage_ms, a.slip," \
	" a.slip_error, k.name, p.family, p.given, p.language, p.interpreter, a.document, a.wristband, a.label FROM " \
	"arrival a" \
	" JOIN kiosk k ON k.number = a.kiosk LEFT JOIN patient p ON p.id = a.patient_id "

static const char *const stages[] = { "arrived", "called", "with-provider", "done" };
enum { STAGE_DONE = 3 };

void arrival_name(char *out, size_t size, const char *family, const char *given)
{
	snprintf(out, size, "%s%s%s", family, *family != '\0' && *given != '\0' ? ", " : "", given);
}

static const char *reason_text(const char *reason)
{
	static const char *const texts[][2] = {
		{ "not-found", "Not found on the schedule" },
		{ "ambiguous", "Several people fit" },
		{ "late", "Late" },
		{ "early", "Early" },
		{ "cancelled", "Appointment was cancelled" },
		{ "other-day", "Appointment is on another day" },
		{ "other-clinic", "Appointment is at another clinic" },
		{ "not-me", "Said: this is not me" },
		{ "asked", "Asked for the desk" },
		{ "fault", "Kiosk had a fault" },
		{ "idle", "Left the kiosk before the end" },
		{ "no-roster", "Kiosk had no schedule" },
		{ "unknown", "Not on the clinic's schedule" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(reason, texts[i][0]) == 0)
			return texts[i][1];
	return "Finish at the desk";
}

static const char *language_name(const char *tag)
{
	static const char *const names[][2] = {
		{ "ar", "Arabic" },	{ "de", "German" },  { "es", "Spanish" },	 { "fa", "Persian" },
		{ "fr", "French" },	{ "hi", "Hindi" },   { "ht", "Haitian Creole" }, { "ja", "Japanese" },
		{ "ko", "Korean" },	{ "pl", "Polish" },  { "pt", "Portuguese" },	 { "ru", "Russian" },
		{ "so", "Somali" },	{ "sv", "Swedish" }, { "tl", "Tagalog" },	 { "uk", "Ukrainian" },
		{ "vi", "Vietnamese" }, { "zh", "Chinese" }, { "en", "English" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(tag, names[i][0], 2) == 0 && (tag[2] == '\0' || tag[2] == '-'))
			return names[i][1];
	return tag;
}

static void add_flag(json_t *flags, const char *kind, const char *text)
{
	json_array_append_new(flags, json_pack("{ss ss}", "kind", kind, "text", text));
}

static void add_document_flag(json_t *flags, int flag)
{
	static const struct {
		const char *kind, *text;
	} known[] = {
		[DOCUMENT_FLAG_SHARED] = { "document", "Health record shared" },
		[DOCUMENT_FLAG_LINK] = { "document-link", "Health record to come" },
		[DOCUMENT_FLAG_UNOPENED] = { "document-unopened", "Link could not be opened" },
		[DOCUMENT_FLAG_PASSCODE] = { "document-unopened", "Link asks for a passcode" },
		[DOCUMENT_FLAG_OTHER] = { "document-other", "Health record of somebody else" },
	};

	if (flag > DOCUMENT_FLAG_NONE && (size_t)flag < sizeof(known) / sizeof(known[0]))
		add_flag(flags, known[flag].kind, known[flag].text);
}

static json_t *flags_of(sqlite3_stmt *row)
{
	int64_t held_ms = sqlite3_column_int64(row, RECEIVED_MS) - sqlite3_column_int64(row, ARRIVED_MS);
	const char *twice = db_text(row, TWICE);
	json_t *flags = json_array();
	char text[120];

	if (sqlite3_column_int(row, KIND) != 0)
		add_flag(flags, "handover", reason_text(db_text(row, REASON)));
	if (strcmp(twice, "cancelled") == 0) {
		add_flag(flags, "handover", reason_text("cancelled"));
	} else if (*twice != '\0') {
		snprintf(text, sizeof(text), "Checked in twice, also %s", twice);
		add_flag(flags, "twice", strcmp(twice, "arrived") == 0 ? "Checked in twice" : text);
	}
	if (sqlite3_column_int(row, INSURANCE) == 2)
		add_flag(flags, "insurance-new", "Insurance changed");
	if (sqlite3_column_int(row, INSURANCE) == 3)
		add_flag(flags, "insurance-none", "No insurance");
	if (sqlite3_column_int(row, CONTACT) == 2)
		add_flag(flags, "contact-changed", "Contact details changed");
	add_document_flag(flags, sqlite3_column_int(row, DOCUMENT));
	if (sqlite3_column_int(row, INTERPRETER) != 0) {
		snprintf(text, sizeof(text), "Needs interpreter: %s", language_name(db_text(row, PATIENT_LANGUAGE)));
		add_flag(flags, "interpreter", text);
	}
	if (strcmp(db_text(row, SLIP), "failed") == 0)
		add_flag(flags, "slip-failed", "Slip not printed");
	if (strcmp(db_text(row, WRISTBAND), "failed") == 0)
		add_flag(flags, "label-failed", "Wristband not printed");
	if (strcmp(db_text(row, LABEL), "failed") == 0)
		add_flag(flags, "label-failed", "Label not printed");
	if (held_ms > LATE_SENT_MS) {
		snprintf(text, sizeof(text), "Sent %lld min late", (long long)(held_ms / 60000));
		add_flag(flags, "late-sent", text);
	}
	return flags;
}

static json_t *appointments_of(struct ledger *store, int64_t arrival)
{
	json_t *list = json_array();
	sqlite3_stmt *rows;

	if (ledger_query(store, &rows,
			 "SELECT ap.id, ap.start_ms, coalesce(pr.name, nullif(ap.with_text, ''), l.name, ''),"
			 " coalesce(nullif(l.short_name, ''), l.name, ''), ap.service_type"
			 " FROM arrival_appointment aa JOIN appointment ap ON ap.id = aa.appointment_id"
			 " LEFT JOIN practitioner pr ON pr.id = ap.practitioner_id LEFT JOIN location l ON l.id = "
			 "ap.location_id"
			 " WHERE aa.arrival = ?1 ORDER BY ap.start_ms",
			 "i", arrival) != 0)
		return list;
	while (ledger_step(store, rows) == 1)
		json_array_append_new(list,
				      json_pack("{ss sI ss ss ss}", "id", db_text(rows, 0), "start_ms",
						(json_int_t)sqlite3_column_int64(rows, 1), "with", db_text(rows, 2),
						"where", db_text(rows, 3), "service", db_text(rows, 4)));
	return list;
}

static json_t *patient_of(sqlite3_stmt *row)
{
	char name[200];

	if (sqlite3_column_type(row, FAMILY) == SQLITE_NULL)
		return json_null();
	arrival_name(name, sizeof(name), db_text(row, FAMILY), db_text(row, GIVEN));
	return json_pack("{ss ss}", "id", db_text(row, PATIENT_ID), "name", name);
}

static json_t *row_of(struct ledger *store, sqlite3_stmt *row)
{
	int stage = sqlite3_column_int(row, STAGE);
	json_t *json = json_pack(
		"{ss ss ss so ss so sI sI}", "visit_id", db_text(row, VISIT_ID), "number", db_text(row, TICKET), "kind",
		sqlite3_column_int(row, KIND) != 0 ? "handover" : "arrival", "patient", patient_of(row), "described",
		db_text(row, DESCRIBED), "appointments", appointments_of(store, sqlite3_column_int64(row, NUMBER)),
		"arrived_ms", (json_int_t)sqlite3_column_int64(row, ARRIVED_MS), "sent_ms",
		(json_int_t)sqlite3_column_int64(row, RECEIVED_MS));
	json_t *rest =
		json_pack("{ss ss ss sI ss ss ss ss so so}", "step", db_text(row, STEP), "stage",
			  stages[stage >= 0 && stage <= STAGE_DONE ? stage : 0], "stage_by", db_text(row, STAGE_BY),
			  "stage_ms", (json_int_t)sqlite3_column_int64(row, STAGE_MS), "kiosk", db_text(row, KIOSK),
			  "slip", db_text(row, SLIP), "slip_error", db_text(row, SLIP_ERROR), "language",
			  db_text(row, LANGUAGE), "flags", flags_of(row), "documents",
			  sqlite3_column_int(row, DOCUMENT) != 0 ? documents_of_visit(store, db_text(row, VISIT_ID))
								 : json_array());

	if (json == NULL || json_object_update_new(json, rest) != 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

json_t *arrival_row(struct ledger *store, const char *visit_id)
{
	json_t *json = NULL;
	sqlite3_stmt *row;

	if (ledger_query(store, &row, ARRIVAL_SELECT "WHERE a.visit_id = ?1", "t", visit_id) != 0)
		return NULL;
	if (ledger_step(store, row) == 1)
		json = row_of(store, row);
	sqlite3_reset(row);
	return json;
}

/* Takes the bound query. */
static json_t *all_of(struct ledger *store, int err, sqlite3_stmt *rows)
{
	json_t *list = json_array();

	while (err == 0 && ledger_step(store, rows) == 1)
		json_array_append_new(list, row_of(store, rows));
	return list;
}

json_t *arrivals_of_day(struct ledger *store)
{
	sqlite3_stmt *rows = NULL;
	int err = ledger_query(store, &rows,
			       ARRIVAL_SELECT "WHERE a.received_ms >= ?1 ORDER BY a.stage = 3, a.received_ms LIMIT ?2",
			       "ii", clock_day_start_ms(clock_wall_ms()), (int64_t)ARRIVALS_MAX);

	return all_of(store, err, rows);
}

json_t *arrivals_of_patient(struct ledger *store, const char *patient_id)
{
	sqlite3_stmt *rows = NULL;
	int err = ledger_query(store, &rows,
			       ARRIVAL_SELECT "WHERE a.patient_id = ?1 ORDER BY a.arrived_ms DESC LIMIT 100", "t",
			       patient_id);

	return all_of(store, err, rows);
}

json_t *arrivals_found(struct ledger *store, const char *like)
{
	sqlite3_stmt *rows = NULL;
	int err = ledger_query(store, &rows,
			       ARRIVAL_SELECT
			       "WHERE a.received_ms >= ?1 AND (p.family || ', ' || p.given LIKE ?2 ESCAPE '\\'"
			       " OR p.given || ' ' || p.family LIKE ?2 ESCAPE '\\' OR a.ticket LIKE ?2 ESCAPE '\\'"
			       " OR replace(a.ticket, ' ', '') LIKE ?2 ESCAPE '\\') ORDER BY a.received_ms LIMIT 50",
			       "it", clock_day_start_ms(clock_wall_ms()), like);

	return all_of(store, err, rows);
}

/* ---- stages ---- */

struct step {
	int from, to;
};

/* A visit that is through makes its appointments fulfilled; undone, arrived again. */
static int mark_appointments(struct ledger *store, const char *visit_id, const struct step *step)
{
	const char *from = step->to == STAGE_DONE ? "arrived" : "fulfilled",
		   *to = step->to == STAGE_DONE ? "fulfilled" : "arrived";
	int err;

	if (step->to != STAGE_DONE && step->from != STAGE_DONE)
		return 0;
	err = ledger_run(
		store,
		"INSERT INTO feed_change(kind, ref, at_ms) SELECT 'roster', ap.id, ?3 FROM arrival a JOIN "
		"arrival_appointment aa"
		" ON aa.arrival = a.number JOIN appointment ap ON ap.id = aa.appointment_id WHERE a.visit_id = "
		"?1 AND ap.status = ?2",
		"tti", visit_id, from, clock_wall_ms());
	if (err != 0)
		return err;
	return ledger_run(store,
			  "UPDATE appointment SET status = ?3 WHERE status = ?2 AND id IN (SELECT aa.appointment_id "
			  "FROM arrival a"
			  " JOIN arrival_appointment aa ON aa.arrival = a.number WHERE a.visit_id = ?1)",
			  "ttt", visit_id, from, to);
}

static int write_step(struct job *job, struct ledger *store)
{
	struct request *r = (struct request *)job;
	const struct step *step = r->data;
	char detail[48];
	int64_t stage;
	int err = ledger_int(store, &stage, "SELECT stage FROM arrival WHERE visit_id = ?1", "t", r->tail);

	if (err != 0)
		return err;
	if (stage != step->from)
		return LOBBY_ERR_STALE;
	err = ledger_run(store, "UPDATE arrival SET stage = ?2, stage_by = ?3, stage_ms = ?4 WHERE visit_id = ?1",
			 "titi", r->tail, (int64_t)step->to, r->session.name, clock_wall_ms());
	if (err == 0)
		err = mark_appointments(store, r->tail, step);
	if (err == 0)
		err = change_desk(store, "arrival", r->tail);
	snprintf(detail, sizeof(detail), "%s to %s", stages[step->from], stages[step->to]);
	if (err == 0)
		err = change_audit(store, r->session.name, step->to > step->from ? "stage" : "stage-undo", r->tail,
				   detail);
	if (err == 0)
		r->answer = arrival_row(store, r->tail);
	return err;
}

static int take_step(struct request *r, int by)
{
	struct step *step = calloc(1, sizeof(*step));
	const char *from;
	json_t *json = NULL;
	int err = step == NULL ? LOBBY_ERR_NO_MEMORY : request_json(r, &json);

	r->data = step;
	r->data_free = free;
	if (err != 0)
		return err;
	from = request_text(json, "from", 16);
	step->from = -1;
	for (int i = 0; from != NULL && i <= STAGE_DONE; i++)
		if (strcmp(stages[i], from) == 0)
			step->from = i;
	json_decref(json);
	step->to = step->from + by;
	if (step->from < 0 || step->to < 0 || step->to > STAGE_DONE)
		return LOBBY_ERR_INVALID;
	return request_write(r, NULL, write_step);
}

int desk_arrival_next(struct request *r)
{
	return take_step(r, 1);
}

int desk_arrival_undo(struct request *r)
{
	return take_step(r, -1);
}
