/* What the self-test prints: a slip and a label that show what the printer can, and its report. Plain English. */
#ifndef LOBBY_DEVICES_TESTSLIP_H
#define LOBBY_DEVICES_TESTSLIP_H

#include "wire.pb.h"

#include <stddef.h>

/** Each fills a whole job of this name. `printer` is shown on it. */
void testslip_slip(lobby_Print *print, const char *job, const lobby_Device *printer);
void testslip_label(lobby_Print *print, const char *job, const lobby_Device *printer);
void testslip_report(lobby_Print *print, const char *job, const lobby_TestReport *report);
/** "TM-T88VI (04b8:0e28)", or the ids alone. */
void testslip_device_name(const lobby_Device *device, char *out, size_t size);

#endif
