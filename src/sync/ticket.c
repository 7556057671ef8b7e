/* See ticket.h. */
#include "ticket.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

static void day_of(int64_t now_ms, char out[11])
{
	struct clock_civil c = clock_civil_of(now_ms);

	snprintf(out, 11, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month % 100, (unsigned)c.day % 100);
}

uint64_t ticket_number(uint64_t c, int ordinal)
{
	return (c / 100) * 10000 + (uint64_t)(ordinal % 100) * 100 + c % 100;
}

/* A counter that ends in 00 would show as another kiosk's hundred: it is skipped. */
static int count_on(struct db *db, const char *day, const char *prefix, uint64_t *count)
{
	sqlite3_stmt *stmt = NULL;
	int err = db_prepare(db,
			     "INSERT INTO ticket(day, prefix, count) VALUES(?1, ?2, 1) ON CONFLICT(day, prefix)"
			     " DO UPDATE SET count = count + 1 + (count % 100 = 99) RETURNING count",
			     &stmt);

	if (err == 0)
		err = db_bind(stmt, "tt", day, prefix);
	if (err == 0 && (err = db_step(db, stmt)) == 1) {
		*count = (uint64_t)sqlite3_column_int64(stmt, 0);
		err = 0;
	}
	sqlite3_finalize(stmt);
	return err;
}

int ticket_next(struct db *db, int64_t now_ms, const char *prefix, int ordinal, char out[TICKET_MAX])
{
	char day[11];
	uint64_t count = 0;
	int err;

	day_of(now_ms, day);
	err = count_on(db, day, prefix, &count);
	if (err == 0)
		snprintf(out, TICKET_MAX, "%.4s %02" PRIu64, prefix, ticket_number(count, ordinal));
	return err;
}

int ticket_purge(struct db *db)
{
	return db_exec(
		db, "DELETE FROM ticket WHERE day NOT IN (SELECT DISTINCT day FROM ticket ORDER BY day DESC LIMIT 30)");
}
