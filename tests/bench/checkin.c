/* How often a returning patient touches the screen, from the welcome screen to "You're checked in": the kiosk's own
 * control socket presses what a person would, the strong action of each screen, and this program counts. Behind the
 * kiosk are the real lobby-sync, lobby-devices and lobby-clinic. With a scan, somebody has just held a card under the
 * scanner; that is no touch. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#define SCREENS_MAX 20

static int fd, touches;

static void press(const char *id)
{
	char command[64];

	snprintf(command, sizeof(command), "press %s", id);
	if (!bench_control(fd, command, NULL, 0))
		bench_die("no %s to press here", id);
	touches++;
}

static void screen_name(char *name, size_t size)
{
	BENCH_MUST(bench_control(fd, "screen", name, size));
	name[strcspn(name, "\n")] = '\0';
}

/* Presses what leads on from this screen. */
static void go_on(const char *screen, const char *birthday, const char *letter)
{
	char key[] = "key-0", grid[16];

	if (strcmp(screen, "welcome") == 0) {
		press("check-in");
	} else if (strcmp(screen, "birthday") == 0) {
		for (const char *digit = birthday; *digit != '\0'; digit++) {
			key[4] = *digit;
			press(key);
		}
		screen_name(grid, sizeof(grid));
		/* The eighth digit may have been enough. */
		if (strcmp(grid, "birthday") == 0)
			bench_control(fd, "press continue", NULL, 0) ? touches++ : 0;
	} else if (strcmp(screen, "first-letter") == 0) {
		snprintf(grid, sizeof(grid), "letter-%s", letter);
		press(grid);
	} else if (strcmp(screen, "appointments") == 0) {
		press("check-in");
	} else if (strcmp(screen, "contact") == 0 || strcmp(screen, "insurance") == 0) {
		press("yes");
	} else {
		bench_die("this patient was led to the screen %s", screen);
	}
}

/* Until the screen is another one, or has no request outstanding any more. */
static void settle(void)
{
	char held[16];

	do {
		BENCH_MUST(bench_control(fd, "held", held, sizeof(held)));
	} while (held[0] != '0');
}

int main(int argc, char **argv)
{
	static const char usage[] = "CONTROL birthday MMDDYYYY LETTER | CONTROL scan";
	const char *path = bench_arg(argc, argv, 1, usage);
	bool scan = strcmp(bench_arg(argc, argv, 2, usage), "scan") == 0;
	const char *birthday = scan ? "" : bench_arg(argc, argv, 3, usage);
	const char *letter = scan ? "" : bench_arg(argc, argv, 4, usage);
	char screen[64];

	fd = bench_control_open(path);
	BENCH_MUST(bench_control(fd, scan ? "until appointments" : "until welcome", NULL, 0));
	for (int i = 0; i < SCREENS_MAX; i++) {
		settle();
		screen_name(screen, sizeof(screen));
		if (strcmp(screen, "done") == 0)
			break;
		go_on(screen, birthday, letter);
	}
	if (strcmp(screen, "done") != 0)
		bench_die("after %d touches the patient is still at %s", touches, screen);
	bench_figure(scan ? "checkin.touches_scan" : "checkin.touches_birthday", touches,
		     scan ? "a licence scanned at the welcome screen"
			  : "eight digits, a letter and the strong actions");
	BENCH_MUST(bench_control(fd, "press done", NULL, 0) && bench_control(fd, "until welcome", NULL, 0));
	return 0;
}
