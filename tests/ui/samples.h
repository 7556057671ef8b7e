/* Sample screens for the toolkit's tests and its gallery: in form those of design/, in words invented. */
#ifndef LOBBY_TESTS_UI_SAMPLES_H
#define LOBBY_TESTS_UI_SAMPLES_H

#include "ui/ui.h"

struct sample {
	const char *name;
	void (*build)(struct ui *ui);
};

extern const struct sample samples[];
extern const int sample_count;

/** The two panels of design/: portrait 1080x1920, landscape 1280x800. */
extern const struct ui_panel sample_panels[2];

/** Begins, builds and ends the sample of this name. */
void sample_build(struct ui *ui, const char *name, const struct ui_prefs *prefs);

#endif
