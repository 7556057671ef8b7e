/* From an event to the frame that shows it, in the kiosk's own code at 1080x1920 on SDL's software surface: a patient
 * walks through a whole check-in again and again with real SDL touches at the pixels of the keys, at the window's own
 * entry for events. What lobby-sync would answer is handed over where its messages arrive, since its own time is not
 * the screen's. Counted is every event after which a frame was presented: a key that goes down, one that comes up, a
 * whole new screen, another text size or theme. */
#include "bench.h"

#include "base/log.h"
#include "base/text.h"
#include "kiosk/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5
#define WALKS 5 /* a round; a walk is about a hundred events */

static struct app app;
static struct bench_samples events, full, cpu;
static int64_t start_ns, start_cpu_ns;
static unsigned start_presented;

static const lobby_Identified found = {
	.outcome = lobby_IdentifyOutcome_IDENTIFY_FOUND,
	.has_person = true,
	.person = { .patient_id = "p1",
		    .given = "Maria",
		    .phone_masked = "••• ••• 0142",
		    .email_masked = "m•••@example.org",
		    .address_masked = "14 A••• St•••, Springfield",
		    .has_coverage = true,
		    .coverage = { .id = "c1",
				  .payor = "Blue Ridge Health PPO",
				  .member_last4 = "4417",
				  .group = "80-221",
				  .subscriber = "Maria G.",
				  .active = true,
				  .copay_cents = 2500,
				  .currency = "USD" } },
	.appointment_count = 1,
	.appointment = { { .id = "a1",
			   .start_ms = 1795444860000,
			   .minutes = 20,
			   .practitioner = "Dr. Priya Shah",
			   .location = "Floor 2, waiting area B" } },
};

static void begin(void)
{
	start_presented = app.window.presented;
	start_ns = bench_now_ns();
	start_cpu_ns = bench_cpu_ns();
}

/* Counts what happened since begin() if a frame came of it. */
static void count(bool whole)
{
	double cpu_ms = (double)(bench_cpu_ns() - start_cpu_ns) / 1e6, ms = (double)(bench_now_ns() - start_ns) / 1e6;

	if (app.window.presented == start_presented)
		return;
	bench_add(&events, ms);
	bench_add(&cpu, cpu_ms);
	if (whole)
		bench_add(&full, ms);
}

static void find(const char *id, int *x, int *y)
{
	static char text[131072];
	char mark[48];
	const char *line, *at;
	int left, top, width, height;
	FILE *out = fmemopen(text, sizeof(text), "w");

	BENCH_MUST(out != NULL);
	ui_dump(app.ui, out, true);
	fclose(out);
	snprintf(mark, sizeof(mark), " #%s ", id);
	line = strstr(text, mark);
	at = line != NULL ? strstr(line, " @") : NULL;
	if (at == NULL || sscanf(at, " @%d,%d %dx%d", &left, &top, &width, &height) != 4)
		bench_die("no %s on the screen %s", id, flow_screen_name(app.screen));
	*x = left + width / 2;
	*y = top + height / 2;
}

static void touch(const char *id)
{
	SDL_Event event = { .type = SDL_MOUSEBUTTONDOWN };
	enum screen_id screen = app.screen;

	event.button.button = SDL_BUTTON_LEFT;
	find(id, &event.button.x, &event.button.y);
	begin();
	app.window.on_event(app.window.arg, &event);
	count(false);
	event.type = SDL_MOUSEBUTTONUP;
	begin();
	app.window.on_event(app.window.arg, &event);
	count(app.screen != screen);
}

static void answer_identified(void)
{
	lobby_Identified answer = found;

	BENCH_MUST(app.pending == PENDING_IDENTIFY);
	answer.request = app.request;
	begin();
	app_on_identified(&app, &answer);
	app_refresh(&app);
	count(true);
}

static void answer_committed(void)
{
	lobby_VisitCommitted answer = { .ticket = "B 14", .seq = 1 };

	BENCH_MUST(app.pending == PENDING_VISIT);
	text_copy(answer.id, sizeof(answer.id), app.session.visit.id);
	begin();
	app_on_committed(&app, &answer);
	app_refresh(&app);
	count(true);
}

static void touch_all(const char *const *ids)
{
	for (; *ids != NULL; ids++)
		touch(*ids);
}

static void at(enum screen_id screen)
{
	if (app.screen != screen)
		bench_die("the walk should be at %s and is at %s", flow_screen_name(screen),
			  flow_screen_name(app.screen));
}

static void walk(void)
{
	static const char *const birthday[] = { "check-in", "key-0", "key-4", "key-erase", "key-4", "key-1",
						"key-7",    "key-1", "key-9", "key-8",	   NULL };
	static const char *const new_card[] = { "new-card", "type",  "key-b", "key-l", "key-u",	    "key-e",
						"key-r",    "key-i", "key-d", "key-g", "key-erase", NULL };

	at(SCREEN_WELCOME);
	touch("language");
	touch("pick-es");
	touch("language");
	touch("pick-en");
	for (int i = 0; i < UI_SIZE_COUNT; i++)
		touch("text-size");
	for (int i = 0; i < UI_THEME_COUNT; i++)
		touch("contrast");
	touch_all(birthday);
	touch("key-5");
	at(SCREEN_FAMILY);
	touch("letter-G");
	answer_identified();
	at(SCREEN_APPOINTMENTS);
	touch("check-in");
	at(SCREEN_CONTACT);
	touch("yes");
	at(SCREEN_INSURANCE);
	touch_all(new_card);
	at(SCREEN_INSURANCE_TYPE);
	touch("back");
	touch("back");
	at(SCREEN_INSURANCE);
	touch("yes");
	answer_committed();
	at(SCREEN_DONE);
	touch("done");
}

int main(void)
{
	struct app_options options = { .panel = { 1080, 1920, 1080 / 194.0 }, .run = "/nonexistent" };
	struct bench_samples rounds = { 0 };
	size_t all = 0;
	double worst = 0, median = 0, p99;
	struct loop *loop = loop_new();

	options.assets = getenv("LOBBY_ASSETS");
	options.locale = getenv("LOBBY_LOCALE");
	log_set_level(LOG_ERROR);
	BENCH_MUST(loop != NULL && options.assets != NULL && options.locale != NULL);
	BENCH_MUST(app_init(&app, loop, &options) == 0);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < WALKS; i++)
			walk();
		bench_add(&rounds, bench_quantile(&events, 0.99));
		median = bench_quantile(&events, 0.5);
		worst = bench_quantile(&events, 1) > worst ? bench_quantile(&events, 1) : worst;
		all += events.count;
		bench_clear(&events);
	}
	p99 = bench_quantile(&rounds, 0.5);
	bench_figure("kiosk.event_to_present_p99_ms", p99,
		     "%.3g to %.3g; %d rounds, %zu events, half under %.2g, worst %.3g; %zu new screens, half under "
		     "%.3g; in processor time 99%% under %.3g",
		     rounds.value[0], rounds.value[ROUNDS - 1], ROUNDS, all, median, worst, full.count,
		     bench_quantile(&full, 0.5), bench_quantile(&cpu, 0.99));
	app_fini(&app);
	loop_free(loop);
	return 0;
}
