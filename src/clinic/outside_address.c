/* Which addresses are the public's (IANA's special-purpose address registries, RFC 6890 and what followed). Of IPv6
 * only 2000::/3 is given out at all; what carries an IPv4 address inside is judged by that one. */
#include "outside.h"

#include "base/bytes.h"

#include <netinet/in.h>
#include <string.h>

struct block4 {
	uint32_t from;
	int bits;
};

static const struct block4 special4[] = {
	{ 0x00000000, 8 },  /* this network */
	{ 0x0A000000, 8 },  /* private */
	{ 0x64400000, 10 }, /* shared by carriers */
	{ 0x7F000000, 8 },  /* loopback */
	{ 0xA9FE0000, 16 }, /* link-local: clouds answer there with their secrets */
	{ 0xAC100000, 12 }, /* private */
	{ 0xC0000000, 24 }, /* protocol assignments */
	{ 0xC0000200, 24 }, /* documentation */
	{ 0xC0586300, 24 }, /* 6to4 relays */
	{ 0xC0A80000, 16 }, /* private */
	{ 0xC6120000, 15 }, /* benchmarks */
	{ 0xC6336400, 24 }, /* documentation */
	{ 0xCB007100, 24 }, /* documentation */
	{ 0xE0000000, 4 },  /* multicast */
	{ 0xF0000000, 4 },  /* reserved, broadcast */
};

struct block6 {
	uint8_t from[6];
	int bits;
};

static const struct block6 special6[] = {
	{ { 0x20, 0x01, 0x00, 0x00 }, 23 }, /* protocol assignments: Teredo, ORCHID ... */
	{ { 0x20, 0x01, 0x0D, 0xB8 }, 32 }, /* documentation */
	{ { 0x20, 0x02 }, 16 },		    /* 6to4 */
	{ { 0x3F, 0xFF }, 20 },		    /* documentation */
};

static bool ok4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special4) / sizeof(special4[0]); i++)
		if ((address ^ special4[i].from) >> (32 - special4[i].bits) == 0)
			return false;
	return true;
}

static bool in_block6(const uint8_t address[16], const uint8_t *from, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	return memcmp(address, from, (size_t)whole) == 0 &&
	       (rest == 0 || (address[whole] ^ from[whole]) >> (8 - rest) == 0);
}

static bool ok6(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xFF, 0x9B };

	if (memcmp(address, mapped, 12) == 0 || memcmp(address, nat64, 12) == 0) {
		struct reader r = reader_of(address + 12, 4);

		return ok4(read_be32(&r));
	}
	if ((address[0] & 0xE0) != 0x20)
		return false;
	for (size_t i = 0; i < sizeof(special6) / sizeof(special6[0]); i++)
		if (in_block6(address, special6[i].from, special6[i].bits))
			return false;
	return true;
}

bool outside_address_ok(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&v4, address, sizeof(v4));
		return ok4(ntohl(v4.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&v6, address, sizeof(v6));
		return ok6(v6.sin6_addr.s6_addr);
	default:
		return false;
	}
}
