/* See seal.h. */
#include "seal.h"

#include "bytes.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "LOBBYLOG1\n"
#define MAGIC_LEN 10
#define OVERHEAD crypto_secretstream_xchacha20poly1305_ABYTES
#define HEADER crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define SEALED_KEY (SEAL_KEY + crypto_box_SEALBYTES)

_Static_assert(sizeof(crypto_secretstream_xchacha20poly1305_state) <= 64, "the state's room in struct seal");
_Static_assert(SEAL_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES && SEAL_KEY == crypto_box_SECRETKEYBYTES,
	       "all keys are of one length");

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC ? LOBBY_ERR_DISK_FULL : LOBBY_ERR_IO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* LOBBY_ERR_CORRUPT at an end that comes too early. */
static int read_all(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? LOBBY_ERR_IO : LOBBY_ERR_CORRUPT;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int seal_begin(struct seal *seal, int fd, const uint8_t to[SEAL_KEY])
{
	uint8_t key[SEAL_KEY], head[MAGIC_LEN + SEALED_KEY + HEADER];
	int err = 0;

	*seal = (struct seal){ .fd = fd };
	memcpy(head, MAGIC, MAGIC_LEN);
	crypto_secretstream_xchacha20poly1305_keygen(key);
	if (crypto_box_seal(head + MAGIC_LEN, key, sizeof(key), to) != 0)
		err = LOBBY_ERR_INVALID;
	crypto_secretstream_xchacha20poly1305_init_push((void *)seal->state, head + MAGIC_LEN + SEALED_KEY, key);
	sodium_memzero(key, sizeof(key));
	return err != 0 ? err : write_all(fd, head, sizeof(head));
}

static int write_piece(struct seal *seal, bool last)
{
	static uint8_t out[2 + SEAL_PIECE + OVERHEAD];
	struct writer w = writer_of(out, 2);

	write_le16(&w, (uint16_t)(seal->len + OVERHEAD));
	crypto_secretstream_xchacha20poly1305_push((void *)seal->state, out + 2, NULL, seal->piece, seal->len, NULL, 0,
						   last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
	w.len += seal->len + OVERHEAD;
	seal->len = 0;
	return write_all(seal->fd, out, w.len);
}

int seal_write(struct seal *seal, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len > 0) {
		size_t n = SEAL_PIECE - seal->len < len ? SEAL_PIECE - seal->len : len;
		int err;

		memcpy(seal->piece + seal->len, from, n);
		seal->len += n;
		from += n;
		len -= n;
		err = seal->len == SEAL_PIECE ? write_piece(seal, false) : 0;
		if (err != 0)
			return err;
	}
	return 0;
}

int seal_end(struct seal *seal)
{
	int err = write_piece(seal, true);

	sodium_memzero(seal, sizeof(*seal));
	return err;
}

int unseal_begin(struct unseal *unseal, int fd, const uint8_t secret[SEAL_KEY])
{
	uint8_t head[MAGIC_LEN + SEALED_KEY + HEADER], key[SEAL_KEY], public_key[SEAL_KEY];
	int err = read_all(fd, head, sizeof(head));

	*unseal = (struct unseal){ .fd = fd };
	if (err == 0 && memcmp(head, MAGIC, MAGIC_LEN) != 0)
		err = LOBBY_ERR_CORRUPT;
	if (err == 0 && (crypto_scalarmult_base(public_key, secret) != 0 ||
			 crypto_box_seal_open(key, head + MAGIC_LEN, SEALED_KEY, public_key, secret) != 0))
		err = LOBBY_ERR_DENIED;
	if (err == 0 && crypto_secretstream_xchacha20poly1305_init_pull((void *)unseal->state,
									head + MAGIC_LEN + SEALED_KEY, key) != 0)
		err = LOBBY_ERR_CORRUPT;
	sodium_memzero(key, sizeof(key));
	return err;
}

int unseal_read(struct unseal *unseal, uint8_t data[SEAL_PIECE], size_t *len)
{
	static uint8_t in[SEAL_PIECE + OVERHEAD];
	unsigned long long plain = 0;
	unsigned char tag = 0;
	struct reader r;
	size_t n;
	int err;

	*len = 0;
	if (unseal->last)
		return 0;
	err = read_all(unseal->fd, in, 2);
	if (err != 0)
		return err;
	r = reader_of(in, 2);
	n = read_le16(&r);
	if (n < OVERHEAD || n > sizeof(in))
		return LOBBY_ERR_CORRUPT;
	err = read_all(unseal->fd, in, n);
	if (err == 0 &&
	    crypto_secretstream_xchacha20poly1305_pull((void *)unseal->state, data, &plain, &tag, in, n, NULL, 0) != 0)
		err = LOBBY_ERR_CORRUPT;
	if (err != 0)
		return err;
	unseal->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	/* An empty piece that is not the last would look like the end. */
	if (plain == 0 && !unseal->last)
		return LOBBY_ERR_CORRUPT;
	*len = (size_t)plain;
	return 0;
}
