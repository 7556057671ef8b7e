/* Any bytes as what init reads before anything is trusted. The first byte says as what: the command line, a loader's
 * variable, a partition table's header or its entries (with checksums made good, or nothing would get past them), the
 * list of modules, or the panel's setting. */
#include "image/init/fail.h"
#include "image/init/gpt.h"
#include "image/init/loader.h"
#include "image/init/modules.h"
#include "image/init/params.h"

#include "kiosk/panel.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SECTOR 512
#define SECTORS 65536

static void try_params(const char *text, size_t len)
{
	struct params p;
	char table[1024];

	(void)params_has(text, len, "lobby.refuse");
	if (params_parse(text, len, &p) != 0 || p.refuse)
		return;
	assert(strlen(p.root) == 64 && p.blocks >= 2 && params_tree_blocks(p.blocks) < p.blocks);
	assert(params_verity_table(&p, "/dev/nvme0n1p2", table, sizeof(table)) == 0);
}

static void try_loader(const uint8_t *data, size_t len)
{
	char text[256], uuid[37], slot;

	if (loader_entry_of_slot(data, len, 'b', text, sizeof(text)) == 0)
		assert(loader_slot_of_entry(text) == 'b');
	if (loader_text(data, len, text, sizeof(text)) != 0)
		return;
	slot = loader_slot_of_image(text);
	assert(slot == 0 || slot == 'a' || slot == 'b');
	slot = loader_slot_of_entry(text);
	assert(slot == 0 || slot == 'a' || slot == 'b');
	if (loader_uuid(text, uuid) == 0)
		assert(strlen(uuid) == 36);
}

static void try_header(const uint8_t *data, size_t len)
{
	uint8_t sector[SECTOR] = { 0 };
	struct gpt_header header;
	uint32_t crc;

	memcpy(sector, data, len < SECTOR ? len : SECTOR);
	memset(sector + 16, 0, 4);
	crc = (uint32_t)crc32(0, sector, 92);
	for (size_t i = 0; i < 4; i++)
		sector[16 + i] = (uint8_t)(crc >> 8 * i);
	if (gpt_header_parse(sector, SECTOR, 1, SECTORS, &header) == 0)
		assert(header.entries_len <= GPT_ENTRIES_MAX &&
		       header.entries_lba + (header.entries_len + SECTOR - 1) / SECTOR <= SECTORS);
}

static void try_entries(const uint8_t *data, size_t len)
{
	static struct gpt gpt;
	struct gpt_header header = { .entries_lba = 2, .entry_size = 128, .count = (uint32_t)(len / 128) };

	header.entries_len = header.count * (size_t)header.entry_size;
	header.entries_crc = (uint32_t)crc32(0, data, (uInt)header.entries_len);
	if (gpt_entries_parse(&header, data, len, SECTORS, &gpt) != 0)
		return;
	for (size_t i = 0; i < gpt.count; i++)
		assert(gpt.parts[i].last_lba < SECTORS && gpt_by_uuid(&gpt, gpt.parts[i].uuid) != NULL &&
		       gpt_by_name(&gpt, gpt.parts[i].name) != NULL);
}

static void try_modules(const char *text, size_t len)
{
	struct modules_line line;
	char options[64];
	size_t at = 0;

	while (modules_next(text, len, &at, &line)) {
		assert(line.text[0] != '\0' && strlen(line.text) < sizeof(line.text));
		if (line.kind != MODULES_PATH)
			continue;
		assert(line.text[0] == '/' && strstr(line.text, "..") == NULL);
		modules_options(text, len, line.text, options, sizeof(options));
	}
}

static void try_panel(const char *text, size_t len)
{
	char language[PANEL_LANGUAGE_SIZE];
	lobby_Panel panel = panel_parse(text, len), clean = panel_clean(&panel);

	assert(panel_is_same(&panel, &clean));
	panel_language(text, len, language);
	assert(panel_is_language(language));
	(void)tongue_of(language);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > 65536)
		return 0;
	switch (data[0]) {
	case 'c':
		try_params((const char *)data + 1, len - 1);
		break;
	case 'l':
		try_loader(data + 1, len - 1);
		break;
	case 'h':
		try_header(data + 1, len - 1);
		break;
	case 'e':
		try_entries(data + 1, len - 1);
		break;
	case 'p':
		try_panel((const char *)data + 1, len - 1);
		break;
	case 'm':
		try_modules((const char *)data + 1, len - 1);
		break;
	default:
		break;
	}
	return 0;
}
