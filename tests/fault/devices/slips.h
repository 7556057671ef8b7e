/* The print jobs of a lane with a printer: any job while it is dishonest, one that must come out when it is honest. */
#ifndef LOBBY_FAULT_DEVICES_SLIPS_H
#define LOBBY_FAULT_DEVICES_SLIPS_H

#include "tests/fault/devices/lane.h"

/* Zero it before first use. */
struct slips {
	char last[37]; /* the job given last; "" none */
	int64_t again_ms;
};

void slips_print(struct slips *slips, struct lane *lane, lobby_PrintForm form, struct chance *c);
/** The last one, whatever has become of it. */
void slips_cancel(struct slips *slips, struct lane *lane);
void slips_work(struct slips *slips, struct lane *lane, lobby_PrintForm form, struct chance *c);
bool slips_has_worked(struct slips *slips, struct lane *lane, lobby_PrintForm form);

#endif
