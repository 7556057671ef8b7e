/* See https.h: libcurl with the certificate's public key pinned (RFC 7469's form of a pin), since no authority vouches
 * for a clinic's own server. */
#include "https.h"

#include "base/text.h"

#include <curl/curl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX (16 << 20)
#define TIMEOUT_MS 20000
#define COULD_NOT 2

struct https {
	char url[300], pin[80];
	CURL *curl;
	struct curl_slist *headers;
};

struct body {
	char *data;
	size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	struct body *body = arg;
	char *bigger;

	if (body->len + size * count > ANSWER_MAX ||
	    (bigger = realloc(body->data, body->len + size * count + 1)) == NULL)
		return 0;
	body->data = bigger;
	memcpy(body->data + body->len, data, size * count);
	body->len += size * count;
	body->data[body->len] = '\0';
	return size * count;
}

/* The certificate's SHA-256 in hex, and its key's as a pin. */
static bool read_certificate(const char *pem, char seen[65], char *pin, size_t size)
{
	gnutls_datum_t text = { (unsigned char *)pem, (unsigned)strlen(pem) };
	unsigned char fingerprint[32], key[32];
	size_t fingerprint_len = sizeof(fingerprint), key_len = sizeof(key);
	char base64[64];
	gnutls_x509_crt_t crt;
	bool fine;

	if (gnutls_x509_crt_init(&crt) != 0)
		return false;
	fine = gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM) == 0 &&
	       gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, fingerprint, &fingerprint_len) == 0 &&
	       gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, key, &key_len) == 0 && key_len == 32;
	gnutls_x509_crt_deinit(crt);
	if (!fine)
		return false;
	sodium_bin2hex(seen, 65, fingerprint, sizeof(fingerprint));
	sodium_bin2base64(base64, sizeof(base64), key, sizeof(key), sodium_base64_VARIANT_ORIGINAL);
	return snprintf(pin, size, "sha256//%s", base64) < (int)size;
}

/* One request that says nothing of us, for the certificate's sake. */
static bool look(struct https *server, char seen[65])
{
	struct curl_certinfo *info = NULL;
	struct body body = { 0 };
	const char *pem = NULL;
	char url[400];
	bool fine;

	snprintf(url, sizeof(url), "%s/desk/api/session", server->url);
	curl_easy_setopt(server->curl, CURLOPT_URL, url);
	curl_easy_setopt(server->curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(server->curl, CURLOPT_WRITEDATA, &body);
	fine = curl_easy_perform(server->curl) == CURLE_OK &&
	       curl_easy_getinfo(server->curl, CURLINFO_CERTINFO, &info) == CURLE_OK && info->num_of_certs > 0;
	for (struct curl_slist *line = fine ? info->certinfo[0] : NULL; line != NULL; line = line->next)
		if (strncmp(line->data, "Cert:", 5) == 0)
			pem = line->data + 5;
	fine = pem != NULL && read_certificate(pem, seen, server->pin, sizeof(server->pin));
	free(body.data);
	return fine;
}

struct https *https_new(const char *url, char seen[65])
{
	struct https *server = calloc(1, sizeof(*server));

	if (server == NULL || sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(server);
		return NULL;
	}
	text_copy(server->url, sizeof(server->url), url);
	server->curl = curl_easy_init();
	server->headers = curl_slist_append(NULL, "X-Lobby: 1");
	if (server->curl == NULL || server->headers == NULL) {
		https_free(server);
		return NULL;
	}
	curl_easy_setopt(server->curl, CURLOPT_PROTOCOLS_STR, "https");
	/* Nobody vouches for it: it is known by its key. */
	curl_easy_setopt(server->curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(server->curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(server->curl, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(server->curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(server->curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	curl_easy_setopt(server->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(server->curl, CURLOPT_WRITEFUNCTION, take);
	if (!look(server, seen)) {
		https_free(server);
		return NULL;
	}
	curl_easy_setopt(server->curl, CURLOPT_CERTINFO, 0L);
	curl_easy_setopt(server->curl, CURLOPT_PINNEDPUBLICKEY, server->pin);
	curl_easy_setopt(server->curl, CURLOPT_FRESH_CONNECT, 1L); /* the first one was not pinned */
	curl_easy_setopt(server->curl, CURLOPT_COOKIEFILE, "");
	return server;
}

void https_free(struct https *server)
{
	if (server == NULL)
		return;
	curl_easy_cleanup(server->curl);
	curl_slist_free_all(server->headers);
	free(server);
}

static int explain(const struct https *server, CURLcode code, long status, const char *path, const json_t *json)
{
	const char *text = json_string_value(json_object_get(json, "text"));

	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		fprintf(stderr, "%s shows another certificate than a moment ago.\n", server->url);
	else if (code != CURLE_OK)
		fprintf(stderr, "%s does not answer: %s.\n", server->url, curl_easy_strerror(code));
	else if (status == 401 && strstr(path, "sign-in") != NULL)
		fputs("The clinic's server does not know this name with this password.\n", stderr);
	else if (status == 503 && strstr(path, "sign-in") != NULL)
		fputs("Too many wrong passwords: wait a little, then try again.\n", stderr);
	else
		fprintf(stderr, "The clinic's server said %ld. %s\n", status, text != NULL ? text : "");
	return COULD_NOT;
}

int https_ask(struct https *server, const char *path, const char *body, json_t **answer)
{
	struct body got = { 0 };
	json_t *json;
	char url[400];
	long status = 0;
	CURLcode code;

	snprintf(url, sizeof(url), "%s%s", server->url, path);
	curl_easy_setopt(server->curl, CURLOPT_URL, url);
	curl_easy_setopt(server->curl, CURLOPT_WRITEDATA, &got);
	curl_easy_setopt(server->curl, CURLOPT_HTTPHEADER, server->headers);
	if (body != NULL)
		curl_easy_setopt(server->curl, CURLOPT_POSTFIELDS, body);
	else
		curl_easy_setopt(server->curl, CURLOPT_HTTPGET, 1L);
	code = curl_easy_perform(server->curl);
	curl_easy_getinfo(server->curl, CURLINFO_RESPONSE_CODE, &status);
	json = got.len > 0 ? json_loadb(got.data, got.len, 0, NULL) : NULL;
	free(got.data);
	if (code == CURLE_OK && status == 200 && json != NULL) {
		*answer = json;
		return 0;
	}
	explain(server, code, status, path, json);
	json_decref(json);
	return COULD_NOT;
}
