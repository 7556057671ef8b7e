/* src/checkin/mask: what may stand on a screen, and that no output is ever overrun or cut inside a letter. */
#include "base/text.h"
#include "checkin/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void phones(void **state)
{
	static const char *const rows[][3] = {
		{ "+1 (555) 010-0142", "••• ••• 0142", "0142" },
		{ "555-0199", "••• ••• 0199", "0199" },
		{ "0142", "••• ••• 0142", "0142" },
		{ "142", "•••", "" },
		{ "none", "•••", "" },
		{ "", "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mask_phone(out, sizeof(out), rows[i][0]);
		assert_string_equal(out, rows[i][1]);
		mask_phone_last4(out, 5, rows[i][0]);
		assert_string_equal(out, rows[i][2]);
	}
}

static void emails(void **state)
{
	static const char *const rows[][2] = {
		{ "maria.garcia@example.org", "m•••@example.org" },
		{ "élodie@example.org", "é•••@example.org" },
		{ "m@example.org", "•••@example.org" },
		{ "\"a@b\"@example.org", "\"•••@example.org" },
		{ "not an address", "•••" },
		{ "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mask_email(out, sizeof(out), rows[i][0]);
		assert_string_equal(out, rows[i][1]);
	}
}

static void addresses(void **state)
{
	static const char *const rows[][3] = {
		{ "14 Alder Street", "Springfield", "14 A••• St•••, Springfield" },
		{ "14 Alder", "", "14 A•••" },
		{ "Broadway", "Springfield", "B•••, Springfield" },
		{ " 14B  Old Alder   Avenue ", "", "14B O••• A••• Av•••" },
		{ "PO Box 1234", "", "P••• B••• •••" },
		{ "14 Alder Street Apt 7", "", "14 A••• S••• A••• •••" },
		{ "9 Éire Ñandú", "Gijón", "9 É••• Ña•••, Gijón" },
		{ "", "Springfield", "Springfield" },
		{ "", "", "" },
	};
	char out[96];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mask_address(out, sizeof(out), rows[i][0], rows[i][1]);
		assert_string_equal(out, rows[i][2]);
	}
}

static void members_and_names(void **state)
{
	char out[64];

	(void)state;
	mask_member(out, sizeof(out), "XGH884104417");
	assert_string_equal(out, "4417");
	mask_member(out, sizeof(out), "123456");
	assert_string_equal(out, "3456");
	mask_member(out, sizeof(out), "12345");
	assert_string_equal(out, "45");
	mask_member(out, sizeof(out), "");
	assert_string_equal(out, "");
	mask_name(out, sizeof(out), "Maria", "Garcia");
	assert_string_equal(out, "Maria G.");
	mask_name(out, sizeof(out), "Ólafur", "Þórsson");
	assert_string_equal(out, "Ólafur Þ.");
	mask_name(out, sizeof(out), "", "Suharto");
	assert_string_equal(out, "S.");
	mask_name(out, sizeof(out), "Suharto", "");
	assert_string_equal(out, "Suharto");
}

/* Every size of output from 1 up: terminated, inside, and whole letters only. */
static void no_output_is_overrun(void **state)
{
	char out[64];

	(void)state;
	for (size_t size = 1; size < sizeof(out) - 1; size++) {
		for (int which = 0; which < 5; which++) {
			memset(out, 'x', sizeof(out));
			if (which == 0)
				mask_phone(out, size, "+1 (555) 010-0142");
			else if (which == 1)
				mask_email(out, size, "élodie@example.org");
			else if (which == 2)
				mask_address(out, size, "14 Ñandú Straße", "Gijón");
			else if (which == 3)
				mask_member(out, size, "ÑÑÑÑÑÑÑÑ");
			else
				mask_name(out, size, "Ólafur", "Þórsson");
			assert_true(memchr(out, '\0', size) != NULL);
			assert_true(text_is_clean(out, strlen(out)));
			for (size_t i = size; i < sizeof(out); i++)
				assert_int_equal(out[i], 'x');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phones),
		cmocka_unit_test(emails),
		cmocka_unit_test(addresses),
		cmocka_unit_test(members_and_names),
		cmocka_unit_test(no_output_is_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
