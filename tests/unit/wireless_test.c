/* What wpa_supplicant says, read: networks by any name, the list that a technician sees, events and the joined name.
 * The answers are as Debian's wpa_supplicant 2.10 gives them; tests/image/wireless hears the program itself. */
#include "system/wpatext.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX 12

static int read_network(const char *level, const char *flags, const char *ssid, lobby_Wireless *n)
{
	char answer[512];

	snprintf(answer, sizeof(answer), "level=%s\nflags=%s\nssid=%s\n", level, flags, ssid);
	return wpatext_read_network(answer, strlen(answer), n);
}

static void networks_are_open_locked_or_unfit(void **state)
{
	static const struct {
		const char *flags;
		bool locked, unfit;
	} rows[] = {
		{ "[ESS]", false, false },
		{ "[WPA2-PSK-CCMP][ESS]", true, false },
		{ "[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]", true, false },
		{ "[WPA2-SAE-CCMP][ESS][SAE-H2E]", true, false },
		{ "[WPA2-PSK+SAE-CCMP][ESS]", true, false },
		{ "[RSN-EAP-CCMP-preauth][ESS]", true, true },
		{ "[WPA2-EAP-CCMP][ESS]", true, true },
		{ "[WPA2-OWE-CCMP][ESS]", true, true },
		{ "[OWE-TRANS-OPEN][ESS]", false, false },
		{ "[WEP][ESS]", true, true },
	};
	lobby_Wireless n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_network("-60", rows[i].flags, "Clinic", &n), 0);
		assert_string_equal(n.ssid, "Clinic");
		assert_int_equal(n.percent, 80);
		if (n.locked != rows[i].locked || n.unfit != rows[i].unfit)
			fail_msg("%s: locked=%d unfit=%d", rows[i].flags, n.locked, n.unfit);
	}
	assert_int_equal(read_network("-60", "[IBSS]", "Clinic", &n), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(read_network("-60", "[P2P]", "DIRECT-xy", &n), LOBBY_ERR_NOT_FOUND);
}

static void signal_is_a_percentage(void **state)
{
	static const struct {
		const char *level;
		uint32_t percent;
	} rows[] = { { "-30", 100 }, { "-50", 100 }, { "-75", 50 },	 { "-100", 0 },	    { "-250", 0 },
		     { "0", 0 },     { "70", 70 },   { "4000000", 100 }, { "nonsense", 0 }, { "-9999999999999", 0 } };
	lobby_Wireless n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_network(rows[i].level, "[ESS]", "a", &n), 0);
		assert_int_equal(n.percent, rows[i].percent);
	}
}

static void names_are_for_people_or_not_shown(void **state)
{
	static const struct {
		const char *escaped, *name; /* NULL: not shown */
	} rows[] = {
		{ "Clinic", "Clinic" },
		{ "Caf\\xc3\\xa9", "Caf\xc3\xa9" },
		{ "a \\\"quoted\\\" one \\\\", "a \"quoted\" one \\" },
		{ "%s%n \\x24(reboot)", "%s%n $(reboot)" },
		{ "12345678901234567890123456789012", "12345678901234567890123456789012" },
		{ "123456789012345678901234567890123", NULL }, /* no network has 33 bytes */
		{ "", NULL },				       /* hidden */
		{ "\\x00\\x00\\x00", NULL },		       /* hidden otherwise */
		{ "   ", NULL },
		{ "tab\\there", NULL },
		{ "two\\nlines", NULL },
		{ "\\e[2J", NULL },
		{ "\\x7f", NULL },
		{ "\\xc2\\x85", NULL },		       /* a control character of Latin-1 */
		{ "\\xff\\xfe", NULL },		       /* no UTF-8 */
		{ "\\xed\\xa0\\x80", NULL },	       /* half a surrogate pair */
		{ "Clinic\\xe2\\x80\\xae gpj", NULL }, /* turned around from here on */
		{ "Clinic\\xe2\\x80\\x8b", NULL },     /* a space of no width */
		{ "Clinic\\xef\\xbb\\xbf", NULL },
		{ "cut \\", NULL },
		{ "cut \\x4", NULL },
		{ "no such \\q", NULL },
	};
	lobby_Wireless n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = read_network("-40", "[ESS]", rows[i].escaped, &n);

		if ((err == 0) != (rows[i].name != NULL) || (err == 0 && strcmp(n.ssid, rows[i].name) != 0))
			fail_msg("%s: %d", rows[i].escaped, err);
	}
	assert_int_equal(wpatext_read_network("FAIL\n", 5, &n), LOBBY_ERR_INVALID);
	assert_int_equal(wpatext_read_network("", 0, &n), LOBBY_ERR_INVALID);
	assert_int_equal(wpatext_read_network("level=-1\nflags=[ESS]\n", 21, &n), LOBBY_ERR_INVALID);
}

static size_t add(lobby_Wireless *list, size_t count, const char *ssid, uint32_t percent, bool locked, bool unfit)
{
	lobby_Wireless n = { .percent = percent, .locked = locked, .unfit = unfit };

	text_copy(n.ssid, sizeof(n.ssid), ssid);
	return wpatext_add_network(list, count, MAX, &n);
}

static void the_list_has_each_name_once_strongest_first(void **state)
{
	lobby_Wireless list[MAX];
	size_t n = 0;

	(void)state;
	n = add(list, n, "Guests", 40, false, false);
	n = add(list, n, "Clinic", 60, true, false);
	n = add(list, n, "Clinic", 90, true, false); /* the nearer of two access points */
	n = add(list, n, "Clinic", 20, true, false);
	n = add(list, n, "Bakery", 40, true, false);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].ssid, "Clinic");
	assert_int_equal(list[0].percent, 90);
	assert_string_equal(list[1].ssid, "Bakery");
	assert_string_equal(list[2].ssid, "Guests");
	/* An open network that calls itself like one that is not does not stand in for it, however strong it is. */
	n = add(list, n, "Clinic", 100, false, false);
	assert_int_equal(n, 3);
	assert_true(list[0].locked && list[0].percent == 90);
	n = add(list, n, "Office", 99, false, false);
	n = add(list, n, "Office", 10, true, true);
	assert_int_equal(n, 4);
	assert_string_equal(list[3].ssid, "Office");
	assert_true(list[3].unfit);
}

static void the_list_keeps_the_strongest(void **state)
{
	lobby_Wireless list[MAX];
	char name[16];
	size_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%02u", (unsigned)(i * 37 % 100));
		n = add(list, n, name, i * 37 % 100, true, false);
	}
	assert_int_equal(n, MAX);
	for (size_t i = 0; i < MAX; i++)
		assert_int_equal(list[i].percent, 99 - i);
}

static enum wpa_event event(const char *line)
{
	return wpatext_read_event(line, strlen(line));
}

static void events_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(event("<3>CTRL-EVENT-SCAN-RESULTS "), WPA_SCANNED);
	assert_int_equal(event("<3>CTRL-EVENT-SCAN-FAILED ret=-16 retry=1"), WPA_SCAN_FAILED);
	assert_int_equal(event("<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:01:00 completed [id=0 id_str=]"),
			 WPA_JOINED);
	assert_int_equal(event("<3>CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=15"), WPA_LEFT);
	assert_int_equal(event("<3>CTRL-EVENT-NETWORK-NOT-FOUND "), WPA_AWAY);
	assert_int_equal(event("<3>CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 status_code=17"), WPA_REFUSED);
	assert_int_equal(event("<3>CTRL-EVENT-TERMINATING "), WPA_ENDS);
	assert_int_equal(event("<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Clinic\" auth_failures=1 duration=10 "
			       "reason=WRONG_KEY"),
			 WPA_PASSPHRASE);
	assert_int_equal(event("<3>CTRL-EVENT-AUTH-REJECT 02:00:00:00:01:00 auth_type=0 auth_transaction=2 "
			       "status_code=1"),
			 WPA_REFUSED);
	/* What a network calls itself is no reason. */
	assert_int_equal(event("<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"x reason=WRONG_KEY\" auth_failures=1 "
			       "duration=10 reason=CONN_FAILED"),
			 WPA_REFUSED);
	assert_int_equal(event("CTRL-EVENT-CONNECTED"), WPA_OTHER);
	assert_int_equal(event("<3>CTRL-EVENT-CONNECTEDLY"), WPA_OTHER);
	assert_int_equal(event("OK\n"), WPA_OTHER);
	assert_int_equal(event(""), WPA_OTHER);
}

static void status_tells_what_is_joined(void **state)
{
	static const char up[] = "bssid=02:00:00:00:01:00\nfreq=2412\nssid=Caf\\xc3\\xa9\nid=0\nmode=station\n"
				 "wpa_state=COMPLETED\n",
			  trying[] = "ssid=Clinic\nwpa_state=4WAY_HANDSHAKE\n",
			  odd[] = "ssid=\\e[2J\nwpa_state=COMPLETED\n",
			  sly[] = "ssid=wpa_state=COMPLETED\nwpa_state=SCANNING\n";
	char ssid[WPA_SSID_SIZE];

	(void)state;
	assert_int_equal(wpatext_read_status(up, sizeof(up) - 1, ssid), 0);
	assert_string_equal(ssid, "Caf\xc3\xa9");
	assert_int_equal(wpatext_read_status(trying, sizeof(trying) - 1, ssid), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(wpatext_read_status(sly, sizeof(sly) - 1, ssid), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(wpatext_read_status(odd, sizeof(odd) - 1, ssid), 0);
	assert_string_equal(ssid, "");
	assert_int_equal(wpatext_read_status("", 0, ssid), LOBBY_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_open_locked_or_unfit),
		cmocka_unit_test(signal_is_a_percentage),
		cmocka_unit_test(names_are_for_people_or_not_shown),
		cmocka_unit_test(the_list_has_each_name_once_strongest_first),
		cmocka_unit_test(the_list_keeps_the_strongest),
		cmocka_unit_test(events_are_told_apart),
		cmocka_unit_test(status_tells_what_is_joined),
	};

	return cmocka_run_group_tests_name("wireless", tests, NULL, NULL);
}
