/* What SQLite alone makes of the same visits: the clinic's own statements (visits_apply) on the same file system, 64
 * visits a transaction, synchronous=FULL, without HTTP, TLS, unsealing or reading of JSON: those are done before the
 * time is taken. This is what the clinic's rate is held against. */
#include "bench.h"
#include "load.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "clinic/visits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3
#define VISITS 12032
#define GROUP 64
#define KIOSK 1

static struct visit_row rows[VISITS];

static void prepare(uint32_t first)
{
	for (uint32_t i = 0; i < VISITS; i++) {
		struct visit_row *row = &rows[i];
		struct visit visit;
		json_t *bundle = NULL;

		*row = (struct visit_row){ .seq = first + i + 1, .why = "" };
		load_visit(&visit, "11111111-1111-4111-8111-111111111111", first + i, row->seq);
		text_copy(row->key, sizeof(row->key), visit.id);
		BENCH_MUST(visit_to_bundle(&visit, &bundle) == 0);
		row->content = json_dumps(bundle, JSON_COMPACT);
		json_decref(bundle);
		BENCH_MUST(row->content != NULL);
		row->content_len = strlen(row->content);
		visit_row_read(row);
		BENCH_MUST(row->verdict == VISIT_STORED);
	}
}

/* Visits a second. */
static double run(struct ledger *ledger)
{
	int64_t start = bench_now_ns();

	for (int i = 0; i < VISITS; i += GROUP) {
		int64_t now_ms = clock_wall_ms();

		BENCH_MUST(db_begin(&ledger->db) == 0);
		for (int j = i; j < i + GROUP; j++)
			BENCH_MUST(visits_apply(ledger, KIOSK, &rows[j], now_ms) == 0);
		BENCH_MUST(db_end(&ledger->db, 0) == 0);
	}
	return VISITS * 1e9 / (double)(bench_now_ns() - start);
}

int main(int argc, char **argv)
{
	const char *folder = bench_arg(argc, argv, 1, "CLINIC-FOLDER");
	struct bench_samples rates = { 0 };
	struct ledger ledger;

	log_set_level(LOG_ERROR);
	BENCH_MUST(ledger_open(&ledger, folder, false) == 0);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		prepare(round * VISITS);
		bench_add(&rates, run(&ledger));
		for (int i = 0; i < VISITS; i++)
			visit_row_fini(&rows[i]);
	}
	ledger_close(&ledger);
	bench_figure_of("clinic.raw_sqlite_visits_per_s", &rates, "the same statements, 64 visits a commit");
	return 0;
}
