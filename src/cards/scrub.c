/* Each block knows its size by what stands before it: that is how much there is to overwrite. */
#include "scrub.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct head {
	alignas(max_align_t) size_t size;
};

void *scrub_alloc(size_t size)
{
	struct head *head = size <= SCRUB_MAX ? malloc(sizeof(*head) + size) : NULL;

	if (head == NULL)
		return NULL;
	head->size = size;
	return head + 1;
}

void *scrub_resize(void *block, size_t size)
{
	void *made = scrub_alloc(size);
	size_t old = block != NULL ? ((struct head *)block - 1)->size : 0;

	if (made == NULL)
		return NULL;
	if (old > 0)
		memcpy(made, block, old < size ? old : size);
	scrub_free(block);
	return made;
}

void scrub_free(void *block)
{
	struct head *head = block;

	if (head == NULL)
		return;
	head--;
	explicit_bzero(head + 1, head->size);
	free(head);
}
