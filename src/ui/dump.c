/* The tree as text: one node a line, indented, for goldens, the control socket, and anyone who wants to know what a
 * screen says without looking at it. */
#include "internal.h"

#include <SDL2/SDL_image.h>
#include <string.h>

static const char *const region_names[UI_REGION_COUNT] = { "header", "body", "pad", "actions", "bar" };
static const char *const role_names[] = { "group", "heading", "text",	"icon",	  "button", "card",
					  "field", "steps",   "banner", "dialog", "rule",   "spacer" };
static const char *const tone_names[] = { "", "strong", "quiet", "success", "warning", "danger", "tint", "brand" };

static int depth_of(const struct ui_node *n)
{
	int depth = 0;

	for (const struct ui_node *p = n->parent; p != NULL; p = p->parent)
		depth++;
	return depth;
}

static void quoted(FILE *out, const char *before, const char *text)
{
	if (text == NULL)
		return;
	fprintf(out, "%s\"", before);
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '\n')
			fputs("\\n", out);
		else
			fputc(*p, out);
	fputc('"', out);
}

static void dump_node(struct ui *ui, FILE *out, const struct ui_node *n, bool geometry)
{
	bool focused = n->id[0] != '\0' && strcmp(ui->focus, n->id) == 0;

	fprintf(out, "%*s", 2 * depth_of(n), "");
	if (n->parent == NULL && n->role == UI_GROUP)
		fputs(region_names[n->region], out);
	else if (n->role == UI_GROUP)
		fputs(n->flow == UI_ROW && !n->stacked ? "row" : "column", out);
	else
		fputs(role_names[n->role], out);
	if (n->label[0] != '\0')
		quoted(out, " ", n->label);
	if (n->opt.speech != NULL)
		quoted(out, " spoken ", n->opt.speech);
	if (n->id[0] != '\0')
		fprintf(out, " #%s", n->id);
	if (n->role == UI_STEPS)
		fprintf(out, " %d/%d", n->current, n->total);
	if (n->role == UI_FIELD)
		quoted(out, " = ", n->text);
	quoted(out, " note ", n->opt.note);
	quoted(out, " value ", n->opt.value);
	quoted(out, " error ", n->error);
	if (n->opt.icon != NULL)
		fprintf(out, " icon:%s", n->opt.icon);
	if (n->opt.tone != UI_PLAIN)
		fprintf(out, " %s", tone_names[n->opt.tone]);
	fprintf(out, "%s%s%s%s%s%s", n->opt.disabled ? " disabled" : "", n->opt.selected ? " selected" : "",
		n->opt.checked ? " checked" : "", focused ? " focused" : "",
		n->role == UI_FIELD && field_active(ui) == n ? " active" : "",
		n->hidden && !n->blank && n->role != UI_RULE ? " elsewhere" : "");
	if (geometry && !n->hidden)
		fprintf(out, " @%d,%d %dx%d", n->rect.x, n->rect.y, n->rect.w, n->rect.h);
	fputc('\n', out);
}

void ui_dump(struct ui *ui, FILE *out, bool geometry)
{
	struct ui_node *list[UI_NODES_MAX + 8];
	int count = tree_order(ui, list);

	fprintf(out, "screen %s %s\n", ui->screen, ui->language);
	for (int i = 0; i < count; i++)
		if (list[i]->role != UI_SPACER && (list[i]->parent != NULL || list[i]->first != NULL))
			dump_node(ui, out, list[i], geometry);
}

int ui_write_png(SDL_Surface *surface, const char *path)
{
	return IMG_SavePNG(surface, path) == 0 ? 0 : LOBBY_ERR_IO;
}
