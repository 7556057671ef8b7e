/* Reproducible chance: xorshift64* (Marsaglia 2003, Vigna 2016), one state a user, seeded from the run's seed. */
#ifndef LOBBY_TESTS_FAULT_CHANCE_H
#define LOBBY_TESTS_FAULT_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct chance {
	uint64_t state;
};

static inline uint64_t chance_next(struct chance *c)
{
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return c->state * 0x2545F4914F6CDD1DULL;
}

static inline struct chance chance_of(uint64_t seed)
{
	struct chance c = { seed * 0x9E3779B97F4A7C15ULL + 0x1234567 };

	chance_next(&c);
	return c;
}

/** 0 .. n-1. */
static inline unsigned chance_below(struct chance *c, unsigned n)
{
	return (unsigned)((chance_next(c) >> 33) % n);
}

static inline bool chance_percent(struct chance *c, unsigned percent)
{
	return chance_below(c, 100) < percent;
}

/** A version 4 UUID, the same for the same seed. */
static inline void chance_uuid(struct chance *c, char out[37])
{
	uint64_t a = chance_next(c), b = chance_next(c);

	snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xFFFF,
		 (unsigned)a & 0xFFF, (unsigned)(0x8000 | ((b >> 48) & 0x3FFF)),
		 (unsigned long long)(b & 0xFFFFFFFFFFFF));
}

#endif
