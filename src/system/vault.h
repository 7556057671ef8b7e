/* The state partition's encryption: LUKS2 (libcryptsetup), one volume key, opened either by the machine's TPM or by a
 * random key of 32 bytes that lies on the EFI system partition (then it protects a disk that is sold or thrown away
 * without its ESP, and no more; the screen says so).
 *
 * A vault is labelled "lobby-making" until it is complete, so that a power cut while it is made is told from a vault
 * that does not open any more. A key of full entropy needs no slow derivation: PBKDF2 with the fewest rounds.
 *
 * For workers: it blocks, for seconds with a TPM. `device` is a block device or, but for opening under a name, a plain
 * file. Errors: LOBBY_ERR_NOT_FOUND no header, LOBBY_ERR_DENIED the key does not fit, LOBBY_ERR_BUSY it is
 * open already, LOBBY_ERR_IO. A disk that takes no more writes is opened read-only. */
#ifndef LOBBY_SYSTEM_VAULT_H
#define LOBBY_SYSTEM_VAULT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VAULT_KEY 32

struct vault_facts {
	bool header;   /* there is a LUKS2 header, and a key that opens it */
	bool complete; /* and it was finished */
	bool tpm;      /* a TPM opens it */
	bool remains;  /* no header that can be read, but what may have been one; or the disk does not answer */
};

void vault_look(const char *device, struct vault_facts *facts);
/** Formats the device, with this key in its only slot. What was there is lost. */
int vault_make(const char *device, const uint8_t key[VAULT_KEY]) MUST_CHECK;
/** Lets the TPM open it as well (PCR 7: Secure Boot's keys and state). run is a folder in memory for the key's file,
 * which systemd-cryptenroll reads; tpm is "auto" or a TCTI. said is why not. */
int vault_bind_tpm(const char *device, const uint8_t key[VAULT_KEY], const char *run, const char *tpm, char *said,
		   size_t size) MUST_CHECK;
/** The key opens it no more. Once the TPM has been seen to. */
int vault_drop_key(const char *device) MUST_CHECK;
/** All is done: from now on, not opening is a loss. */
int vault_finish(const char *device) MUST_CHECK;
/** Opens it as /dev/mapper/NAME; with name NULL it is only tried. */
int vault_open_key(const char *device, const char *name, const uint8_t key[VAULT_KEY]) MUST_CHECK;
/** tpm NULL: the machine's. */
int vault_open_tpm(const char *device, const char *name, const char *tpm) MUST_CHECK;
/** What lies in an open vault from this byte on (a multiple of 512), as a device of its own: /dev/mapper/NAME. */
int vault_open_part(const char *device, const char *name, uint64_t offset) MUST_CHECK;
int vault_close(const char *name) MUST_CHECK;
/** Makes it unreadable for good, also while it is open: every key slot, then the header itself. */
int vault_destroy(const char *device) MUST_CHECK;

#endif
