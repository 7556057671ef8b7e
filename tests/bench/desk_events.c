/* How soon an arrival is on the desk's pages: 50 pages signed in and listening to the event stream, 20 visits a second
 * posted for ten seconds, and for each visit and page the time from the clinic's answer to the kiosk (the visit is
 * accepted) to the page's event. The event may come before the answer does; that counts as 0. From the posting on is
 * told in the note. One thread does it all, so its own lateness is in the figure. */
#include "bench.h"
#include "https.h"
#include "load.h"

#include "base/log.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define PAGES 50
#define VISITS 200
#define EVERY_NS 50000000
#define POSTER PAGES
#define LAST_WAIT_MS 10000

static struct https conns[PAGES + 1];
static char keys[VISITS][37];
static int64_t posted_ns[VISITS], accepted_ns[VISITS], event_ns[VISITS][PAGES];
static int arrived; /* events of all pages */

/* Uses the one-time token for a first user; fills the Cookie header. */
static void sign_in(int port, const char *token, char *cookie, size_t size)
{
	static struct https conn;
	char body[256], request[768];
	const char *answer, *set;
	int len, status;

	len = snprintf(body, sizeof(body),
		       "{\"token\":\"%s\",\"name\":\"Bench\",\"password\":\"a long demo password\"}", token);
	len = snprintf(request, sizeof(request),
		       "POST /desk/api/setup HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Lobby: 1\r\nContent-Type: "
		       "application/json\r\nContent-Length: %d\r\n\r\n%s",
		       len, body);
	https_open(&conn, port);
	status = https_call(&conn, request, (size_t)len, &answer);
	set = strcasestr(conn.in, "Set-Cookie: ");
	if (status != 200 || set == NULL)
		bench_die("sign-in: the clinic said %d", status);
	set += strlen("Set-Cookie: ");
	snprintf(cookie, size, "%.*s", (int)strcspn(set, ";\r"), set);
	https_close(&conn);
}

static void open_pages(int port, const char *cookie)
{
	static char request[512];
	int len = snprintf(request, sizeof(request),
			   "GET /desk/api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
			   "Cookie: %s\r\n\r\n",
			   cookie);

	for (int p = 0; p < PAGES; p++) {
		https_open(&conns[p], port);
		https_send(&conns[p], request, (size_t)len);
	}
	for (int p = 0; p < PAGES; p++) {
		struct pollfd wait = { .fd = conns[p].fd, .events = POLLIN };

		/* The stream is open once its headers are there. */
		while (strstr(conns[p].in, "\r\n\r\n") == NULL) {
			BENCH_MUST(poll(&wait, 1, LAST_WAIT_MS) == 1);
			https_work(&conns[p]);
		}
		if (strncmp(conns[p].in, "HTTP/1.1 200", 12) != 0)
			bench_die("a page's events: %.40s", conns[p].in);
	}
}

static int visit_of(const char *id)
{
	for (int v = 0; v < VISITS; v++)
		if (strncmp(keys[v], id, 36) == 0)
			return v;
	return -1;
}

/* Notes the whole events that the page has, and keeps the rest. */
static void read_events(int p, int64_t now)
{
	static const char mark[] = "\"visit_id\":\"";
	struct https *conn = &conns[p];
	char *at = conn->in, *found;

	while ((found = strstr(at, mark)) != NULL && strlen(found) >= sizeof(mark) + 36) {
		int v = visit_of(found + sizeof(mark) - 1);

		at = found + sizeof(mark);
		if (v < 0 || event_ns[v][p] != 0)
			continue;
		event_ns[v][p] = now;
		arrived++;
	}
	if (found != NULL)
		at = found;
	else if (conn->in + conn->in_len - at > (ptrdiff_t)sizeof(mark))
		at = conn->in + conn->in_len - sizeof(mark);
	conn->in_len -= (size_t)(at - conn->in);
	memmove(conn->in, at, conn->in_len + 1);
}

static void on_ready(int c, int *answers)
{
	const char *body;
	int status;

	https_work(&conns[c]);
	if (c != POSTER) {
		read_events(c, bench_now_ns());
		return;
	}
	while ((status = https_answer(&conns[c], &body)) != 0) {
		if (status != 200 || strstr(body, "\"stored\"") == NULL)
			bench_die("the clinic said %d: %.200s", status, body);
		accepted_ns[(*answers)++] = bench_now_ns();
		https_next(&conns[c]);
	}
}

/* Posts at a steady pace, hears all. The poster's connection takes one request at a time: at this pace the last one's
 * answer is long there, and if not, the pace waits. */
static void run(int epoll, struct identity *identity)
{
	struct epoll_event events[PAGES + 1];
	int64_t start = bench_now_ns(), last = 0;
	int next = 0, answers = 0;
	char *request = NULL;
	size_t len;

	while (answers < VISITS || arrived < VISITS * PAGES) {
		int64_t now = bench_now_ns(), due = start + next * (int64_t)EVERY_NS;
		int wait_ms = next < VISITS && answers == next ? (int)((due - now) / 1000000) : LAST_WAIT_MS, n;

		if (next < VISITS && answers == next && now >= due) {
			free(request);
			request = load_request(identity, (uint32_t)next, next + 1, &len, keys[next]);
			posted_ns[next++] = bench_now_ns();
			https_send(&conns[POSTER], request, len);
			continue;
		}
		n = epoll_wait(epoll, events, PAGES + 1, wait_ms < 0 ? 0 : wait_ms);
		for (int i = 0; i < n; i++)
			on_ready((int)events[i].data.u32, &answers);
		last = n > 0 ? bench_now_ns() : last;
		if (answers == VISITS && bench_now_ns() - last > LAST_WAIT_MS * (int64_t)1000000)
			bench_die("only %d of %d events came", arrived, VISITS * PAGES);
	}
	free(request);
}

int main(int argc, char **argv)
{
	static const char usage[] = "PORT SETUP-TOKEN KIOSK-FOLDER";
	int port = (int)bench_number(bench_arg(argc, argv, 1, usage));
	const char *token = bench_arg(argc, argv, 2, usage), *folder = bench_arg(argc, argv, 3, usage);
	struct bench_samples accepted = { 0 }, posted = { 0 };
	static struct identity identity;
	int epoll = epoll_create1(EPOLL_CLOEXEC), before = 0;
	char cookie[160];

	BENCH_MUST(sodium_init() >= 0);
	log_set_level(LOG_ERROR);
	load_identity(folder, &identity);
	sign_in(port, token, cookie, sizeof(cookie));
	open_pages(port, cookie);
	https_open(&conns[POSTER], port);
	for (uint32_t c = 0; c <= PAGES; c++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = c };

		BENCH_MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, conns[c].fd, &event) == 0);
	}
	run(epoll, &identity);
	for (int v = 0; v < VISITS; v++) {
		for (int p = 0; p < PAGES; p++) {
			double ms = (double)(event_ns[v][p] - accepted_ns[v]) / 1e6;

			before += ms < 0;
			bench_add(&accepted, ms < 0 ? 0 : ms);
			bench_add(&posted, (double)(event_ns[v][p] - posted_ns[v]) / 1e6);
		}
	}
	bench_figure("desk.arrival_to_event_p99_ms", bench_quantile(&accepted, 0.99),
		     "half under %.3g, all under %.3g, %d%% came before the answer; from the posting: 99%% under %.3g",
		     bench_quantile(&accepted, 0.5), bench_quantile(&accepted, 1), before * 100 / (VISITS * PAGES),
		     bench_quantile(&posted, 0.99));
	return 0;
}
