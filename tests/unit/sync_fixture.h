/* What the tests of the kiosk's store share: a folder that goes away, a clinic's keys, people plainly invented. */
#ifndef LOBBY_TESTS_SYNC_FIXTURE_H
#define LOBBY_TESTS_SYNC_FIXTURE_H

#include "base/clock.h"
#include "base/text.h"
#include "sync/identity.h"
#include "sync/outbox.h"
#include "sync/roster.h"
#include "sync/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-11-23 09:41 in New York. */
#define NOW_MS 1795444860000LL
#define MINUTE_MS 60000LL

struct kiosk {
	char folder[64];
	struct store store;
	struct roster roster;
	struct outbox outbox;
	struct identity identity;
	uint8_t secret_key[32];
};

static inline void make_folder(char folder[64])
{
	snprintf(folder, 64, "/tmp/lobby-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
}

static inline void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(folder);
}

static inline void copy_file(const char *from, const char *to)
{
	char block[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, block, sizeof(block))) > 0)
		assert_int_equal(write(out, block, (size_t)n), n);
	close(in);
	close(out);
}

static inline void kiosk_open(struct kiosk *k)
{
	assert_int_equal(store_open(&k->store, k->folder), 0);
	assert_int_equal(roster_init(&k->roster, &k->store.db), 0);
	assert_int_equal(outbox_init(&k->outbox, &k->store, &k->roster), 0);
	identity_load(&k->store, &k->identity);
}

static inline void kiosk_close(struct kiosk *k)
{
	outbox_fini(&k->outbox);
	roster_fini(&k->roster);
	store_close(&k->store);
}

/* A new, enrolled kiosk in a new folder. */
static inline void kiosk_setup(struct kiosk *k)
{
	assert_true(sodium_init() >= 0);
	clock_use_virtual(NOW_MS);
	make_folder(k->folder);
	kiosk_open(k);
	k->identity = (struct identity){ .enrolled = true,
					 .kiosk_id = "11111111-1111-4111-8111-111111111111",
					 .name = "Lobby 1",
					 .url = "https://127.0.0.1:1",
					 .credential = "not-a-real-credential" };
	crypto_box_keypair(k->identity.seal_key, k->secret_key);
	assert_int_equal(identity_save(&k->store, &k->identity), 0);
}

static inline void kiosk_teardown(struct kiosk *k)
{
	kiosk_close(k);
	remove_folder(k->folder);
}

static inline struct roster_entry person(const char *appointment, const char *patient, const char *birth,
					 const char *family, const char *given)
{
	struct roster_entry e = { .start_ms = NOW_MS + 10 * MINUTE_MS,
				  .minutes = 20,
				  .here = true,
				  .ticket_prefix = "B",
				  .practitioner = "Dr. Amara Okafor",
				  .service_type = "Follow-up",
				  .location = "Floor 2, waiting area B",
				  .phone_last4 = "0142",
				  .phone_masked = "••• ••• 0142",
				  .copay_cents = -1 };

	text_copy(e.appointment_id, sizeof(e.appointment_id), appointment);
	text_copy(e.patient_id, sizeof(e.patient_id), patient);
	text_copy(e.birth_date, sizeof(e.birth_date), birth);
	text_copy(e.family, sizeof(e.family), family);
	text_copy(e.given, sizeof(e.given), given);
	return e;
}

static inline void put(struct kiosk *k, const struct roster_entry *e)
{
	assert_int_equal(roster_put(&k->roster, e, 1), 0);
}

static inline lobby_Visit arrival(const char *id, const char *patient, const char *appointment)
{
	lobby_Visit visit = { .kind = lobby_VisitKind_VISIT_ARRIVAL,
			      .identified_by = lobby_IdentifiedBy_IDENTIFIED_BY_BIRTHDAY,
			      .language = "en",
			      .contact = lobby_ContactStep_CONTACT_CONFIRMED,
			      .started_ms = NOW_MS - 30000,
			      .finished_ms = NOW_MS,
			      .touches = 12 };

	text_copy(visit.id, sizeof(visit.id), id);
	text_copy(visit.patient_id, sizeof(visit.patient_id), patient);
	if (appointment != NULL)
		text_copy(visit.appointment_id[visit.appointment_id_count++], sizeof(visit.appointment_id[0]),
			  appointment);
	return visit;
}

/* Number n as a version 4 UUID. */
static inline void uuid_of(char out[37], int n)
{
	snprintf(out, 37, "%08x-0000-4000-8000-000000000000", (unsigned)n);
}

#endif
