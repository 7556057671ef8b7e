/* A label printer: wristbands over the same class of endpoints as slips, in another language, and its troubles. */
#include "kernel.h"

#include <stdio.h>
#include <string.h>

#define LABELS lobby_DeviceKind_DEVICE_LABEL_PRINTER
#define READY lobby_DeviceState_DEVICE_READY
#define ABSENT lobby_DeviceState_DEVICE_ABSENT

static void print_band(struct kernel *k, const char *job)
{
	static lobby_Envelope envelope;
	lobby_Print *print = &envelope.body.print;

	envelope = (lobby_Envelope){ .which_body = lobby_Envelope_print_tag };
	*print = (lobby_Print){ .form = lobby_PrintForm_PRINT_WRISTBAND, .line_count = 2 };
	snprintf(print->job, sizeof(print->job), "%s", job);
	snprintf(print->line[0].text, sizeof(print->line[0].text), "Maribel Cañizares Ölund");
	snprintf(print->line[1].text, sizeof(print->line[1].text), "Born 14 March 1956");
	snprintf(print->qr, sizeof(print->qr), "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	snprintf(print->code128, sizeof(print->code128), "44710092");
	if (machine_send(&k->machine, &envelope) != 0)
		fputs("kernel: a label could not be sent\n", stderr);
}

static bool ended(struct kernel *k, const char *job, int outcome)
{
	return kernel_until(k, kernel_outcome(k, job) != 1) && kernel_outcome(k, job) == outcome;
}

static bool label_says(struct kernel *k, const char *words)
{
	char text[2048] = "";
	const struct zebra_label *label = model_zebra_last(&k->zebra);

	if (label != NULL)
		model_zebra_text(label, text, sizeof(text));
	return strstr(text, words) != NULL;
}

/* It does not speak of its own accord, and is asked before it prints, and while something is wrong. */
static void trouble_checks(struct kernel *k)
{
	static const struct zebra_trouble none;
	static const struct {
		const char *name, *job;
		struct zebra_trouble trouble;
		lobby_DeviceState state;
		int err;
	} rows[] = { { "its head open",
		       "open",
		       { .head_open = true },
		       lobby_DeviceState_DEVICE_COVER_OPEN,
		       LOBBY_ERR_COVER_OPEN },
		     { "no wristbands left",
		       "none-left",
		       { .media_out = true },
		       lobby_DeviceState_DEVICE_PAPER_OUT,
		       LOBBY_ERR_PAPER_OUT } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		model_zebra_set(&k->zebra, rows[i].trouble);
		print_band(k, rows[i].job);
		kernel_check(k, ended(k, rows[i].job, rows[i].err) && kernel_state(k, LABELS) == rows[i].state,
			     "with %s the job and the state say so", rows[i].name);
		model_zebra_set(&k->zebra, none);
		kernel_check(k, kernel_until(k, kernel_state(k, LABELS) == READY), "put right, it is ready by itself");
	}
}

void kernel_label_checks(struct kernel *k)
{
	kernel_check(k, bus_plug(k->bus, &k->zebra.model) && kernel_until(k, kernel_state(k, LABELS) == READY),
		     "the label printer is ready");
	print_band(k, "band");
	kernel_check(k, ended(k, "band", 0) && model_zebra_printed(&k->zebra) == 1 && k->zebra.unknown == 0,
		     "a wristband comes out, and is confirmed");
	kernel_check(k, label_says(k, "Maribel Cañizares Ölund") && label_says(k, "44710092"),
		     "with the name and the number");
	trouble_checks(k);
	k->zebra.slow = true;
	print_band(k, "pulled");
	kernel_until(k, model_zebra_received(&k->zebra) > 100);
	bus_unplug(k->bus, &k->zebra.model);
	kernel_check(k, ended(k, "pulled", LOBBY_ERR_UNPLUGGED) && kernel_until(k, kernel_state(k, LABELS) == ABSENT),
		     "unplugged in the middle of a wristband: the job says so");
	k->zebra.slow = false;
	kernel_check(k, bus_plug(k->bus, &k->zebra.model) && kernel_until(k, kernel_state(k, LABELS) == READY),
		     "plugged in again, it is ready");
	print_band(k, "again");
	kernel_check(k, ended(k, "again", 0), "and prints");
}
