/* See timeset.h. Steps, not slews: nothing here counts by the wall clock (clock.h), and a kiosk in 1970 has far to go.
 */
#include "timeset.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mark.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/rtc.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct timeset {
	bool right; /* by the clinic, since the start */
	int64_t error_ms;
};

enum timeset_verdict timeset_judge(bool kept, int64_t ours_ms, int64_t theirs_ms)
{
	int64_t error_ms;

	if (theirs_ms < TIMESET_FIRST_MS || theirs_ms > TIMESET_LAST_MS)
		return TIMESET_NONSENSE;
	error_ms = ours_ms - theirs_ms;
	if (error_ms <= TIMESET_WRONG_MS && error_ms >= -TIMESET_WRONG_MS)
		return TIMESET_RIGHT;
	return kept ? TIMESET_KEPT : TIMESET_SET;
}

static bool is_kept(void)
{
	struct timex timex = { .modes = 0 };

	return adjtimex(&timex) >= 0 && (timex.status & STA_UNSYNC) == 0;
}

/* So that the next start begins with it. Best effort: there may be none. */
static void set_rtc(int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);
	struct rtc_time rtc = { 0 };
	struct tm tm;

	if (fd < 0)
		return;
	if (gmtime_r(&seconds, &tm) != NULL) {
		rtc = (struct rtc_time){ .tm_sec = tm.tm_sec,
					 .tm_min = tm.tm_min,
					 .tm_hour = tm.tm_hour,
					 .tm_mday = tm.tm_mday,
					 .tm_mon = tm.tm_mon,
					 .tm_year = tm.tm_year };
		if (ioctl(fd, RTC_SET_TIME, &rtc) != 0)
			log_event(LOG_INFO, "rtc-unset", "%s", "");
	}
	close(fd);
}

static int set_clock(int64_t at_ms)
{
	struct timespec at = { .tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000 };

	if (clock_is_virtual())
		return LOBBY_ERR_FORBIDDEN; /* a test's */
	if (clock_settime(CLOCK_REALTIME, &at) != 0)
		return LOBBY_ERR_FORBIDDEN;
	set_rtc(at_ms);
	return 0;
}

int timeset_init(struct system *sys)
{
	sys->timeset = calloc(1, sizeof(*sys->timeset));
	return sys->timeset != NULL ? 0 : LOBBY_ERR_NO_MEMORY;
}

void timeset_fini(struct system *sys)
{
	free(sys->timeset);
	sys->timeset = NULL;
}

void timeset_fill(struct system *sys, lobby_SystemState *state)
{
	state->clock_right = sys->timeset->right || is_kept();
	state->clock_error_ms = sys->timeset->error_ms;
}

void timeset_command(struct system *sys, struct wire_conn *conn, const lobby_SystemCommand *command)
{
	int64_t ours_ms = clock_wall_ms();
	struct timeset *t = sys->timeset;
	int err = 0;

	switch (timeset_judge(is_kept(), ours_ms, command->at_ms)) {
	case TIMESET_NONSENSE:
		system_answer(conn, command, LOBBY_ERR_INVALID, N_("That is no time that a clinic can have."));
		return;
	case TIMESET_KEPT:
		t->error_ms = ours_ms - command->at_ms;
		system_answer(conn, command, 0, N_("The clock is kept right otherwise."));
		break;
	case TIMESET_RIGHT:
		t->error_ms = ours_ms - command->at_ms;
		t->right = true;
		system_answer(conn, command, 0, N_("The clock is right."));
		break;
	default:
		err = set_clock(command->at_ms);
		log_event(err == 0 ? LOG_NOTICE : LOG_ERROR, "clock-set", "by_ms=%" PRId64 " error=%s",
			  command->at_ms - ours_ms, err_event(err));
		t->error_ms = ours_ms - command->at_ms;
		t->right = err == 0;
		system_answer(conn, command, err,
			      err == 0 ? N_("The clock was set.") : N_("The clock could not be set."));
		break;
	}
	system_changed(sys);
}
