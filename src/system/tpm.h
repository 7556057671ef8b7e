/* Keeps the machine's TPM from locking itself, in the two commands that systemd's own tools do not send.
 *
 * A TPM guards against guessing: a start that follows a loss of power, after keys were used, counts as a wrong guess,
 * for power may have been cut to hide one (TPM 2.0 Library, part 1, "Dictionary Attack Protection"). The parent key
 * that systemd makes is of the guarded kind. So a kiosk that is switched off at the wall, as kiosks are, is locked out
 * of its own state after 3 (software) to 32 such nights, and a TPM that came locked takes no key. What guards the state
 * is PCR 7, not a password that could be guessed.
 *
 * fd is /dev/tpmrm0 or anything else that takes commands and gives answers; blocks: for workers. LOBBY_ERR_IO without
 * an answer, LOBBY_ERR_DENIED when the TPM says no. Spec: TPM 2.0 Library, part 3, TPM2_Shutdown,
 * TPM2_DictionaryAttackLockReset, TPM2_GetCapability. */
#ifndef LOBBY_SYSTEM_TPM_H
#define LOBBY_SYSTEM_TPM_H

#include "base/err.h"

#include <stdbool.h>

/** Ends a lockout, where there is one and nobody set a password for that. LOBBY_ERR_DENIED: it stays locked. */
int tpm_unlock(int fd) MUST_CHECK;
/** All that was wanted of it is done: power may go. To be said after every use of a key. */
int tpm_settle(int fd) MUST_CHECK;

/** The same of a device, without a word but in the journal. */
void tpm_unlock_device(const char *device);
void tpm_settle_device(const char *device);

#endif
