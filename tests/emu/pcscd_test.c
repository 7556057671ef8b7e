/* The outside judge of the reader's model: unmodified pcscd with libccid, from Debian's packages, meets it through
 * libusb and umockdev, powers a card in it and exchanges APDUs, at each exchange level and protocol. What libccid and
 * our driver both get along with is CCID.
 *
 * pcscd runs in a mount namespace of its own (unshare), with this test's folder as its /run/pcscd, and is told of the
 * reader by a reader.conf, because umockdev's bus has no interfaces in /sys for its hotplug to find. */
#include "tests/emu/card_egk.h"
#include "tests/emu/model_ccid.h"

#include "base/clock.h"

#include <dlfcn.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winscard.h>

#include <cmocka.h>

#define BUNDLE "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Linux/libccid.so"
#define PATIENCE_MS 8000

/* The client library, loaded when it is needed: nothing else here links it. */
struct client {
	void *library;
	LONG (*establish)(DWORD, LPCVOID, LPCVOID, SCARDCONTEXT *);
	LONG (*release)(SCARDCONTEXT);
	LONG (*list)(SCARDCONTEXT, LPCSTR, LPSTR, DWORD *);
	LONG (*connect)(SCARDCONTEXT, LPCSTR, DWORD, DWORD, SCARDHANDLE *, DWORD *);
	LONG (*disconnect)(SCARDHANDLE, DWORD);
	LONG (*status)(SCARDHANDLE, LPSTR, DWORD *, DWORD *, DWORD *, LPBYTE, DWORD *);
	LONG (*transmit)(SCARDHANDLE, const SCARD_IO_REQUEST *, LPCBYTE, DWORD, SCARD_IO_REQUEST *, LPBYTE, DWORD *);
};

struct world {
	struct bus *bus;
	struct model_ccid reader;
	char folder[64];
	pid_t daemon;
	struct client client;
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol;
};

/* ---- a card of simple files ---- */

static uint8_t long_file[20000];

/* READ BINARY of one long file, short or extended; PUT DATA is echoed back. */
static size_t plain_apdu(struct smartcard *card, const uint8_t *c, size_t len, uint8_t *answer, size_t size)
{
	size_t at, want;

	(void)card;
	if (len >= 5 && c[1] == 0xb0) {
		bool extended = len == 7;

		at = (size_t)(c[2] << 8 | c[3]);
		want = extended ? (size_t)(c[5] << 8 | c[6]) : c[4];
		if (want == 0)
			want = extended ? 65536 : 256;
		if (at >= sizeof(long_file)) {
			memcpy(answer, "\x6b\x00", 2);
			return 2;
		}
		if (want > sizeof(long_file) - at)
			want = sizeof(long_file) - at;
		assert_true(want + 2 <= size);
		memcpy(answer, long_file + at, want);
		memcpy(answer + want, "\x90\x00", 2);
		return want + 2;
	}
	if (len > 5 && c[1] == 0xda && c[4] != 0) {
		memcpy(answer, c + 5, c[4]);
		memcpy(answer + c[4], "\x90\x00", 2);
		return c[4] + 2U;
	}
	memcpy(answer, "\x6d\x00", 2);
	return 2;
}

static void plain_reset(struct smartcard *card)
{
	(void)card;
}

static const uint8_t atr_t0[] = { 0x3b, 0x12, 0x95, 0x41, 0x42 };
static const uint8_t atr_t1[] = { 0x3b, 0x90, 0x95, 0x81, 0x31, 0xfe, 0x45, 0x0e };
static const uint8_t atr_crc[] = { 0x3b, 0x80, 0x81, 0x71, 0xfe, 0x45, 0x01, 0xca };

/* ---- starting and ending ---- */

static void *find(struct client *c, const char *name)
{
	void *f = dlsym(c->library, name);

	assert_non_null(f);
	return f;
}

static bool load(struct client *c)
{
	c->library = dlopen("libpcsclite.so.1", RTLD_NOW);
	if (c->library == NULL)
		return false;
	*(void **)&c->establish = find(c, "SCardEstablishContext");
	*(void **)&c->release = find(c, "SCardReleaseContext");
	*(void **)&c->list = find(c, "SCardListReaders");
	*(void **)&c->connect = find(c, "SCardConnect");
	*(void **)&c->disconnect = find(c, "SCardDisconnect");
	*(void **)&c->status = find(c, "SCardStatus");
	*(void **)&c->transmit = find(c, "SCardTransmit");
	return true;
}

static const char *why_not(void)
{
	if (access("/usr/sbin/pcscd", X_OK) != 0)
		return "pcscd is not installed";
	if (access(BUNDLE, R_OK) != 0)
		return "libccid is not installed";
	if (system("unshare -r -m true 2>/dev/null") != 0)
		return "this machine makes no namespaces";
	return NULL;
}

static void write_config(const struct world *w)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/conf", w->folder);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/conf/model", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"FRIENDLYNAME \"Model\"\nDEVICENAME usb:%04x/%04x:libusb-1.0:1:1:0\nLIBPATH " BUNDLE "\nCHANNELID 1\n",
		w->reader.vendor, w->reader.product);
	fclose(f);
}

static void start_daemon(struct world *w)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind %s /run/pcscd && "
		 "LD_PRELOAD=libumockdev-preload.so.0 exec /usr/sbin/pcscd --foreground --config %s/conf %s",
		 w->folder, w->folder, getenv("PCSCD_DEBUG") != NULL ? "--debug --apdu" : "--critical");
	w->daemon = fork();
	assert_true(w->daemon >= 0);
	if (w->daemon == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		setenv("LD_PRELOAD", "", 1);
		execlp("unshare", "unshare", "-r", "-m", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

static void connect_client(struct world *w)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	char path[128];

	snprintf(path, sizeof(path), "%s/pcscd.comm", w->folder);
	setenv("PCSCLITE_CSOCK_NAME", path, 1);
	while (w->client.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &w->context) != SCARD_S_SUCCESS) {
		assert_true(clock_mono_ms() < end);
		poll(NULL, 0, 20);
	}
}

static void connect_card(struct world *w)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;
	LONG rc;

	do {
		char names[512];
		DWORD len = sizeof(names);

		poll(NULL, 0, 20);
		rc = w->client.list(w->context, NULL, names, &len);
		if (rc == SCARD_S_SUCCESS)
			rc = w->client.connect(w->context, names, SCARD_SHARE_SHARED,
					       SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &w->card, &w->protocol);
	} while (rc != SCARD_S_SUCCESS && clock_mono_ms() < end);
	assert_int_equal(rc, SCARD_S_SUCCESS);
}

static void judge(struct world *w, struct smartcard *card)
{
	write_config(w);
	model_ccid_insert(&w->reader, 0, card);
	assert_true(bus_plug(w->bus, &w->reader.model));
	start_daemon(w);
	connect_client(w);
	connect_card(w);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	for (size_t i = 0; i < sizeof(long_file); i++)
		long_file[i] = (uint8_t)(i * 7 + i / 256);
	snprintf(w->folder, sizeof(w->folder), "/tmp/lobby-pcscd-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->bus = bus_new();
	assert_non_null(w->bus);
	model_ccid_init(&w->reader, w->bus);
	w->reader.vendor = 0x04e6; /* libccid serves those that it knows by number */
	w->reader.product = 0x5116;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	if (w->card != 0)
		w->client.disconnect(w->card, SCARD_UNPOWER_CARD);
	if (w->context != 0)
		w->client.release(w->context);
	if (w->daemon > 0) {
		kill(w->daemon, SIGTERM);
		waitpid(w->daemon, NULL, 0);
	}
	model_ccid_fini(&w->reader);
	bus_free(w->bus);
	snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	if (w->client.library != NULL)
		dlclose(w->client.library);
	free(w);
	return 0;
}

/* ---- what is judged ---- */

static size_t transmit(struct world *w, const uint8_t *command, size_t len, uint8_t *answer, size_t size)
{
	const SCARD_IO_REQUEST pci = { w->protocol, sizeof(pci) };
	DWORD got = size;

	assert_int_equal(w->client.transmit(w->card, &pci, command, len, NULL, answer, &got), SCARD_S_SUCCESS);
	assert_true(got >= 2);
	return got;
}

static void assert_atr(struct world *w, const struct smartcard *card)
{
	uint8_t atr[MAX_ATR_SIZE];
	DWORD atr_len = sizeof(atr), state, protocol, name_len = 0;

	assert_int_equal(w->client.status(w->card, NULL, &name_len, &state, &protocol, atr, &atr_len), SCARD_S_SUCCESS);
	assert_int_equal(atr_len, card->atr_len);
	assert_memory_equal(atr, card->atr, atr_len);
}

/* A whole short answer, a long command with an answer of its own, an error. */
static void assert_short_apdus(struct world *w)
{
	uint8_t command[261] = { 0x00, 0xda, 0x01, 0x02, 255 }, answer[300];

	assert_int_equal(transmit(w, (const uint8_t[]){ 0x00, 0xb0, 0x10, 0x05, 0x00 }, 5, answer, sizeof(answer)),
			 258);
	assert_memory_equal(answer, long_file + 0x1005, 256);
	memcpy(command + 5, long_file + 77, 255);
	assert_int_equal(transmit(w, command, 261, answer, sizeof(answer)), 257);
	assert_memory_equal(answer, long_file + 77, 255);
	assert_memory_equal(answer + 255, "\x90\x00", 2);
	assert_int_equal(transmit(w, (const uint8_t[]){ 0x00, 0x11, 0x00, 0x00 }, 4, answer, sizeof(answer)), 2);
	assert_memory_equal(answer, "\x6d\x00", 2);
}

/* 4,000 bytes in one answer: chained blocks of T=1, or parts of an extended answer. */
static void assert_extended_apdu(struct world *w)
{
	static uint8_t answer[8192];

	assert_int_equal(
		transmit(w, (const uint8_t[]){ 0x00, 0xb0, 0x00, 0x07, 0x00, 0x0f, 0xa0 }, 7, answer, sizeof(answer)),
		4002);
	assert_memory_equal(answer, long_file + 7, 4000);
}

static struct smartcard plain(const uint8_t *atr, size_t len)
{
	return (struct smartcard){
		.name = "plain", .atr = atr, .atr_len = len, .apdu = plain_apdu, .reset = plain_reset
	};
}

/* Skips, with the reason, where the judge cannot run. */
static void need(struct world *w)
{
	const char *why = why_not();

	if (why == NULL && !load(&w->client))
		why = "libpcsclite is not installed";
	if (why == NULL)
		return;
	print_message("skipped: %s\n", why);
	skip();
}

static void short_apdus(void **state)
{
	struct world *w = *state;
	struct smartcard card = plain(atr_t1, sizeof(atr_t1));

	need(w);
	judge(w, &card);
	assert_atr(w, &card);
	assert_short_apdus(w);
}

static void extended_apdus(void **state)
{
	struct world *w = *state;
	struct smartcard card = plain(atr_t1, sizeof(atr_t1));

	need(w);
	w->reader.level = MODEL_CCID_EXTENDED;
	judge(w, &card);
	assert_atr(w, &card);
	assert_short_apdus(w);
	assert_extended_apdu(w);
}

static void blocks_of_t1(void **state)
{
	struct world *w = *state;
	struct smartcard card = plain(atr_t1, sizeof(atr_t1));

	need(w);
	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a; /* voltage, clock and rate follow; PPS and IFS are the host's */
	w->reader.icc[0].wtx = 1;
	judge(w, &card);
	assert_atr(w, &card);
	assert_int_equal(w->protocol, SCARD_PROTOCOL_T1);
	assert_int_equal(w->reader.icc[0].fidi, 0x95);
	assert_short_apdus(w);
	assert_extended_apdu(w);
}

static void blocks_with_crc(void **state)
{
	struct world *w = *state;
	struct smartcard card = plain(atr_crc, sizeof(atr_crc));

	need(w);
	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	judge(w, &card);
	assert_atr(w, &card);
	assert_short_apdus(w);
}

static void commands_of_t0(void **state)
{
	struct world *w = *state;
	struct smartcard card = plain(atr_t0, sizeof(atr_t0));
	uint8_t answer[300];

	need(w);
	w->reader.level = MODEL_CCID_TPDU;
	w->reader.features = 0x003a;
	judge(w, &card);
	assert_atr(w, &card);
	assert_int_equal(w->protocol, SCARD_PROTOCOL_T0);
	assert_int_equal(w->reader.icc[0].fidi, 0x95);
	assert_int_equal(transmit(w, (const uint8_t[]){ 0x00, 0xb0, 0x10, 0x05, 0x00 }, 5, answer, sizeof(answer)),
			 258);
	assert_memory_equal(answer, long_file + 0x1005, 256);
	assert_int_equal(
		transmit(w, (const uint8_t[]){ 0x00, 0xda, 0, 0, 3, 'a', 'b', 'c' }, 8, answer, sizeof(answer)), 2);
	assert_memory_equal(answer, "\x61\x03", 2);
	assert_int_equal(transmit(w, (const uint8_t[]){ 0x00, 0xc0, 0, 0, 3 }, 5, answer, sizeof(answer)), 5);
	assert_memory_equal(answer, "abc\x90\x00", 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(short_apdus),     TEST(extended_apdus), TEST(blocks_of_t1),
		TEST(blocks_with_crc), TEST(commands_of_t0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
