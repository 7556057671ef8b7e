/* Compares what a display shows with what was drawn: picture DEGREES DRAWN.png SHOWN.png
 *
 * Turns the drawn picture clockwise by so many degrees in the plainest way, and says how many pixels differ; the end is
 * 0 only if none does and the sizes fit. A picture of one colour is never the same as anything: a dark screen proves
 * nothing. */
#include <SDL2/SDL.h>
#include <SDL2/SDL_image.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static SDL_Surface *load(const char *path)
{
	SDL_Surface *loaded = IMG_Load(path);
	SDL_Surface *plain = loaded != NULL ? SDL_ConvertSurfaceFormat(loaded, SDL_PIXELFORMAT_RGB888, 0) : NULL;

	SDL_FreeSurface(loaded);
	if (plain == NULL)
		fprintf(stderr, "picture: %s: %s\n", path, SDL_GetError());
	return plain;
}

static uint32_t at(const SDL_Surface *s, int x, int y)
{
	return ((const uint32_t *)s->pixels)[y * (s->pitch / 4) + x] & 0xFFFFFF;
}

int main(int argc, char **argv)
{
	SDL_Surface *drawn, *shown;
	int turns, differ = 0;
	bool plain = true;

	if (argc != 4 || (drawn = load(argv[2])) == NULL || (shown = load(argv[3])) == NULL)
		return 2;
	turns = (int)strtol(argv[1], NULL, 10) / 90 % 4;
	if ((turns % 2 == 0 ? drawn->w : drawn->h) != shown->w || (turns % 2 == 0 ? drawn->h : drawn->w) != shown->h) {
		printf("%dx%d turned by %s is not %dx%d\n", drawn->w, drawn->h, argv[1], shown->w, shown->h);
		return 1;
	}
	for (int y = 0; y < drawn->h; y++)
		for (int x = 0; x < drawn->w; x++) {
			int px = x, py = y, w = drawn->w, h = drawn->h;

			for (int i = 0; i < turns; i++) {
				int side = px;

				px = h - 1 - py;
				py = side;
				side = w;
				w = h;
				h = side;
			}
			differ += at(drawn, x, y) != at(shown, px, py);
			plain = plain && at(drawn, x, y) == at(drawn, 0, 0);
		}
	printf("%d of %d pixels differ%s\n", differ, drawn->w * drawn->h, plain ? "; nothing is drawn" : "");
	SDL_FreeSurface(drawn);
	SDL_FreeSurface(shown);
	return differ != 0 || plain;
}
