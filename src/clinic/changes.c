/* The three logs that the clinic appends to: what desk pages follow, what kiosks follow, and the audit. */
#include "clinic.h"

#include "base/clock.h"

int change_desk(struct ledger *store, const char *kind, const char *ref)
{
	return ledger_run(store, "INSERT INTO desk_change(kind, ref, at_ms) VALUES(?1, ?2, ?3)", "tti", kind, ref,
			  clock_wall_ms());
}

int change_feed(struct ledger *store, const char *kind, const char *ref, int64_t kiosk)
{
	return ledger_run(store, "INSERT INTO feed_change(kind, ref, kiosk, at_ms) VALUES(?1, ?2, ?3, ?4)", "ttii",
			  kind, ref, kiosk, clock_wall_ms());
}

int change_audit(struct ledger *store, const char *user, const char *action, const char *subject, const char *detail)
{
	return ledger_run(store, "INSERT INTO audit(at_ms, user, action, subject, detail) VALUES(?1, ?2, ?3, ?4, ?5)",
			  "itttt", clock_wall_ms(), user, action, subject, detail);
}
