/* lobby-flash, what tools/flash runs: checks an image, writes it to a disk, reads it back, and says what it does in a
 * technician's words. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "manifest.h"
#include "target.h"
#include "write.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SMALL 65536
#define TELL_MS 500

static const char usage[] =
	"flash: writes Lobby's image to a disk or stick\n"
	"\n"
	"  flash IMAGE.img.zst DEVICE [--key RELEASE.crt] [--yes]\n"
	"  flash --sign RELEASE.key IMAGE.img.json   writes IMAGE.img.json.sig, when an image is built\n"
	"\n"
	"IMAGE.img.json and .img.json.sig must be beside the image. DEVICE is a whole disk (/dev/sdb) that nothing "
	"uses, or\n"
	"a file that is there. All that is on it is lost.\n"
	"  --key FILE   the release key's certificate of your clinic (without: release.crt beside the image)\n"
	"  --yes        do not ask\n"
	"Exit status: 0 written and read back, 1 not (the reason is on standard error), 2 not understood.\n";

struct options {
	const char *image, *device, *key, *sign;
	bool yes;
};

static int say(const char *why)
{
	fprintf(stderr, "flash: %s\n", why);
	return 1;
}

static int say_of(const char *file, const char *why)
{
	fprintf(stderr, "flash: %s: %s\n", file, why);
	return 1;
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "key", required_argument, NULL, 'k' },
					       { "sign", required_argument, NULL, 's' },
					       { "yes", no_argument, NULL, 'y' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'k':
			o->key = optarg;
			break;
		case 's':
			o->sign = optarg;
			break;
		case 'y':
			o->yes = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (argc - optind != (o->sign != NULL ? 1 : 2))
		return false;
	o->image = argv[optind];
	o->device = argv[optind + 1];
	return true;
}

/* ---- the image ---- */

/* "DIR/lobby-1.img.zst" -> "DIR/lobby-1.img.json"; with name, "DIR/name". */
static bool beside(const char *image, const char *end, const char *name, char out[PATH_MAX])
{
	const char *slash = strrchr(image, '/');
	size_t len = strlen(image);

	if (name != NULL)
		return snprintf(out, PATH_MAX, "%.*s%s", slash != NULL ? (int)(slash - image + 1) : 0, image, name) <
		       PATH_MAX;
	if (len < 8 || strcmp(image + len - 8, ".img.zst") != 0)
		return false;
	return snprintf(out, PATH_MAX, "%.*s%s", (int)(len - 4), image, end) < PATH_MAX;
}

struct paper {
	char *json, *signature, *pem;
	size_t json_len, signature_len, pem_len;
};

static void paper_free(struct paper *p)
{
	free(p->json);
	free(p->signature);
	free(p->pem);
}

static int read_paper(const struct options *o, struct paper *p)
{
	char path[PATH_MAX], sig[PATH_MAX], key[PATH_MAX];

	if (!beside(o->image, ".json", NULL, path) || !beside(o->image, ".json.sig", NULL, sig) ||
	    !beside(o->image, NULL, "release.crt", key))
		return say_of(o->image, "An image's name ends in .img.zst.");
	if (access(o->image, R_OK) != 0)
		return say_of(o->image, "There is no such image, or you may not read it.");
	if (file_read(path, MANIFEST_MAX_JSON, &p->json, &p->json_len) != 0)
		return say_of(path, "The image's description is not there. Copy it to the image's folder.");
	if (file_read(sig, MAX_SMALL, &p->signature, &p->signature_len) != 0)
		return say_of(sig, "The description's signature is not there. Copy it to the image's folder.");
	if (file_read(o->key != NULL ? o->key : key, MAX_SMALL, &p->pem, &p->pem_len) == 0)
		return 0;
	if (o->key != NULL)
		return say_of(o->key, "There is no such key, or you may not read it.");
	return say("There is no release key beside the image: give --key with your clinic's release.crt.");
}

static int check_paper(const struct options *o, const struct paper *p, struct flash_manifest *manifest)
{
	const char *why = "";
	char name[20];

	if (flash_manifest_key_name(p->pem, p->pem_len, name) != 0)
		return say("This is no release key: it is the file release.crt that is needed.");
	if (flash_manifest_check(p->json, p->json_len, p->signature, p->signature_len, p->pem, p->pem_len) != 0)
		return say(
			"The image is not signed with this release key: it is not your clinic's, or it was changed.");
	if (flash_manifest_read(p->json, p->json_len, manifest, &why) != 0)
		return say(why);
	printf("Lobby %s, signed by the release key %s.\n", manifest->version, name);
	if (o->key == NULL)
		printf("That key lay beside the image: compare its number with your clinic's, or give --key.\n");
	if (manifest->development)
		printf("This image is signed with development keys: for tests, not for patients.\n");
	return 0;
}

/* ---- the disk ---- */

static int check_target(const struct options *o, const struct flash_manifest *manifest, struct target *target)
{
	static const struct target_roots roots = { "/sys", "/proc" };
	const char *why = "";
	int64_t needed = manifest->size + TARGET_STATE_BYTES;

	if (target_look(o->device, needed, &roots, target, &why) == 0) {
		printf("Writes to %s: %s%s%s%s%.1f GB\n", target->path, target->model, target->model[0] ? ", " : "",
		       target->serial, target->serial[0] ? ", " : "", (double)target->size / 1e9);
		return 0;
	}
	say(why);
	if (target->size > 0 && target->size < needed)
		fprintf(stderr, "flash: It has %.2f GB; %.2f GB are needed.\n", (double)target->size / 1e9,
			(double)needed / 1e9);
	return 1;
}

static bool agrees(const struct target *target)
{
	char line[128];

	printf("Everything on it will be lost. Type \"%s\" to go on: ", target->name);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	return strcmp(text_trim(line), target->name) == 0;
}

/* ---- writing ---- */

struct progress {
	int64_t began_ms, told_ms, reading_ms; /* monotonic */
	bool tty, reading;
	int tenth;
};

static void on_progress(void *arg, bool reading, int64_t done, int64_t all)
{
	struct progress *p = arg;
	int64_t now_ms = clock_mono_ms(), since_ms;
	int tenth = (int)(done * 10 / all);

	if (reading && !p->reading) {
		p->reading = true;
		p->reading_ms = now_ms;
		p->tenth = -1;
	}
	if (done < all && (p->tty ? now_ms - p->told_ms < TELL_MS : tenth == p->tenth))
		return;
	p->told_ms = now_ms;
	p->tenth = tenth;
	since_ms = now_ms - (reading ? p->reading_ms : p->began_ms);
	printf("%s%s %3d %%  %lld of %lld MB", p->tty ? "\r" : "", reading ? "Reading back" : "Writing     ",
	       (int)(done * 100 / all), (long long)(done / 1000000), (long long)(all / 1000000));
	if (since_ms > 1000 && done > 0)
		printf("  %.0f MB/s, %lld s to go   ", (double)done / 1000 / (double)since_ms,
		       (long long)((all - done) * since_ms / done / 1000));
	if (!p->tty || done == all)
		putchar('\n');
	fflush(stdout);
}

static int file_source(void *arg, void *data, size_t max, size_t *got)
{
	ssize_t n = read(*(int *)arg, data, max);

	if (n < 0)
		return LOBBY_ERR_IO;
	*got = (size_t)n;
	return 0;
}

static int write_image(const struct flash_manifest *manifest, int image, int fd)
{
	struct progress progress = { .began_ms = clock_mono_ms(), .tty = isatty(1) == 1, .tenth = -1 };
	struct flash_zstd zstd;
	const char *why = "";
	int64_t took_ms;
	int err;

	if (flash_zstd_init(&zstd, file_source, &image) != 0)
		return say("There is not enough memory.");
	err = flash_write(manifest, flash_zstd_source, &zstd, fd, on_progress, &progress, &why);
	flash_zstd_fini(&zstd);
	if (err != 0) {
		if (progress.tty)
			putchar('\n');
		return say(why);
	}
	took_ms = clock_mono_ms() - progress.began_ms;
	printf("Written and read back in %lld s, without a fault.\n", (long long)((took_ms + 500) / 1000));
	return 0;
}

static int flash(const struct options *o, const struct flash_manifest *manifest)
{
	struct target target;
	int image, fd, status;

	status = check_target(o, manifest, &target);
	if (status != 0)
		return status;
	if (!o->yes && !agrees(&target))
		return say("Nothing was written.");
	image = open(o->image, O_RDONLY | O_CLOEXEC);
	if (image < 0)
		return say("The image cannot be read.");
	switch (target_open(&target, &fd)) {
	case 0:
		status = write_image(manifest, image, fd);
		if (close(fd) != 0 && status == 0)
			status = say("The disk could not be written: it may be broken. Try another one.");
		if (status == 0 && target.removable)
			printf("The disk can be taken out.\n");
		break;
	case LOBBY_ERR_BUSY:
		status = say("This disk is in use. Nothing was written.");
		break;
	case LOBBY_ERR_FORBIDDEN:
		status = say("You may not write to this disk: run it as root (sudo).");
		break;
	default:
		status = say("The disk cannot be opened.");
	}
	close(image);
	return status;
}

/* ---- signing ---- */

static int sign(const struct options *o)
{
	uint8_t signature[MANIFEST_MAX_SIGNATURE];
	char path[PATH_MAX], *json = NULL, *key = NULL;
	size_t json_len, key_len, len;
	int status = 0;

	if (snprintf(path, sizeof(path), "%s.sig", o->image) >= (int)sizeof(path) ||
	    file_read(o->image, MANIFEST_MAX_JSON, &json, &json_len) != 0)
		status = say("The image's description cannot be read.");
	else if (file_read(o->sign, MAX_SMALL, &key, &key_len) != 0 ||
		 flash_manifest_sign(json, json_len, key, key_len, signature, &len) != 0)
		status = say("This is no release key, or it cannot be read.");
	else if (file_replace(path, signature, len, 0644) != 0)
		status = say("The signature cannot be written.");
	if (key != NULL)
		sodium_memzero(key, key_len);
	free(key);
	free(json);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct flash_manifest manifest = { 0 };
	struct paper paper = { 0 };
	int status;

	if (!parse(argc, argv, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	setlinebuf(stdout);
	if (clock_init() != 0 || sodium_init() < 0)
		return say("This machine's clock or random numbers do not work.");
	if (options.sign != NULL)
		return sign(&options);
	status = read_paper(&options, &paper);
	if (status == 0)
		status = check_paper(&options, &paper, &manifest);
	if (status == 0)
		status = flash(&options, &manifest);
	flash_manifest_free(&manifest);
	paper_free(&paper);
	return status;
}
