/* See liar.h. libmicrohttpd on a thread of its own; it shares nothing with the driver. */
#include "liar.h"

#include "base/file.h"
#include "chance.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct liar {
	struct MHD_Daemon *daemon;
	struct chance chance;
	char *pem;
};

struct lie {
	unsigned status;
	const char *body;
};

static const struct lie lies[] = {
	{ 500, "{\"error\":\"io\",\"text\":\"A file or socket could not be read or written.\"}" },
	{ 500, "" },
	{ 503, "{\"error\":\"busy\",\"text\":\"Busy at the moment; try again.\"}" },
	{ 507, "{\"error\":\"disk-full\",\"text\":\"The disk is full.\"}" },
	{ 502, "<html><body><h1>Bad Gateway</h1></body></html>" },
	{ 413, "{\"error\":\"too-long\",\"text\":\"\"}" },
	{ 400, "{\"error\":\"invalid\",\"text\":\"\"}" },
	{ 404, "not found" },
	{ 401, "" },
	{ 302, "" },
	{ 204, "" },
	{ 200, "" },
	{ 200, "<html>Welcome to the wireless network</html>" },
	{ 200, "null" },
	{ 200, "{}" },
	{ 200, "[]" },
	{ 200, "{\"rows\":[" },
	{ 200, "{\"rows\":[]}" },
	{ 200, "{\"rows\":{\"seq\":1,\"result\":\"stored\"}}" },
	{ 200, "{\"rows\":[{\"seq\":\"1\",\"result\":\"stored\"},{\"seq\":2},{\"result\":\"stored\"},7,null]}" },
	{ 200, "{\"rows\":[{\"seq\":1,\"result\":\"perhaps\"},{\"seq\":2,\"result\":null}]}" },
	{ 200, "{\"rows\":[{\"seq\":9000000000000000000,\"result\":\"stored\"},{\"seq\":-1,\"result\":\"never\"}]}" },
	{ 200, "{\"cursor\":\"x\",\"reset\":false,\"more\":false,\"changes\":[{\"type\":\"roster\"}]}" },
	{ 200, "{\"cursor\":{},\"changes\":[]}" },
	{ 200, "{\"cursor\":\"1\",\"changes\":7}" },
};

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_len, void **state)
{
	static int seen;
	struct liar *liar = arg;
	const struct lie *lie;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)url, (void)method, (void)version, (void)upload;
	if (*state == NULL) {
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_len > 0) {
		*upload_len = 0;
		return MHD_YES;
	}
	if (chance_percent(&liar->chance, 10))
		return MHD_NO; /* hangs up */
	lie = &lies[chance_below(&liar->chance, sizeof(lies) / sizeof(lies[0]))];
	response = MHD_create_response_from_buffer(strlen(lie->body), (void *)lie->body, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	result = MHD_queue_response(connection, lie->status, response);
	MHD_destroy_response(response);
	return result;
}

struct liar *liar_new(const char *pem_path, uint64_t seed, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct liar *liar = calloc(1, sizeof(*liar));
	const union MHD_DaemonInfo *info;
	const char *certificate;
	size_t len;

	if (liar == NULL || file_read(pem_path, 65536, &liar->pem, &len) != 0)
		goto fail;
	liar->chance = chance_of(seed);
	certificate = strstr(liar->pem, "-----BEGIN CERTIFICATE-----");
	if (certificate == NULL)
		goto fail;
	liar->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, answer, liar,
					MHD_OPTION_HTTPS_MEM_KEY, liar->pem, MHD_OPTION_HTTPS_MEM_CERT, certificate,
					MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_END);
	info = liar->daemon != NULL ? MHD_get_daemon_info(liar->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (info == NULL)
		goto fail;
	*port = info->port;
	return liar;
fail:
	liar_free(liar);
	return NULL;
}

void liar_free(struct liar *liar)
{
	if (liar == NULL)
		return;
	if (liar->daemon != NULL)
		MHD_stop_daemon(liar->daemon);
	free(liar->pem);
	free(liar);
}
