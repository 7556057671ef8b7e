/* Icons: one-colour SVGs of assets/icons, rasterised at the size that is wanted and kept as coverage, so that the theme
 * chooses the colour. Those that point along the line of reading are mirrored in a right-to-left language. */
#include "internal.h"

#include "base/log.h"

#include <SDL2/SDL_image.h>
#include <stdlib.h>
#include <string.h>

bool icon_mirrors(const char *name)
{
	static const char *const pointing[] = { "arrow-forward", "arrow-back", "backspace", "check-out",
						"speaker",	 "message",    "start-over" };

	for (size_t i = 0; i < SDL_arraysize(pointing); i++)
		if (strcmp(name, pointing[i]) == 0)
			return true;
	return false;
}

static SDL_Surface *load(const struct ui *ui, const char *name, int px)
{
	char path[1024];
	SDL_Surface *svg, *argb;
	SDL_RWops *rw;

	snprintf(path, sizeof(path), "%s/icons/%s.svg", ui->assets, name);
	rw = SDL_RWFromFile(path, "rb");
	svg = rw != NULL ? IMG_LoadSizedSVG_RW(rw, px, px) : NULL;
	if (rw != NULL)
		SDL_RWclose(rw);
	if (svg == NULL)
		return NULL;
	argb = SDL_ConvertSurfaceFormat(svg, SDL_PIXELFORMAT_ARGB8888, 0);
	SDL_FreeSurface(svg);
	return argb;
}

const struct ui_mask *icon_get(struct ui *ui, const char *name, int px)
{
	uint64_t key = hash_text(hash_bytes(3, &px, sizeof(px)), name);
	const struct ui_mask *kept = mask_find(ui, key);
	struct ui_mask mask = { .w = px, .h = px };
	SDL_Surface *s;

	if (kept != NULL)
		return kept;
	s = load(ui, name, px);
	if (s == NULL)
		log_event(LOG_WARNING, "icon-missing", "name=%s", name);
	else
		mask.cover = calloc((size_t)px, (size_t)px);
	for (int y = 0; mask.cover != NULL && y < SDL_min(px, s->h); y++)
		for (int x = 0; x < SDL_min(px, s->w); x++) {
			const uint8_t *row = (const uint8_t *)s->pixels + (ptrdiff_t)y * s->pitch;

			mask.cover[y * px + x] = (uint8_t)(((const uint32_t *)(const void *)row)[x] >> 24);
		}
	SDL_FreeSurface(s);
	return mask_put(ui, key, mask);
}
