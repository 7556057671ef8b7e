/* A printer: slips by bulk transfers, status by the other endpoint, and what goes wrong with paper and cover. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#define PRINTER lobby_DeviceKind_DEVICE_PRINTER
#define READY lobby_DeviceState_DEVICE_READY

static char text[8192];

static bool printed(struct kernel *k, const char *job, int lines)
{
	int before = model_printer_slips(&k->printer);

	kernel_print(k, job, lines);
	return kernel_until(k, kernel_outcome(k, job) != 1) && kernel_outcome(k, job) == 0 &&
	       model_printer_slips(&k->printer) == before + 1;
}

static bool paper_has(struct kernel *k, const char *words)
{
	return model_printer_text(&k->printer, false, text, sizeof(text)) && strstr(text, words) != NULL;
}

/* Works a slow printer off until the condition holds. */
#define work_until(k, condition) kernel_until(k, (model_printer_step(&(k)->printer, 64), (condition)))

static void cover_checks(struct kernel *k)
{
	k->printer.slow = true;
	kernel_print(k, "cover", 24);
	kernel_until(k, model_printer_received(&k->printer) > 300);
	model_printer_step(&k->printer, 200);
	model_printer_set_cover(&k->printer, true);
	kernel_check(k, kernel_until(k, kernel_outcome(k, "cover") == LOBBY_ERR_COVER_OPEN),
		     "the cover is opened in the middle: the slip is not called printed");
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == lobby_DeviceState_DEVICE_COVER_OPEN),
		     "and the state says so");
	k->printer.slow = false;
	model_printer_set_cover(&k->printer, false);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "closed, the printer is ready");
	kernel_check(k,
		     printed(k, "after-cover", 6) && paper_has(k, "visit/after-cover") && !paper_has(k, "visit/cover"),
		     "and the next slip is clean");
}

static void paper_checks(struct kernel *k)
{
	model_printer_set_paper(&k->printer, PRINTER_PAPER_LOW);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == lobby_DeviceState_DEVICE_PAPER_LOW),
		     "paper near its end is told without being asked");
	kernel_check(k, printed(k, "low", 6), "and prints still");
	model_printer_set_paper(&k->printer, PRINTER_PAPER_OUT);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == lobby_DeviceState_DEVICE_PAPER_OUT),
		     "no paper is told");
	model_printer_set_paper(&k->printer, PRINTER_PAPER_OK);
	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "a new roll, too");
}

static void stall_checks(struct kernel *k)
{
	bus_lock(k->bus);
	k->printer.stall_writes = 2;
	bus_unlock(k->bus);
	kernel_check(k, printed(k, "stalled", 6), "after two stalled writes the slip comes out once");
}

void kernel_printer_checks(struct kernel *k)
{
	size_t held;

	kernel_check(k, kernel_until(k, kernel_state(k, PRINTER) == READY), "the printer is ready");
	kernel_check(k, kernel_has_driver(k, "1209:0002", "usbfs"), "usblp has given it to lobby-devices");
	kernel_check(k, printed(k, "slip", 6) && paper_has(k, "visit/slip") && paper_unknown(k->printer.paper) == 0,
		     "a slip comes out, and is confirmed");
	kernel_check(k, paper_has(k, "mañana 10 €"), "with its letters right");
	k->printer.slow = true;
	kernel_print(k, "slow", 30);
	kernel_until(k, model_printer_received(&k->printer) > 600);
	kernel_idle(k, 500);
	held = k->printer.buffered;
	kernel_check(k, kernel_outcome(k, "slow") == 1, "a printer that holds %zu bytes has not printed", held);
	kernel_check(k, work_until(k, kernel_outcome(k, "slow") == 0), "until it has worked them off");
	k->printer.slow = false;
	cover_checks(k);
	paper_checks(k);
	stall_checks(k);
}
