/* See tpm.h. Three commands, whose bytes never change; of the answers only the code and one word of flags are read. */
#include "tpm.h"

#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define MAX_ANSWER 64
#define ANSWER_MS 30000
#define IN_LOCKOUT (1U << 9)	   /* TPMA_PERMANENT (part 2, 8.6) */
#define LOCKOUT_AUTH_SET (1U << 2) /* somebody keeps its password */

/* Each: tag (2), size (4), command (4), and what it takes. */
static const uint8_t get_permanent[] = {
	0x80, 0x01, 0, 0, 0, 22, 0, 0, 0x01, 0x7a,	/* TPM2_GetCapability */
	0,    0,    0, 6, 0, 0,	 2, 0, 0,    0,	   0, 1 /* of the properties one: TPM_PT_PERMANENT */
};
static const uint8_t reset_lockout[] = {
	0x80, 0x02, 0, 0,    0, 27, 0, 0, 0x01, 0x39, /* TPM2_DictionaryAttackLockReset */
	0x40, 0,    0, 0x0a, 0, 0,  0, 9,	      /* TPM_RH_LOCKOUT, and 9 bytes that authorize: */
	0x40, 0,    0, 0x09, 0, 0,  0, 0, 0	      /* TPM_RS_PW, no nonce, no attributes, the empty password */
};
static const uint8_t shut_down[] = {
	0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x45, 0, 0 /* TPM2_Shutdown, TPM_SU_CLEAR */
};

/* Sends it and reads what follows the answer's code. A device gives its answer in one read. */
static int ask(int fd, const uint8_t *command, size_t len, uint8_t answer[MAX_ANSWER], struct reader *out)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (write(fd, command, len) != (ssize_t)len)
		return LOBBY_ERR_IO;
	while ((n = poll(&ready, 1, ANSWER_MS)) < 0 && errno == EINTR)
		;
	n = n > 0 ? read(fd, answer, MAX_ANSWER) : -1;
	if (n < 0)
		return LOBBY_ERR_IO;
	*out = reader_of(answer, (size_t)n);
	read_span(out, 6);
	if (read_be32(out) != 0)
		return LOBBY_ERR_DENIED;
	return out->failed ? LOBBY_ERR_IO : 0;
}

int tpm_unlock(int fd)
{
	uint8_t answer[MAX_ANSWER];
	struct reader r;
	uint32_t flags;
	int err = ask(fd, get_permanent, sizeof(get_permanent), answer, &r);

	if (err != 0)
		return err;
	read_span(&r, 13); /* more to come, which capability, how many, which property */
	flags = read_be32(&r);
	if (r.failed)
		return LOBBY_ERR_IO;
	if ((flags & IN_LOCKOUT) == 0)
		return 0;
	err = (flags & LOCKOUT_AUTH_SET) != 0 ? LOBBY_ERR_DENIED
					      : ask(fd, reset_lockout, sizeof(reset_lockout), answer, &r);
	log_event(LOG_WARNING, "tpm-locked", "flags=0x%x unlocked=%s", flags, err_event(err));
	return err;
}

int tpm_settle(int fd)
{
	uint8_t answer[MAX_ANSWER];
	struct reader r;

	return ask(fd, shut_down, sizeof(shut_down), answer, &r);
}

static void with_device(const char *device, int (*work)(int fd), const char *what)
{
	int fd = open(device, O_RDWR | O_CLOEXEC), err = fd >= 0 ? work(fd) : LOBBY_ERR_NOT_FOUND;

	if (fd >= 0)
		close(fd);
	if (err != 0)
		log_event(LOG_ERROR, "tpm", "cannot=%s error=%s", what, err_event(err));
}

void tpm_unlock_device(const char *device)
{
	with_device(device, tpm_unlock, "unlock");
}

void tpm_settle_device(const char *device)
{
	with_device(device, tpm_settle, "settle");
}
