/* Slips, wristbands and labels on their way through a printer: what is on them, until the printer says that it is out.
 *
 * Text that the printer's own letters cannot show, and the clinic's logo, become pictures: lobby-devices asks for their
 * rows and gets them drawn then, so no picture is ever whole in memory. A document is overwritten when its job ends. */
#ifndef LOBBY_KIOSK_PAPERS_H
#define LOBBY_KIOSK_PAPERS_H

#include "base/err.h"
#include "wire.pb.h"

#define PAPERS_MAX 8

struct app;

struct papers {
	lobby_Print print[PAPERS_MAX]; /* job is empty: free */
};

/** Why a printer for this form cannot print now, or 0. */
int papers_obstacle(const struct app *app, lobby_PrintForm form);
/** Sends the job, its unprintable lines made pictures of. What papers_obstacle() says; LOBBY_ERR_BUSY: too many under
 * way; LOBBY_ERR_CLOSED: lobby-devices is gone. */
int papers_send(struct app *app, const lobby_Print *print) MUST_CHECK;
/** Answers with rows of it, or says that they cannot be had. */
void papers_on_want(struct app *app, const lobby_PrintWant *want);
/** The job has ended: forgets what was on it. */
void papers_drop(struct app *app, const char *job);
/** lobby-devices went away, and all jobs with it. */
void papers_drop_all(struct app *app);

#endif
