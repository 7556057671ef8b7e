/* One ZPL format, read into the fields of a label. See model_zebra.h. */
#ifndef LOBBY_EMU_ZEBRA_LABEL_H
#define LOBBY_EMU_ZEBRA_LABEL_H

#include "tests/emu/model_zebra.h"

/** Reads "^XA...^XZ" over what the label held before. Returns how many commands it did not know, or that had parameters
 * it would not take. */
int zebra_label_read(struct zebra_label *label, const char *zpl, size_t len);
void zebra_label_fini(struct zebra_label *label);

#endif
