/* Smart-card readers by USB CCID, without pcscd. A card that is put in is read by src/cards/chip.h's script; what it
 * held, or why it could not be read, is told once, then it stays powered off until it is taken out. Readers with an
 * interrupt endpoint say when a card comes and goes, and an idle one never wakes the program; others are asked every
 * half second. One card is read at a time; those in other slots (at most four are served) wait their turn.
 * Specification: see codec.h. */
#ifndef LOBBY_DRIVERS_CCID_DRIVER_H
#define LOBBY_DRIVERS_CCID_DRIVER_H

#include "drivers/registry.h"

extern const struct driver ccid_driver;

#endif
