/* See book.h. A few thousand entries: looked through from the newest, which is nearly always the one asked for. */
#include "book.h"

#include <stdlib.h>
#include <string.h>

size_t book_add(struct book *book, int kiosk)
{
	if (book->count == book->size) {
		size_t size = book->size == 0 ? 256 : book->size * 2;
		struct tried *bigger = realloc(book->tried, size * sizeof(*bigger));

		if (bigger == NULL)
			abort();
		book->tried = bigger;
		book->size = size;
	}
	book->tried[book->count] = (struct tried){ .kiosk = kiosk, .day_ms = -1 };
	return book->count++;
}

struct tried *book_find(const struct book *book, const char *id)
{
	for (size_t i = book->count; i > 0; i--)
		if (strcmp(book->tried[i - 1].visit.id, id) == 0)
			return &book->tried[i - 1];
	return NULL;
}

void book_fini(struct book *book)
{
	free(book->tried);
	*book = (struct book){ 0 };
}
