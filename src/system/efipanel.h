/* How the panel hangs, and the language of the first words on it: an EFI variable, so that the splash has it right
 * before any disk is read, and a disk that is put into another box does not turn its picture (image/README.md). A copy
 * for lobby-kiosk is in /run/lobby-panel, which it reads at its start. UEFI 2.10, section 8.2; efivarfs: four bytes of
 * attributes, then the value. */
#ifndef LOBBY_SYSTEM_EFIPANEL_H
#define LOBBY_SYSTEM_EFIPANEL_H

#include "netcheck.h"
#include "system.h"

#define PANEL_VARIABLE "LobbyPanel-6c6f6262-7900-4000-8000-000000000001"

int efipanel_init(struct system *sys);
void efipanel_fini(struct system *sys);
void efipanel_fill(struct system *sys, lobby_SystemState *state);
/** SYSTEM_SET_PANEL. */
void efipanel_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command);
/** The same for others: why is a sentence on failure. LOBBY_ERR_INVALID, LOBBY_ERR_IO. */
int efipanel_set(struct system *sys, const lobby_Panel *panel, char *why, size_t size) MUST_CHECK;

/** The language that init speaks from the next start on, BCP 47. Empty, or none: it stays as it was. A firmware that
 * does not keep it is logged. */
void efipanel_language(struct system *sys, const char *language);

/** Reads and writes the variable in a folder like /sys/firmware/efi/efivars. LOBBY_ERR_NOT_FOUND, LOBBY_ERR_IO. */
int efipanel_load(const char *efivars, lobby_Panel *panel, char language[EFIPANEL_LANGUAGE]) MUST_CHECK;
int efipanel_save(const char *efivars, const lobby_Panel *panel, const char *language) MUST_CHECK;

#endif
