/* What it costs to promise a visit: lobby-sync's own commit (build the Bundle, seal it, row, ticket, number, roster,
 * COMMIT with fsync) beside the least that any promise costs on this disk, an append of the same sealed bytes to a file
 * and fsync. The two take turns, so that a busy disk meets both. The write-ahead log is moved into the file between
 * commits, as lobby-sync does it, off the path that a patient waits for. */
#include "bench.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "checkin/visit.h"
#include "sync/identity.h"
#include "sync/outbox.h"
#include "sync/roster.h"
#include "sync/store.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMMITS 500
#define ROUNDS 5
#define CHECKPOINT_EACH 100
#define APPOINTMENTS 500

struct kiosk {
	struct store store;
	struct roster roster;
	struct outbox outbox;
	struct identity identity;
};

static void set_up(struct kiosk *k, const char *folder)
{
	unsigned char secret[crypto_box_SECRETKEYBYTES];

	BENCH_MUST(store_open(&k->store, folder) == 0);
	BENCH_MUST(roster_init(&k->roster, &k->store.db) == 0);
	BENCH_MUST(outbox_init(&k->outbox, &k->store, &k->roster) == 0);
	k->identity = (struct identity){ .enrolled = true,
					 .kiosk_id = "11111111-1111-4111-8111-111111111111",
					 .name = "Lobby 1",
					 .url = "https://127.0.0.1:1",
					 .credential = "not-a-real-credential" };
	crypto_box_keypair(k->identity.seal_key, secret);
	BENCH_MUST(db_begin(&k->store.db) == 0);
	for (int n = 0; n < APPOINTMENTS; n++) {
		struct roster_entry e = { .start_ms = clock_wall_ms(), .minutes = 20, .here = true };

		snprintf(e.appointment_id, sizeof(e.appointment_id), "appointment-%d", n);
		snprintf(e.patient_id, sizeof(e.patient_id), "patient-%d", n);
		text_copy(e.birth_date, sizeof(e.birth_date), "1985-04-17");
		text_copy(e.ticket_prefix, sizeof(e.ticket_prefix), "B");
		BENCH_MUST(roster_put(&k->roster, &e, 1) == 0);
	}
	BENCH_MUST(db_end(&k->store.db, 0) == 0);
	store_checkpoint(&k->store, true);
}

static void visit_of(lobby_Visit *visit, int n)
{
	int64_t now_ms = clock_wall_ms();

	*visit = (lobby_Visit){ .kind = lobby_VisitKind_VISIT_ARRIVAL,
				.identified_by = lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY,
				.language = "en",
				.contact = lobby_ContactStep_CONTACT_CONFIRMED,
				.insurance = lobby_InsuranceStep_INSURANCE_CONFIRMED,
				.coverage_id = "coverage-1",
				.appointment_id_count = 1,
				.started_ms = now_ms - 30000,
				.finished_ms = now_ms,
				.touches = 12 };
	visit_new_id(visit->id);
	snprintf(visit->patient_id, sizeof(visit->patient_id), "patient-%d", n % APPOINTMENTS);
	snprintf(visit->appointment_id[0], sizeof(visit->appointment_id[0]), "appointment-%d", n % APPOINTMENTS);
}

static size_t sealed_size(struct kiosk *k)
{
	sqlite3_stmt *stmt = NULL;
	size_t size;

	BENCH_MUST(db_prepare(&k->store.db, "SELECT length(sealed) FROM outbox ORDER BY seq DESC LIMIT 1", &stmt) == 0);
	BENCH_MUST(db_step(&k->store.db, stmt) == 1);
	size = (size_t)sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return size;
}

static double commit_ms(struct kiosk *k, int n)
{
	lobby_VisitCommitted answer;
	lobby_Visit visit;
	int64_t start;

	visit_of(&visit, n);
	start = bench_now_ns();
	BENCH_MUST(outbox_commit_visit(&k->outbox, &k->identity, &visit, NULL, clock_wall_ms(), &answer) == 0);
	return (double)(bench_now_ns() - start) / 1e6;
}

static double append_ms(int fd, const void *bytes, size_t size)
{
	int64_t start = bench_now_ns();

	BENCH_MUST(write(fd, bytes, size) == (ssize_t)size && fsync(fd) == 0);
	return (double)(bench_now_ns() - start) / 1e6;
}

int main(int argc, char **argv)
{
	const char *folder = bench_arg(argc, argv, 1, "FOLDER");
	struct bench_samples commit = { 0 }, raw = { 0 }, commits = { 0 }, raws = { 0 }, ratios = { 0 };
	static struct kiosk kiosk;
	static char bytes[65536];
	char path[4096], what[128];
	size_t size;
	int fd, n = 0;

	BENCH_MUST(sodium_init() >= 0);
	log_set_level(LOG_ERROR);
	set_up(&kiosk, folder);
	snprintf(path, sizeof(path), "%s/raw", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	BENCH_MUST(fd >= 0);
	commit_ms(&kiosk, n++); /* the first one warms up, and says how long a sealed visit is */
	size = sealed_size(&kiosk);
	BENCH_MUST(size <= sizeof(bytes));
	randombytes_buf(bytes, size);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < COMMITS; i++) {
			bench_add(&commit, commit_ms(&kiosk, n++));
			bench_add(&raw, append_ms(fd, bytes, size));
			if (n % CHECKPOINT_EACH == 0)
				store_checkpoint(&kiosk.store, false);
		}
		bench_add(&commits, bench_quantile(&commit, 0.99));
		bench_add(&raws, bench_quantile(&raw, 0.99));
		bench_add(&ratios, bench_quantile(&commit, 0.99) / bench_quantile(&raw, 0.99));
		snprintf(what, sizeof(what), "last round's halves: %.3g and %.3g ms", bench_quantile(&commit, 0.5),
			 bench_quantile(&raw, 0.5));
		bench_clear(&commit);
		bench_clear(&raw);
	}
	bench_figure_of("outbox.commit_p99_ms", &commits, "5 rounds of 500 visits");
	snprintf(path, sizeof(path), "the same %zu bytes appended, in turn with the commits", size);
	bench_figure_of("outbox.raw_fsync_p99_ms", &raws, path);
	bench_figure_of("outbox.commit_ratio", &ratios, what);
	close(fd);
	outbox_fini(&kiosk.outbox);
	roster_fini(&kiosk.roster);
	store_close(&kiosk.store);
	return 0;
}
