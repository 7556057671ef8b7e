/* See testslip.h. The slip holds what goes wrong on real printers: sizes, bold, letters with accents, a ruled line, the
 * full width, and a QR code to hold under the scanner. */
#include "devices/testslip.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static lobby_SlipLine *add(lobby_Print *print, const char *text)
{
	lobby_SlipLine *line;

	if (print->line_count == sizeof(print->line) / sizeof(print->line[0]))
		return &print->line[print->line_count - 1];
	line = &print->line[print->line_count++];
	text_copy(line->text, sizeof(line->text), text);
	return line;
}

static void add_title(lobby_Print *print, const char *text)
{
	lobby_SlipLine *line = add(print, text);

	line->bold = true;
	line->scale = 2;
	line->align = lobby_SlipAlign_SLIP_CENTER;
}

static void format_time(int64_t ms, char *out, size_t size)
{
	struct clock_civil c = clock_civil_of(ms);

	snprintf(out, size, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

static void begin(lobby_Print *print, const char *job)
{
	memset(print, 0, sizeof(*print));
	text_copy(print->job, sizeof(print->job), job);
	text_copy(print->language, sizeof(print->language), "en");
}

/* For a slip that has to be printed again. */
static void add_mark(lobby_Print *print)
{
	print->has_copy = true;
	text_copy(print->copy.text, sizeof(print->copy.text), "Copy");
	print->copy.align = lobby_SlipAlign_SLIP_CENTER;
}

void testslip_device_name(const lobby_Device *d, char *out, size_t size)
{
	if (d->name[0] != '\0')
		snprintf(out, size, "%s (%04x:%04x)", d->name, (unsigned)d->vendor_id, (unsigned)d->product_id);
	else
		snprintf(out, size, "%04x:%04x", (unsigned)d->vendor_id, (unsigned)d->product_id);
}

void testslip_slip(lobby_Print *print, const char *job, const lobby_Device *printer)
{
	static const char *const letters[] = { "ÄÖÜ äöü ß  ÀÂÇÉÈÊËÎÏÔÙÛ àâçéèêëîïôùû",
					       "ÁÉÍÓÚÑ áéíóúñ ¿¡  ÃÕ ãõ  ÅÆØ åæø", "€ £ ¥ ¢ § © ® ° ± ¼ ½ ¾ « »",
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789" };
	char name[81], text[32];

	begin(print, job);
	add_mark(print);
	add_title(print, "Lobby test slip");
	format_time(clock_wall_ms(), text, sizeof(text));
	add(print, text)->align = lobby_SlipAlign_SLIP_CENTER;
	testslip_device_name(printer, name, sizeof(name));
	add(print, name)->align = lobby_SlipAlign_SLIP_CENTER;
	add(print, "")->rule = true;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		add(print, letters[i]);
	add(print, "Bold, and four times as large:")->bold = true;
	add(print, "B 14")->scale = 4;
	add(print, "")->rule = true;
	add(print, "Hold this code under the scanner to test it:")->align = lobby_SlipAlign_SLIP_CENTER;
	text_copy(print->qr, sizeof(print->qr), "LOBBY SELF-TEST 0123456789 abcdefghijklmnopqrstuvwxyz");
}

void testslip_label(lobby_Print *print, const char *job, const lobby_Device *printer)
{
	char name[81], text[32];

	begin(print, job);
	print->form = lobby_PrintForm_PRINT_LABEL;
	add(print, "Lobby test label")->bold = true;
	testslip_device_name(printer, name, sizeof(name));
	add(print, name);
	format_time(clock_wall_ms(), text, sizeof(text));
	add(print, text);
	text_copy(print->code128, sizeof(print->code128), "LOBBY-TEST-0123");
	text_copy(print->qr, sizeof(print->qr), "LOBBY SELF-TEST");
}

static const char *verdict(lobby_TestState state)
{
	static const char *const words[] = { "NOT RUN", "RUNNING", "PASSED", "FAILED", "SKIPPED" };

	return (size_t)state < sizeof(words) / sizeof(words[0]) ? words[state] : "?";
}

/* A line of the job each, or two where that many have place. */
static void add_result(lobby_Print *print, const lobby_TestLine *line, bool roomy)
{
	static const char *const kinds[] = { "Device", "Printing", "Label", "Scan", "Swipe", "Card" };
	const char *kind = (size_t)line->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[line->kind] : "";
	char text[sizeof(line->device) + sizeof(line->text) + 32];

	snprintf(text, sizeof(text), "%s: %s%s%s", verdict(line->state), kind, line->device[0] != '\0' ? ", " : "",
		 line->device);
	if (roomy) {
		add(print, text)->bold = line->state == lobby_TestState_TEST_FAILED;
		if (line->text[0] != '\0')
			add(print, line->text);
		return;
	}
	snprintf(text, sizeof(text), "%s: %s. %s", verdict(line->state), line->device[0] != '\0' ? line->device : kind,
		 line->text);
	add(print, text)->bold = line->state == lobby_TestState_TEST_FAILED;
}

void testslip_report(lobby_Print *print, const char *job, const lobby_TestReport *report)
{
	const size_t places = sizeof(print->line) / sizeof(print->line[0]);
	char text[64], when[32];

	begin(print, job);
	add_mark(print);
	add_title(print, report->passed ? "Self-test passed" : "Self-test FAILED");
	format_time(report->started_ms, when, sizeof(when));
	add(print, when)->align = lobby_SlipAlign_SLIP_CENTER;
	add(print, "")->rule = true;
	for (pb_size_t i = 0; i < report->line_count; i++)
		add_result(print, &report->line[i], 2U * report->line_count + 5 <= places);
	add(print, "")->rule = true;
	snprintf(text, sizeof(text), "Lobby %s, asked for by %s", LOBBY_VERSION, report->by);
	add(print, text);
}
