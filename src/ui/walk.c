/* The order in which the tree is read: regions from header to bar, then the dialog; parents before children. */
#include "internal.h"

static int walk(struct ui_node *top, struct ui_node **list, int count, int max)
{
	struct ui_node *n = top;

	while (n != NULL && count < max) {
		list[count++] = n;
		if (n->first != NULL) {
			n = n->first;
			continue;
		}
		while (n != top && n->next == NULL)
			n = n->parent;
		n = n == top ? NULL : n->next;
	}
	return count;
}

int tree_order(struct ui *ui, struct ui_node *list[UI_NODES_MAX + 8])
{
	int count = 0;

	for (int r = 0; r < UI_REGION_COUNT; r++)
		if (ui->regions[r] != NULL)
			count = walk(ui->regions[r], list, count, UI_NODES_MAX + 8);
	if (ui->dialog != NULL)
		count = walk(ui->dialog, list, count, UI_NODES_MAX + 8);
	return count;
}
