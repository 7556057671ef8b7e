/* The desk page's files, read once at the start: index.html, scripts, styles, fonts. Each has an ETag of its contents
 * and is revalidated by the browser each time, so that a new release shows at once. The content security policy allows
 * nothing but these files: no inline script, no other origin, no frames. */
#include "http.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 64
#define FILE_MAX (4 << 20)
#define POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " \
	"connect-src 'self'; media-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; " \
	"frame-ancestors 'none'"

struct asset {
	char path[128]; /* "/desk.js" */
	const char *type;
	char etag[40];
	char *data;
	size_t len;
};

struct assets {
	struct asset files[FILES_MAX];
	int count;
};

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".mjs", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".ico", "image/x-icon" },
		{ ".woff2", "font/woff2" },
		{ ".ttf", "font/ttf" },
		{ ".json", "application/json" },
		{ ".webmanifest", "application/manifest+json" },
		{ ".wav", "audio/wav" },
		{ ".mp3", "audio/mpeg" },
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return NULL;
}

static int load_file(struct assets *assets, const char *file, const char *path)
{
	struct asset *asset = &assets->files[assets->count];
	unsigned char hash[16];
	int err;

	asset->type = type_of(path);
	if (asset->type == NULL || strlen(path) >= sizeof(asset->path))
		return 0; /* notes and the like are not served */
	if (assets->count == FILES_MAX || !text_copy(asset->path, sizeof(asset->path), path))
		return LOBBY_ERR_TOO_LONG;
	err = file_read(file, FILE_MAX, &asset->data, &asset->len);
	if (err != 0)
		return err;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)asset->data, asset->len, NULL, 0);
	asset->etag[0] = '"';
	sodium_bin2hex(asset->etag + 1, sizeof(asset->etag) - 2, hash, sizeof(hash));
	asset->etag[33] = '"';
	asset->etag[34] = '\0';
	assets->count++;
	return 0;
}

/* One folder, and those in it (depth 1). */
static int load_folder(struct assets *assets, const char *folder, const char *prefix, int depth)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int err = 0;

	if (dir == NULL)
		return LOBBY_ERR_NOT_FOUND;
	while (err == 0 && (entry = readdir(dir)) != NULL) {
		char file[CLINIC_PATH_MAX], path[160];
		struct stat info;

		if (entry->d_name[0] == '.' ||
		    snprintf(file, sizeof(file), "%s/%s", folder, entry->d_name) >= (int)sizeof(file) ||
		    snprintf(path, sizeof(path), "%s/%s", prefix, entry->d_name) >= (int)sizeof(path) ||
		    stat(file, &info) != 0)
			continue;
		if (S_ISREG(info.st_mode))
			err = load_file(assets, file, path);
		else if (S_ISDIR(info.st_mode) && depth > 0)
			err = load_folder(assets, file, path, depth - 1);
	}
	closedir(dir);
	return err;
}

int assets_load(struct assets **out, const char *folder)
{
	struct assets *assets = calloc(1, sizeof(*assets));
	char desk[CLINIC_PATH_MAX];
	int err;

	if (assets == NULL)
		return LOBBY_ERR_NO_MEMORY;
	*out = assets;
	if (*folder == '\0' || snprintf(desk, sizeof(desk), "%s/desk", folder) >= (int)sizeof(desk))
		return 0;
	err = load_folder(assets, desk, "", 1);
	if (err == LOBBY_ERR_NOT_FOUND) {
		log_event(LOG_WARNING, "assets-missing", "%s", "");
		return 0;
	}
	return err;
}

void assets_free(struct assets *assets)
{
	for (int i = 0; assets != NULL && i < assets->count; i++)
		free(assets->files[i].data);
	free(assets);
}

static const struct asset *asset_of(const struct assets *assets, const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (int i = 0; i < assets->count; i++)
		if (strcmp(assets->files[i].path, path) == 0)
			return &assets->files[i];
	return NULL;
}

enum MHD_Result assets_answer(const struct assets *assets, struct MHD_Connection *connection, const char *path)
{
	const struct asset *asset = asset_of(assets, path);
	const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	static const char nothing[] = "There is no such page.\n";
	unsigned status = asset == NULL ? MHD_HTTP_NOT_FOUND : MHD_HTTP_OK;
	struct MHD_Response *response;
	enum MHD_Result ok;

	if (asset != NULL && known != NULL && strstr(known, asset->etag) != NULL)
		status = MHD_HTTP_NOT_MODIFIED;
	if (status == MHD_HTTP_OK)
		response = MHD_create_response_from_buffer(asset->len, asset->data, MHD_RESPMEM_PERSISTENT);
	else
		response = MHD_create_response_from_buffer(asset == NULL ? sizeof(nothing) - 1 : 0, (void *)nothing,
							   MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", asset != NULL ? asset->type : "text/plain; charset=utf-8");
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	MHD_add_response_header(response, "Content-Security-Policy", POLICY);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
	if (asset != NULL)
		MHD_add_response_header(response, "ETag", asset->etag);
	ok = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return ok;
}
