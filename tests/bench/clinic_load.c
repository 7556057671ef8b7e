/* How many visits a second lobby-clinic accepts over TLS when 1, 8 and 64 kiosks post at once: keep-alive connections,
 * one whole sealed visit a request, the next one only after the answer, which the clinic gives after its commit. The
 * visits are sealed beforehand, so the client's work is TLS and copying; it is one thread, and shares the machine's
 * cores with the server. Rounds of the three take turns. A visit that is not answered `stored` ends the bench. */
#include "bench.h"
#include "https.h"
#include "load.h"

#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ROUNDS 3
#define ROUND_NS 2000000000
#define MAX_CONNECTIONS 64
/* How many visits a round may need at most; those not needed are not counted. */
#define MOST_C1 2000
#define MOST_C8 8000
#define MOST_C64 12000

struct load {
	int connections, most;
	const char *name;
	struct bench_samples rates, waits, costs;
};

struct post {
	char *request;
	size_t len;
};

static struct https conns[MAX_CONNECTIONS];
static int64_t sent_ns[MAX_CONNECTIONS];
static struct post posts[MOST_C64];

static void prepare(const struct identity *identity, int count, uint32_t *person)
{
	for (int i = 0; i < count; i++, (*person)++)
		posts[i].request = load_request(identity, *person, *person + 1, &posts[i].len, NULL);
}

static void post(int c, int *next)
{
	sent_ns[c] = bench_now_ns();
	https_send(&conns[c], posts[*next].request, posts[*next].len);
	(*next)++;
}

/* Takes an answer, if it is whole. */
static bool answered(int c, struct bench_samples *waits)
{
	const char *body;
	int status = https_answer(&conns[c], &body);

	if (status == 0)
		return false;
	if (status != 200 || strstr(body, "\"stored\"") == NULL)
		bench_die("the clinic said %d: %.200s", status, body);
	bench_add(waits, (double)(bench_now_ns() - sent_ns[c]) / 1e6);
	https_next(&conns[c]);
	return true;
}

/* One round: visits a second, and what one cost the server in processor time. */
static void run(struct load *load, pid_t server)
{
	struct epoll_event events[MAX_CONNECTIONS];
	int epoll = epoll_create1(EPOLL_CLOEXEC), next = 0, done = 0;
	double cpu_ns = bench_process_cpu_ns(server);
	int64_t start = bench_now_ns();

	for (int c = 0; c < load->connections; c++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)c };

		BENCH_MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, conns[c].fd, &event) == 0);
		post(c, &next);
	}
	while (done < next) {
		int n = epoll_wait(epoll, events, MAX_CONNECTIONS, 30000);

		BENCH_MUST(n > 0);
		for (int i = 0; i < n; i++) {
			int c = (int)events[i].data.u32;

			https_work(&conns[c]);
			if (!answered(c, &load->waits))
				continue;
			done++;
			if (next < load->most && bench_now_ns() - start < ROUND_NS)
				post(c, &next);
		}
	}
	bench_add(&load->rates, (double)done * 1e9 / (double)(bench_now_ns() - start));
	bench_add(&load->costs, (bench_process_cpu_ns(server) - cpu_ns) / 1e3 / done);
	close(epoll);
}

int main(int argc, char **argv)
{
	static const char usage[] = "PORT KIOSK-FOLDER SERVER-PID";
	int port = (int)bench_number(bench_arg(argc, argv, 1, usage));
	const char *folder = bench_arg(argc, argv, 2, usage);
	pid_t server = (pid_t)bench_number(bench_arg(argc, argv, 3, usage));
	struct load loads[] = { { .connections = 1, .most = MOST_C1, .name = "clinic.visits_per_s_c1" },
				{ .connections = 8, .most = MOST_C8, .name = "clinic.visits_per_s_c8" },
				{ .connections = 64, .most = MOST_C64, .name = "clinic.visits_per_s_c64" } };
	static struct identity identity;
	uint32_t person = 0;
	char what[128];

	BENCH_MUST(sodium_init() >= 0);
	log_set_level(LOG_ERROR);
	load_identity(folder, &identity);
	for (int c = 0; c < MAX_CONNECTIONS; c++)
		https_open(&conns[c], port);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t l = 0; l < 3; l++) {
			prepare(&identity, loads[l].most, &person);
			run(&loads[l], server);
			for (int i = 0; i < loads[l].most; i++)
				free(posts[i].request);
		}
	}
	for (size_t l = 0; l < 3; l++) {
		snprintf(what, sizeof(what),
			 "%d rounds; answers in %.3g ms, 99%% under %.3g; %.0f us of the server's processor each",
			 ROUNDS, bench_quantile(&loads[l].waits, 0.5), bench_quantile(&loads[l].waits, 0.99),
			 bench_quantile(&loads[l].costs, 0.5));
		bench_figure_of(loads[l].name, &loads[l].rates, what);
	}
	for (int c = 0; c < MAX_CONNECTIONS; c++)
		https_close(&conns[c]);
	return 0;
}
