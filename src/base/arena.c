/* See arena.h: one block, one cursor. */
#include "arena.h"

#include "err.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN _Alignof(max_align_t)

int arena_init(struct arena *arena, size_t size)
{
	unsigned char *block = calloc(1, size);

	if (block == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*arena = (struct arena){ .block = block, .size = size };
	return 0;
}

void arena_fini(struct arena *arena)
{
	free(arena->block);
	*arena = (struct arena){ 0 };
}

void arena_reset(struct arena *arena, int wipe)
{
	if (wipe)
		explicit_bzero(arena->block, arena->peak);
	if (wipe)
		arena->peak = 0;
	arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t start = (arena->used + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);

	if (start > arena->size || size > arena->size - start)
		return NULL;
	arena->used = start + size;
	if (arena->used > arena->peak)
		arena->peak = arena->used;
	return memset(arena->block + start, 0, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0)
		text = arena_alloc(arena, (size_t)len + 1);
	if (text != NULL) {
		va_start(args, format);
		vsnprintf(text, (size_t)len + 1, format, args);
		va_end(args);
	}
	return text;
}
