/* Updates at the clinic, over real sockets and a real store: a bundle comes in, goes out in steps, can be fetched in
 * pieces by whom it is offered to, and stops by itself when something is wrong; also across a restart. */
#include "bundle_file.h"
#include "clinic_fixture.h"

#include "clinic/bundle.h"
#include "clinic/updates.h"

#include <sys/stat.h>

/* Brings a version in, as the command line does. */
static void add(struct fixture *f, const char *version, char sha256[65])
{
	char path[128], folder[CLINIC_PATH_MAX], manifest[160];
	struct bundle bundle;
	struct ledger store;
	const char *why;

	snprintf(path, sizeof(path), "%s/in.raucb", f->folder);
	snprintf(manifest, sizeof(manifest), MANIFEST("%s"), version);
	write_bundle(path, manifest, 0);
	assert_int_equal(bundle_read(path, &bundle, &why), 0);
	assert_string_equal(bundle.version, version);
	assert_string_equal(bundle.compatible, BUNDLE_COMPATIBLE);
	assert_int_equal(updates_folder(f->folder, folder), 0);
	assert_int_equal(bundle_copy(path, folder, &bundle), 0);
	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(db_begin(&store.db), 0);
	assert_int_equal(db_end(&store.db, updates_add(&store, &bundle, "")), 0);
	ledger_close(&store);
	snprintf(sha256, 65, "%s", bundle.sha256);
}

static void what_is_no_bundle_is_refused_in_words(void **state)
{
	struct fixture *f = *state;
	struct bundle bundle = { .version = "kept" };
	char path[128], zeros[4096] = { 0 };
	const char *why = "";

	snprintf(path, sizeof(path), "%s/bad.raucb", f->folder);
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(file_replace(path, zeros, sizeof(zeros), 0600), 0);
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	assert_int_equal(strncmp(why, "This is no update bundle", 24), 0);
	assert_int_equal(file_replace(path, "x", 1, 0600), 0);
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	memset(zeros + 4088, 0xFF, 8); /* longer than the file */
	assert_int_equal(file_replace(path, zeros, sizeof(zeros), 0600), 0);
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	write_bundle(path, MANIFEST("0.2.0"), 9); /* the signature's end is missing */
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	write_bundle(path, "[update]\ncompatible=lobby-kiosk-x86_64\n", 0); /* no version */
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	write_bundle(path, "[image]\nversion=1\ncompatible=x\n", 0); /* not of the update */
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	write_bundle(path, MANIFEST("a version that is far too long for one"), 0);
	assert_int_equal(bundle_read(path, &bundle, &why), LOBBY_ERR_INVALID);
	assert_string_equal(bundle.version, "kept");
	write_bundle(path, "# RAUC\r\n[update]\r\n version = 0.3.0 \r\ncompatible=other\r\n", 0);
	assert_int_equal(bundle_read(path, &bundle, &why), 0);
	assert_string_equal(bundle.version, "0.3.0");
	assert_string_equal(bundle.compatible, "other");
}

/* ---- kiosks ---- */

#define FLEET 12
struct fleet {
	struct peer kiosks[FLEET];
	char cursors[FLEET][64];
};

static void tell(struct fixture *f, const struct peer *kiosk, const char *version, const char *stage,
		 const char *update_version, const char *id, const char *text)
{
	json_t *json = json_pack("{ss ss si si s[] ss s{ss ss sI sI s{ss ss ss si ss}}}", "screen", "ready", "step",
				 "welcome", "visits_held", 0, "visits_set_aside", 0, "devices", "version", version,
				 "system", "version", version, "slot", "a", "state_total_kb", (json_int_t)8000000,
				 "state_free_kb", (json_int_t)7000000, "update", "id", id, "stage", stage, "version",
				 update_version, "percent", 0, "text", text);
	char *body = json_dumps(json, 0);

	expect_only(f, kiosk, "/kiosk/v1/status", body, 200);
	free(body);
	json_decref(json);
}

static void fleet_enrol(struct fixture *f, struct fleet *fleet, int count)
{
	for (int i = 0; i < count; i++) {
		char name[24];

		snprintf(name, sizeof(name), "Lobby %02d", i + 1);
		enrol(f, &fleet->kiosks[i], name);
		tell(f, &fleet->kiosks[i], "0.1.0", "none", "", "", "");
	}
}

/* What kiosk i is offered now by its feed: the offer's id; "" for nothing; "same" when the feed has nothing new. */
static const char *offered(struct fixture *f, struct fleet *fleet, int i)
{
	static char id[40];
	char path[160];
	json_t *json, *change;

	snprintf(path, sizeof(path), "/kiosk/v1/feed?wait_s=0%s%s", fleet->cursors[i][0] != '\0' ? "&cursor=" : "",
		 fleet->cursors[i]);
	json = expect(f, &fleet->kiosks[i], path, NULL, 200);
	snprintf(fleet->cursors[i], 64, "%s", text_of(json, "cursor"));
	change = member_of(json_object_get(json, "changes"), "type", "update");
	snprintf(id, sizeof(id), "%s",
		 change == NULL					   ? "same"
		 : json_is_null(json_object_get(change, "update")) ? ""
								   : text_of(json_object_get(change, "update"), "id"));
	json_decref(json);
	return id;
}

/* Who has an offer, as letters: '!' offered, '.' not. Looks at each feed from its beginning. */
static const char *offers(struct fixture *f, struct fleet *fleet, int count)
{
	static char all[FLEET + 1];

	for (int i = 0; i < count; i++) {
		fleet->cursors[i][0] = '\0';
		all[i] = *offered(f, fleet, i) != '\0' ? '!' : '.';
	}
	all[count] = '\0';
	return all;
}

static void decide(struct fixture *f, const struct peer *who, const char *sha256, const char *what, const char *body,
		   long status)
{
	char path[160];

	snprintf(path, sizeof(path), "/desk/api/updates/%s/%s", sha256, what);
	expect_only(f, who, path, body, status);
}

/* "running one 0/12" */
static const char *at(struct fixture *f, const char *sha256)
{
	static char text[80];
	json_t *fleet = expect(f, &f->desk, "/desk/api/fleet", NULL, 200);
	json_t *row = member_of(json_object_get(fleet, "updates"), "sha256", sha256);

	assert_non_null(row);
	snprintf(text, sizeof(text), "%s %s %lld/%lld", text_of(row, "state"), text_of(row, "step"),
		 (long long)number_of(row, "good"), (long long)number_of(row, "total"));
	json_decref(fleet);
	return text;
}

static void reason_is(struct fixture *f, const char *sha256, const char *reason)
{
	json_t *fleet = expect(f, &f->desk, "/desk/api/fleet", NULL, 200);

	assert_string_equal(text_of(member_of(json_object_get(fleet, "updates"), "sha256", sha256), "reason"), reason);
	json_decref(fleet);
}

static int remove_it(struct fixture *f, const char *sha256)
{
	struct ledger store;
	int err;

	assert_int_equal(ledger_open(&store, f->folder, false), 0);
	assert_int_equal(db_begin(&store.db), 0);
	err = db_end(&store.db, updates_remove(&store, sha256, ""));
	ledger_close(&store);
	return err;
}

static void one_then_a_tenth_then_all(void **state)
{
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	struct peer later = { 0 };
	struct stream stream;
	char sha256[65], id[40], body[80];

	fleet_enrol(f, &fleet, FLEET);
	add(f, "0.2.0", sha256);
	assert_string_equal(at(f, sha256), "idle one 0/12");
	stream_open(&stream, f, &f->desk, "/desk/api/events?cursor=0", NULL);
	snprintf(body, sizeof(body), "{\"kiosk\":\"%s\"}", fleet.kiosks[4].kiosk_id);
	decide(f, &f->desk, sha256, "start", body, 200);
	assert_true(stream_until(&stream, "event: update"));
	stream_close(&stream);
	assert_string_equal(offers(f, &fleet, FLEET), "....!.......");
	assert_string_equal(at(f, sha256), "running one 0/12");
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 4));
	assert_string_equal(id, "same");
	fleet.cursors[4][0] = '\0';
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 4));
	tell(f, &fleet.kiosks[4], "0.1.0", "installing", "0.2.0", id, "");
	tell(f, &fleet.kiosks[4], "0.2.0", "trial", "0.2.0", id, "");
	assert_string_equal(at(f, sha256), "running one 0/12");
	/* The server goes away in the middle, and knows everything afterwards. */
	server_end(f);
	server_begin(f);
	tell(f, &fleet.kiosks[4], "0.2.0", "good", "0.2.0", id, "");
	assert_string_equal(offered(f, &fleet, 4), ""); /* it is told that there is nothing more */
	assert_string_equal(at(f, sha256), "running tenth 1/12");
	for (int i = 0; i < FLEET; i++) /* after the restart, all tell how they are */
		if (i != 4)
			tell(f, &fleet.kiosks[i], "0.1.0", "none", "", "", "");
	assert_string_equal(offers(f, &fleet, FLEET), "!...........");
	tell(f, &fleet.kiosks[0], "0.2.0", "good", "0.2.0", "", "");
	assert_string_equal(offers(f, &fleet, FLEET), ".!!!.!!!!!!!");
	assert_string_equal(at(f, sha256), "running all 2/12");
	for (int i = 0; i < FLEET; i++)
		tell(f, &fleet.kiosks[i], "0.2.0", "none", "", "", "");
	assert_string_equal(at(f, sha256), "done all 12/12");
	/* One that comes later gets it by itself; one that is newer already is left alone. */
	enrol(f, &later, "Lobby 13");
	tell(f, &later, "0.10.0", "none", "", "", "");
	assert_string_equal(at(f, sha256), "done all 12/12");
	tell(f, &later, "0.1.9", "none", "", "", "");
	assert_string_equal(at(f, sha256), "running all 12/13");
	tell(f, &later, "0.2.0", "none", "", "", "");
	assert_string_equal(at(f, sha256), "done all 13/13");
	assert_int_equal(remove_it(f, sha256), LOBBY_ERR_STALE);
	decide(f, &f->desk, sha256, "stop", "{}", 200);
	assert_int_equal(remove_it(f, sha256), 0);
}

static void it_stops_when_a_kiosk_falls_back(void **state)
{
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	char sha256[65], first[40], second[40];

	fleet_enrol(f, &fleet, 4);
	add(f, "0.2.0", sha256);
	decide(f, &f->desk, sha256, "start", "{}", 200);
	snprintf(first, sizeof(first), "%s", offered(f, &fleet, 0));
	tell(f, &fleet.kiosks[0], "0.1.0", "fell-back", "0.2.0", first, "The printer did not answer.");
	assert_string_equal(at(f, sha256), "paused one 0/4");
	reason_is(f, sha256,
		  "Lobby 01 did not come up with it and went back to its old version. The printer did not answer.");
	assert_string_equal(offers(f, &fleet, 4), "....");
	/* Tried again: another id, and how the last try ended is no news of this one. */
	decide(f, &f->desk, sha256, "resume", "{}", 200);
	snprintf(second, sizeof(second), "%s", offered(f, &fleet, 0));
	assert_int_equal(strlen(second), 36);
	assert_string_not_equal(second, first);
	tell(f, &fleet.kiosks[0], "0.1.0", "fell-back", "0.2.0", first, "The printer did not answer. (again)");
	assert_string_equal(at(f, sha256), "running one 0/4");
	tell(f, &fleet.kiosks[0], "0.1.0", "refused", "0.2.0", second, "Not enough space.");
	reason_is(f, sha256, "Lobby 01 refused it. Not enough space.");
	/* Gone on without it. */
	decide(f, &f->desk, sha256, "resume", "{\"without\":true}", 200);
	assert_string_equal(offers(f, &fleet, 4), ".!..");
	assert_string_equal(at(f, sha256), "running one 0/3");
	tell(f, &fleet.kiosks[1], "0.2.0", "good", "0.2.0", "", "");
	tell(f, &fleet.kiosks[2], "0.2.0", "good", "0.2.0", "", "");
	tell(f, &fleet.kiosks[3], "0.2.0", "good", "0.2.0", "", "");
	assert_string_equal(at(f, sha256), "done all 3/3");
	/* It is put right by hand after all. */
	tell(f, &fleet.kiosks[0], "0.2.0", "none", "", "", "");
	assert_string_equal(at(f, sha256), "done all 4/4");
}

/* The hub's thread decides, in its own time: the page's stream says when. */
/* Up again with the new version, lobby-sync may speak before lobby-system knows that it is on trial: that is not good
 * yet. Nor is a kiosk whose lobby-system is silent for a moment no kiosk any more. */
static void a_kiosk_is_good_by_its_own_word(void **state)
{
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	char sha256[65], id[40];

	fleet_enrol(f, &fleet, 3);
	add(f, "0.2.0", sha256);
	decide(f, &f->desk, sha256, "start", "{}", 200);
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 0));
	tell(f, &fleet.kiosks[0], "0.1.0", "installed", "0.2.0", id, "");
	expect_only(f, &fleet.kiosks[0], "/kiosk/v1/status",
		    "{\"screen\":\"ready\",\"step\":\"welcome\",\"visits_held\":0,\"visits_set_aside\":0,"
		    "\"devices\":[],\"version\":\"0.2.0\"}",
		    200);
	assert_string_equal(at(f, sha256), "running one 0/3");
	tell(f, &fleet.kiosks[0], "0.2.0", "none", "", id, "");
	assert_string_equal(at(f, sha256), "running one 0/3");
	tell(f, &fleet.kiosks[0], "0.2.0", "trial", "0.2.0", id, "");
	assert_string_equal(at(f, sha256), "running one 0/3");
	tell(f, &fleet.kiosks[0], "0.2.0", "good", "0.2.0", id, "");
	assert_string_equal(at(f, sha256), "running tenth 1/3");
	/* One that lost its record with its state partition is believed after a while. */
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 1));
	tell(f, &fleet.kiosks[1], "0.1.0", "installing", "0.2.0", id, "");
	tell(f, &fleet.kiosks[1], "0.2.0", "none", "", "", "");
	assert_string_equal(at(f, sha256), "running tenth 1/3");
	clock_advance_ms(11 * 60000);
	tell(f, &fleet.kiosks[2], "0.1.0", "none", "", "", "again");
	assert_string_equal(at(f, sha256), "running all 2/3");
}

static void it_stops_when_a_kiosk_goes_silent(void **state)
{
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	struct stream stream;
	char sha256[65], id[40];

	fleet_enrol(f, &fleet, 3);
	add(f, "0.2.0", sha256);
	decide(f, &f->desk, sha256, "start", "{}", 200);
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 0));
	tell(f, &fleet.kiosks[0], "0.1.0", "installed", "0.2.0", id, "");
	stream_open(&stream, f, &f->desk, "/desk/api/events", NULL);
	assert_true(stream_until(&stream, "retry"));
	clock_advance_ms(16 * 60000);
	assert_true(stream_until(&stream, "\"state\":\"paused\""));
	stream_close(&stream);
	assert_string_equal(at(f, sha256), "paused one 0/3");
	reason_is(f, sha256, "Lobby 01 began to install it and has not been heard of for 15 minutes since.");
	/* It had only been slow. */
	decide(f, &f->desk, sha256, "resume", "{}", 200);
	tell(f, &fleet.kiosks[0], "0.2.0", "good", "0.2.0", "", "");
	assert_string_equal(at(f, sha256), "running tenth 1/3");
}

static void text_is(struct fixture *f, const char *sha256, const char *name, const char *text)
{
	json_t *fleet = expect(f, &f->desk, "/desk/api/fleet", NULL, 200);
	json_t *row = member_of(json_object_get(fleet, "updates"), "sha256", sha256);

	assert_string_equal(text_of(member_of(json_object_get(row, "kiosks"), "name", name), "text"), text);
	json_decref(fleet);
}

static void one_that_is_unplugged_is_passed_over(void **state)
{
	static const char words[] = "It cannot be reached: the others go on without it until it is back.";
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	struct stream stream;
	char sha256[65], id[40];

	fleet_enrol(f, &fleet, 4);
	add(f, "0.2.0", sha256);
	decide(f, &f->desk, sha256, "start", "{}", 200);
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 0));
	tell(f, &fleet.kiosks[0], "0.1.0", "downloading", "0.2.0", id, "");
	text_is(f, sha256, "Lobby 01", "");
	stream_open(&stream, f, &f->desk, "/desk/api/events", NULL);
	assert_true(stream_until(&stream, "retry"));
	clock_advance_ms(16 * 60000);
	assert_true(stream_until(&stream, words));
	stream_close(&stream);
	text_is(f, sha256, "Lobby 01", words);
	tell(f, &fleet.kiosks[1], "0.1.0", "none", "", "", "here");
	assert_string_equal(offers(f, &fleet, 4), "!!..");
	tell(f, &fleet.kiosks[1], "0.2.0", "good", "0.2.0", "", "");
	assert_string_equal(at(f, sha256), "running tenth 1/4");
	/* It goes on where it was. */
	tell(f, &fleet.kiosks[0], "0.1.0", "downloading", "0.2.0", id, "");
	text_is(f, sha256, "Lobby 01", "");
	tell(f, &fleet.kiosks[0], "0.2.0", "good", "0.2.0", id, "");
	assert_string_equal(at(f, sha256), "running all 2/4");
}

static void it_stops_when_a_download_gets_no_further(void **state)
{
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	char sha256[65], id[40], again[40];

	fleet_enrol(f, &fleet, 2);
	add(f, "0.2.0", sha256);
	decide(f, &f->desk, sha256, "start", "{}", 200);
	snprintf(id, sizeof(id), "%s", offered(f, &fleet, 0));
	for (int i = 0; i < 13; i++) {
		tell(f, &fleet.kiosks[0], "0.1.0", "downloading", "0.2.0", id, "The line is bad.");
		tell(f, &fleet.kiosks[1], "0.1.0", "none", "", "", "");
		at(f, sha256); /* somebody is at the desk: the session lasts */
		clock_advance_ms(10 * 60000);
	}
	tell(f, &fleet.kiosks[1], "0.1.0", "none", "", "", "here");
	assert_string_equal(at(f, sha256), "paused one 0/2");
	reason_is(f, sha256, "Lobby 01 got no further with downloading it for two hours. The line is bad.");
	text_is(f, sha256, "Lobby 01", "It got no further for two hours.");
	decide(f, &f->desk, sha256, "resume", "{}", 200);
	assert_string_equal(at(f, sha256), "running one 0/2");
	fleet.cursors[0][0] = '\0';
	snprintf(again, sizeof(again), "%s", offered(f, &fleet, 0));
	assert_int_equal(strlen(again), 36);
	assert_string_not_equal(again, id);
	/* What stood still because it was paused has not failed. */
	decide(f, &f->desk, sha256, "pause", "{}", 200);
	for (int i = 0; i < 13; i++) {
		tell(f, &fleet.kiosks[0], "0.1.0", "none", "", "", "");
		at(f, sha256); /* somebody is at the desk: the session lasts */
		clock_advance_ms(10 * 60000);
	}
	tell(f, &fleet.kiosks[0], "0.1.0", "none", "", "", "here");
	decide(f, &f->desk, sha256, "resume", "{\"without\":true}", 200);
	assert_string_equal(at(f, sha256), "running one 0/2");
	fleet.cursors[0][0] = '\0';
	assert_string_equal(offered(f, &fleet, 0), again);
}

static void paused_and_stopped_nobody_gets_it(void **state)
{
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	struct peer desk = { 0 }, nobody = { 0 };
	char first[65], second[65], path[160];

	fleet_enrol(f, &fleet, 2);
	add(f, "0.2.0", first);
	add(f, "0.3.0", second);
	expect_only(f, &f->desk, "/desk/api/users",
		    "{\"name\":\"ben\",\"password\":\"battery staple\",\"role\":\"desk\"}", 200);
	sign_in_as(f, &desk, "ben", "battery staple");
	decide(f, &desk, first, "start", "{}", 403);
	decide(f, &nobody, first, "start", "{}", 401);
	decide(f, &f->desk, first, "start", "{\"kiosk\":\"nobody\"}", 404);
	decide(f, &f->desk, first, "pause", "{}", 409);
	decide(f, &f->desk, "00", "start", "{}", 404);
	assert_string_equal(offers(f, &fleet, 2), "..");
	decide(f, &f->desk, first, "start", "{}", 200);
	assert_string_equal(offers(f, &fleet, 2), "!.");
	decide(f, &f->desk, first, "pause", "{}", 200);
	assert_string_equal(offered(f, &fleet, 0), "");
	reason_is(f, first, "Paused by anna.");
	decide(f, &f->desk, first, "resume", "{}", 200);
	assert_string_equal(offers(f, &fleet, 2), "!.");
	snprintf(path, sizeof(path), "/kiosk/v1/updates/%s", first);
	expect_only(f, &fleet.kiosks[0], path, NULL, 200);
	/* Another one instead: the first is over. */
	decide(f, &f->desk, second, "start", "{}", 200);
	assert_string_equal(at(f, first), "stopped one 0/2");
	expect_only(f, &fleet.kiosks[0], path, NULL, 404);
	decide(f, &f->desk, second, "stop", "{}", 200);
	decide(f, &f->desk, second, "stop", "{}", 409);
	assert_string_equal(offers(f, &fleet, 2), "..");
	assert_int_equal(remove_it(f, first), 0);
	decide(f, &f->desk, first, "start", "{}", 404);
}

/* ---- the download ---- */

static struct answer fetch(const struct fixture *f, const struct peer *kiosk, const char *sha256, const char *range)
{
	char path[160], header[80];

	snprintf(path, sizeof(path), "/kiosk/v1/updates/%s", sha256);
	snprintf(header, sizeof(header), "Range: %s", range);
	return call(f, kiosk, path, NULL, *range != '\0' ? header : NULL);
}

static void a_bundle_comes_whole_and_in_pieces(void **state)
{
	static const struct {
		const char *range;
		long status;
		size_t from, len; /* len 0: to the end */
	} rows[] = {
		{ "", 200, 0, 0 },
		{ "bytes=0-", 206, 0, 0 },
		{ "bytes=0-0", 206, 0, 1 },
		{ "bytes=299999-", 206, 299999, 0 },
		{ "bytes=131071-131074", 206, 131071, 4 },
		{ "bytes=7-999999999", 206, 7, 0 },
		{ "bytes=-5", 200, 0, 0 }, /* not served: the whole, as one may */
		{ "bytes=5-3", 200, 0, 0 },
		{ "bytes=1-2,4-5", 200, 0, 0 },
		{ "bytes=x", 200, 0, 0 },
		{ "lines=1-2", 200, 0, 0 },
		{ "bytes=99999999999999999999-", 200, 0, 0 },
	};
	struct fixture *f = *state;
	struct fleet fleet = { 0 };
	char sha256[65], line[80], path[CLINIC_PATH_MAX];
	struct stat info;
	struct answer a;

	fleet_enrol(f, &fleet, 2);
	add(f, "0.2.0", sha256);
	decide(f, &f->desk, sha256, "start", "{}", 200);
	assert_int_equal(updates_path(f->folder, sha256, path), 0);
	assert_int_equal(stat(path, &info), 0);
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		size_t len = rows[r].len != 0 ? rows[r].len : (size_t)info.st_size - rows[r].from;

		a = fetch(f, &fleet.kiosks[0], sha256, rows[r].range);
		assert_int_equal(a.status, rows[r].status);
		assert_int_equal(a.len, len);
		for (size_t i = 0; i < a.len && rows[r].from + i < PAYLOAD; i++)
			assert_int_equal((unsigned char)a.body[i], payload_at(rows[r].from + i));
		snprintf(line, sizeof(line), "Content-Range: bytes %zu-%zu/%lld", rows[r].from, rows[r].from + len - 1,
			 (long long)info.st_size);
		assert_int_equal(strstr(a.headers, line) != NULL, a.status == 206);
		assert_non_null(strstr(a.headers, "application/octet-stream"));
		answer_fini(&a);
	}
	snprintf(line, sizeof(line), "bytes=%lld-", (long long)info.st_size);
	a = fetch(f, &fleet.kiosks[0], sha256, line);
	assert_int_equal(a.status, 416);
	answer_fini(&a);
	/* Not for a kiosk whose turn it is not, nor by another name, nor for somebody at the desk. */
	a = fetch(f, &fleet.kiosks[1], sha256, "");
	assert_int_equal(a.status, 404);
	answer_fini(&a);
	a = fetch(f, &fleet.kiosks[0], "..%2Fclinic.db", "");
	assert_int_equal(a.status, 401); /* no such path at all */
	answer_fini(&a);
	a = fetch(f, &f->desk, sha256, "");
	assert_int_equal(a.status, 401);
	assert_int_equal(a.len, 0);
	answer_fini(&a);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fixture_begin, fixture_end)
	const struct CMUnitTest tests[] = {
		T(what_is_no_bundle_is_refused_in_words),    T(one_then_a_tenth_then_all),
		T(a_kiosk_is_good_by_its_own_word),	     T(it_stops_when_a_kiosk_falls_back),
		T(it_stops_when_a_kiosk_goes_silent),	     T(one_that_is_unplugged_is_passed_over),
		T(it_stops_when_a_download_gets_no_further), T(paused_and_stopped_nobody_gets_it),
		T(a_bundle_comes_whole_and_in_pieces),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
