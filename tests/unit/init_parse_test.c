/* What init reads from outside before anything is trusted: the command line, the loader's variables, the partition
 * table, the list of modules. */
#include "image/init/gpt.h"
#include "image/init/loader.h"
#include "image/init/modules.h"
#include "image/init/params.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define ROOT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GOOD "lobby.root=" ROOT " lobby.salt=6c6f lobby.blocks=4096"
#define SECTOR 512
#define SECTORS 65536

/* ---- the command line ---- */

static int parse(const char *line, struct params *out)
{
	return params_parse(line, strlen(line), out);
}

static void test_params_good(void **state)
{
	struct params refusal, p;
	char table[512];

	(void)state;
	assert_int_equal(parse("quiet panic=5 " GOOD "\n", &p), 0);
	assert_string_equal(p.root, ROOT);
	assert_string_equal(p.salt, "6c6f");
	assert_int_equal(p.blocks, 4096);
	assert_int_equal(p.wait_s, PARAMS_WAIT_S);
	assert_int_equal(p.again_s, PARAMS_AGAIN_S);
	assert_int_equal(parse("quiet lobby.again=5 lobby.refuse", &refusal), 0);
	assert_true(refusal.refuse);
	assert_int_equal(refusal.again_s, 5);
	assert_int_equal(p.slot, 0);
	assert_false(p.install || p.refuse);
	assert_int_equal(
		parse(GOOD
		      " lobby.slot=b lobby.rotation=270 lobby.wait=3 lobby.install other.lobby=1 lobby.language=es-MX",
		      &p),
		0);
	assert_int_equal(p.slot, 'b');
	assert_int_equal(p.rotation, 270);
	assert_int_equal(p.wait_s, 3);
	assert_true(p.install);
	assert_string_equal(p.language, "es-MX");
	assert_int_equal(params_verity_table(&p, "/dev/vda2", table, sizeof(table)), 0);
	/* A stick that is damaged is said in words: there is no other slot that a panic would lead to. */
	assert_string_equal(table,
			    "1 /dev/vda2 /dev/vda2 4096 4096 4096 4096 sha256 " ROOT " 6c6f 1 ignore_zero_blocks");
	p.install = false;
	assert_int_equal(params_verity_table(&p, "/dev/vda2", table, sizeof(table)), 0);
	assert_string_equal(table, "1 /dev/vda2 /dev/vda2 4096 4096 4096 4096 sha256 " ROOT
				   " 6c6f 2 panic_on_corruption ignore_zero_blocks");
	assert_int_equal(params_verity_table(&p, "/dev/vda2", table, 64), LOBBY_ERR_TOO_LONG);
}

static void test_params_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"quiet",
		"lobby.root=" ROOT " lobby.salt=6c6f",
		"lobby.root=" ROOT " lobby.blocks=2",
		"lobby.salt=6c6f lobby.blocks=2",
		GOOD " lobby.blocks=5",
		GOOD " lobby.root=" ROOT,
		GOOD " lobby.slot=c",
		GOOD " lobby.slot=ab",
		GOOD " lobby.slot=",
		GOOD " lobby.rotation=45",
		GOOD " lobby.rotation=360",
		GOOD " lobby.rotation=-90",
		GOOD " lobby.wait=121",
		GOOD " lobby.again=0",
		GOOD " lobby.again=601",
		GOOD " lobby.language=",
		GOOD " lobby.language=e_s",
		GOOD " lobby.language=es lobby.language=es",
		GOOD " lobby.language=abcdefghijklmnopq",
		GOOD " lobby.wait=",
		GOOD " lobby.install=1",
		"lobby.root=" ROOT "00 lobby.salt=6c6f lobby.blocks=4096",
		"lobby.root=" ROOT " lobby.salt=6c6 lobby.blocks=4096",
		"lobby.root=" ROOT " lobby.salt=6C6F lobby.blocks=4096",
		"lobby.root=" ROOT " lobby.salt=-- lobby.blocks=4096",
		"lobby.root=" ROOT " lobby.salt=6c6f lobby.blocks=1",
		"lobby.root=" ROOT " lobby.salt=6c6f lobby.blocks=0x10",
		"lobby.root=" ROOT " lobby.salt=6c6f lobby.blocks=99999999999999999999",
		"lobby.root=" ROOT " lobby.salt=6c6f lobby.blocks=16777217",
	};
	struct params p = { .slot = 'z' };
	char huge[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], &p) != LOBBY_ERR_INVALID)
			fail_msg("taken: %s", bad[i]);
	memset(huge, 'a', sizeof(huge));
	memcpy(huge, "lobby.salt=", 11);
	assert_int_equal(params_parse(huge, sizeof(huge), &p), LOBBY_ERR_INVALID);
	assert_int_equal(p.slot, 'z'); /* untouched */
}

static void test_params_has(void **state)
{
	const char *line = "quiet lobby.refuse lobby.refused";

	(void)state;
	assert_true(params_has(line, strlen(line), "lobby.refuse"));
	assert_false(params_has(line, 12, "lobby.refuse"));
	assert_false(params_has("a.lobby.refuse lobby.refuse=1", 29, "lobby.refuse"));
}

static void test_params_tree(void **state)
{
	uint8_t bytes[2];

	(void)state;
	assert_int_equal(params_tree_blocks(2), 1);
	assert_int_equal(params_tree_blocks(128), 1);
	assert_int_equal(params_tree_blocks(129), 3);
	assert_int_equal(params_tree_blocks(40000), 313 + 3 + 1);
	assert_int_equal(params_hex("00ff", bytes, sizeof(bytes)), 2);
	assert_int_equal(bytes[1], 0xff);
	assert_int_equal(params_hex("00ff00", bytes, sizeof(bytes)), 0);
	assert_int_equal(params_hex("0g", bytes, sizeof(bytes)), 0);
}

/* ---- the loader ---- */

static void test_loader_slots(void **state)
{
	(void)state;
	assert_int_equal(loader_slot_of_image("\\EFI\\lobby\\a.efi"), 'a');
	assert_int_equal(loader_slot_of_image("\\EFI\\LOBBY\\B.EFI"), 'b');
	assert_int_equal(loader_slot_of_image("/EFI/lobby/b.efi"), 'b');
	assert_int_equal(loader_slot_of_image("\\EFI\\BOOT\\BOOTX64.EFI"), 0);
	assert_int_equal(loader_slot_of_image("\\EFI\\lobby\\c.efi"), 0);
	assert_int_equal(loader_slot_of_image("\\EFI\\lobby\\?.efi"), 0);
	assert_int_equal(loader_slot_of_image(""), 0);
	assert_int_equal(loader_slot_of_entry("lobby-a"), 'a');
	assert_int_equal(loader_slot_of_entry("lobby-b.conf"), 'b');
	assert_int_equal(loader_slot_of_entry("lobby-a+2-1.conf"), 'a');
	assert_int_equal(loader_slot_of_entry("lobby-refuse.conf"), 0);
	assert_int_equal(loader_slot_of_entry("lobby-ab"), 0);
	assert_int_equal(loader_slot_of_entry("lobby-"), 0);
	assert_int_equal(loader_slot_of_entry("alobby-a"), 0);
}

static void test_loader_entries(void **state)
{
	static const char *const names[] = { "lobby-refuse.conf", "lobby-b+0-3.conf", "lobby-a+0-3.conf" };
	uint8_t list[256] = { 0 };
	size_t len = 0;
	char out[32];

	(void)state;
	for (size_t i = 0; i < 3; i++, len += 2)
		for (const char *c = names[i]; *c != '\0'; c++, len += 2)
			list[len] = (uint8_t)*c;
	assert_int_equal(loader_entry_of_slot(list, len, 'a', out, sizeof(out)), 0);
	assert_string_equal(out, "lobby-a+0-3.conf");
	assert_int_equal(loader_entry_of_slot(list, len, 'b', out, sizeof(out)), 0);
	assert_string_equal(out, "lobby-b+0-3.conf");
	assert_int_equal(loader_entry_of_slot(list, len, 'b', out, 8), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(loader_entry_of_slot(list, len - 2, 'a', out, sizeof(out)), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(loader_entry_of_slot(list, len - 1, 'a', out, sizeof(out)), LOBBY_ERR_INVALID);
	assert_int_equal(loader_entry_of_slot(list, 0, 'a', out, sizeof(out)), LOBBY_ERR_NOT_FOUND);
}

static void test_loader_text(void **state)
{
	static const uint8_t text[] = { 'a', 0, 0xE9, 0, 0x3D, 0xD8, 'b', 0, 0, 0, 'x', 0 };
	char out[8] = "same", uuid[37] = "";

	(void)state;
	assert_int_equal(loader_text(text, 5, out, sizeof(out)), LOBBY_ERR_INVALID);
	assert_int_equal(loader_text(text, sizeof(text), out, 4), LOBBY_ERR_TOO_LONG);
	assert_string_equal(out, "same");
	assert_int_equal(loader_text(text, sizeof(text), out, 5), 0);
	assert_string_equal(out, "a??b");
	assert_int_equal(loader_text(text, 2, out, sizeof(out)), 0); /* no NUL at the end */
	assert_string_equal(out, "a");
	assert_int_equal(loader_uuid("6C6F6262-7900-4000-8000-00000000000F", uuid), 0);
	assert_string_equal(uuid, "6c6f6262-7900-4000-8000-00000000000f");
	assert_int_equal(loader_uuid("6c6f6262-7900-4000-8000-00000000000", uuid), LOBBY_ERR_INVALID);
	assert_int_equal(loader_uuid("6c6f6262-7900-4000-8000-00000000000g", uuid), LOBBY_ERR_INVALID);
	assert_int_equal(loader_uuid("6c6f6262079000400008000000000000000f", uuid), LOBBY_ERR_INVALID);
}

/* ---- the partition table ---- */

struct table {
	uint8_t header[SECTOR];
	uint8_t entries[128 * 128];
};

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void seal(struct table *t)
{
	put(t->header + 88, crc32(0, t->entries, sizeof(t->entries)), 4);
	put(t->header + 16, 0, 4);
	put(t->header + 16, crc32(0, t->header, 92), 4);
}

static void add(struct table *t, size_t i, uint64_t first, uint64_t last, const char *name)
{
	uint8_t *e = t->entries + i * 128;

	memset(e, 0x11, 16);
	for (size_t k = 0; k < 16; k++)
		e[16 + k] = (uint8_t)(i * 16 + k);
	put(e + 32, first, 8);
	put(e + 40, last, 8);
	for (size_t k = 0; name[k] != '\0'; k++)
		put(e + 56 + 2 * k, (uint8_t)name[k], 2);
}

static void make(struct table *t)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->header, "EFI PART", 8);
	put(t->header + 8, 0x10000, 4);
	put(t->header + 12, 92, 4);
	put(t->header + 24, 1, 8);
	put(t->header + 72, 2, 8);
	put(t->header + 80, 128, 4);
	put(t->header + 84, 128, 4);
	add(t, 0, 2048, 4095, "esp");
	add(t, 2, 4096, 20479, "root-a");
	add(t, 3, 30000, SECTORS, "outside");
	add(t, 4, 500, 400, "backwards");
	seal(t);
}

static int header_of(const struct table *t, struct gpt_header *h)
{
	return gpt_header_parse(t->header, SECTOR, 1, SECTORS, h);
}

static void test_gpt_good(void **state)
{
	static struct table t;
	static struct gpt gpt;
	struct gpt_header h;
	const struct gpt_part *part;

	(void)state;
	make(&t);
	assert_int_equal(header_of(&t, &h), 0);
	assert_int_equal(h.entries_len, sizeof(t.entries));
	assert_int_equal(gpt_entries_parse(&h, t.entries, sizeof(t.entries), SECTORS, &gpt), 0);
	assert_int_equal(gpt.count, 2);
	part = gpt_by_name(&gpt, "root-a");
	assert_non_null(part);
	assert_int_equal(part->number, 3);
	assert_int_equal(part->first_lba, 4096);
	assert_string_equal(part->uuid, "23222120-2524-2726-2829-2a2b2c2d2e2f");
	assert_ptr_equal(gpt_by_uuid(&gpt, part->uuid), part);
	assert_null(gpt_by_name(&gpt, "outside"));
	assert_null(gpt_by_name(&gpt, "root-b"));
}

static void test_gpt_bad(void **state)
{
	static struct table t;
	static struct gpt gpt;
	static const struct {
		size_t at, bytes;
		uint64_t value;
	} bad[] = {
		{ 0, 1, 'X' },	       { 8, 4, 0x20000 },     { 12, 4, 91 },	     { 12, 4, 513 },
		{ 12, 4, 0xFFFFFFFF }, { 24, 8, 2 },	      { 72, 8, 0 },	     { 72, 8, SECTORS - 3 },
		{ 72, 8, UINT64_MAX }, { 80, 4, 0 },	      { 80, 4, 0xFFFFFFFF }, { 84, 4, 0 },
		{ 84, 4, 127 },	       { 84, 4, 0x80000000 },
	};
	struct gpt_header h;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make(&t);
		put(t.header + bad[i].at, bad[i].value, bad[i].bytes);
		seal(&t);
		if (header_of(&t, &h) != LOBBY_ERR_INVALID)
			fail_msg("taken: %zu", i);
	}
	make(&t);
	t.header[40] ^= 1; /* not sealed */
	assert_int_equal(header_of(&t, &h), LOBBY_ERR_INVALID);
	assert_int_equal(gpt_header_parse(t.header, 80, 1, SECTORS, &h), LOBBY_ERR_INVALID);
	make(&t);
	assert_int_equal(header_of(&t, &h), 0);
	t.entries[200] ^= 1;
	assert_int_equal(gpt_entries_parse(&h, t.entries, sizeof(t.entries), SECTORS, &gpt), LOBBY_ERR_INVALID);
	assert_int_equal(gpt_entries_parse(&h, t.entries, 100, SECTORS, &gpt), LOBBY_ERR_INVALID);
}

/* ---- modules ---- */

static void test_modules(void **state)
{
	static const char list[] =
		"# first\n[display]\n-\n/lib/modules/x/drm.ko\n---\n\nrelative.ko\n/a/../b.ko\n/x.txt\n"
		"[]\n:x\nA:b\nvirtio:d00000010v*\nacpi*:80860F14:*\n/lib/modules/x/virtio-gpu.ko";
	static const struct modules_line expected[] = { { MODULES_SECTION, "display" },
							{ MODULES_ALWAYS, "-" },
							{ MODULES_PATH, "/lib/modules/x/drm.ko" },
							{ MODULES_ALIAS, "virtio:d00000010v*" },
							{ MODULES_ALIAS, "acpi*:80860F14:*" },
							{ MODULES_PATH, "/lib/modules/x/virtio-gpu.ko" } };
	struct modules_line line;
	char longest[600];
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_true(modules_next(list, sizeof(list) - 1, &at, &line));
		assert_int_equal(line.kind, expected[i].kind);
		assert_string_equal(line.text, expected[i].text);
	}
	assert_false(modules_next(list, sizeof(list) - 1, &at, &line));
	memset(longest, 'a', sizeof(longest)); /* longer than any line */
	longest[0] = '/';
	memcpy(longest + sizeof(longest) - 3, ".ko", 3);
	at = 0;
	assert_false(modules_next(longest, sizeof(longest), &at, &line));
}

static void test_module_options(void **state)
{
	const char *cmdline = "drm.debug=1 virtio_gpu.modeset=1 xdrm.no=1 virtio-gpu.b=2 drm virtio_gpux.c=3\n";
	char options[24];

	(void)state;
	modules_options(cmdline, strlen(cmdline), "/lib/modules/x/drm.ko", options, sizeof(options));
	assert_string_equal(options, "debug=1");
	modules_options(cmdline, strlen(cmdline), "/lib/modules/x/virtio-gpu.ko", options, sizeof(options));
	assert_string_equal(options, "modeset=1 b=2");
	modules_options(cmdline, strlen(cmdline), "/lib/modules/x/virtio-gpu.ko", options, 12);
	assert_string_equal(options, "modeset=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_params_good),    cmocka_unit_test(test_params_bad),
		cmocka_unit_test(test_params_has),     cmocka_unit_test(test_params_tree),
		cmocka_unit_test(test_loader_slots),   cmocka_unit_test(test_loader_text),
		cmocka_unit_test(test_loader_entries), cmocka_unit_test(test_gpt_good),
		cmocka_unit_test(test_gpt_bad),	       cmocka_unit_test(test_modules),
		cmocka_unit_test(test_module_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
