/* A technician's stick, from `tools/stick` to what lobby-system does with it: real FAT images, a real lobby-system in
 * this process, its wire from outside. What is not signed for it is refused; logs come back sealed; an update is copied
 * and compared; a provisioning file sets the panel and the network and asks lobby-sync to enrol. */
#include "system/efipanel.h"
#include "system/lift.h"
#include "system/stick.h"
#include "system/system.h"
#include "system/worker.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

static char folder[] = "/tmp/lobby-stick-XXXXXX";
static char paths[10][96];
static struct system box;
static struct loop *loop;
static struct wire_conn technician, sync_conn;
static lobby_SystemState seen;
static lobby_SystemAnswer answer;
static lobby_Enrol enrol;
static bool answered, asked_to_enrol;
static int enrol_err;

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[1024], whole[1400];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole),
		 "export D=%s LOBBYCTL=$PWD/$LOBBY_BUILD/lobbyctl; case $LOBBY_BUILD in /*) "
		 "LOBBYCTL=$LOBBY_BUILD/lobbyctl;; esac; { %s; } >>$D/log 2>&1",
		 folder, command);
	if (system(whole) != 0)
		fail_msg("%s", command);
}

static const char *at(int slot, const char *name)
{
	snprintf(paths[slot], sizeof(paths[slot]), "%s/%s", folder, name);
	return paths[slot];
}

/* ---- the two peers ---- */

static void on_message(void *arg, struct wire_conn *conn, const lobby_Envelope *envelope)
{
	lobby_Envelope reply = { .which_body = lobby_Envelope_enrolled_tag };

	(void)arg;
	if (envelope->which_body == lobby_Envelope_system_state_tag) {
		seen = envelope->body.system_state;
	} else if (envelope->which_body == lobby_Envelope_system_answer_tag) {
		answer = envelope->body.system_answer;
		answered = true;
	} else if (envelope->which_body == lobby_Envelope_enrol_tag && conn == &sync_conn) {
		enrol = envelope->body.enrol;
		asked_to_enrol = true;
		reply.body.enrolled.err = enrol_err;
		snprintf(reply.body.enrolled.text, sizeof(reply.body.enrolled.text), "said by lobby-sync");
		assert_int_equal(wire_send(conn, &reply), 0);
	}
}

static void on_state(void *arg, struct wire_conn *conn, bool up)
{
	lobby_Envelope hello = { .which_body = lobby_Envelope_sync_state_tag };

	(void)arg;
	if (conn == &sync_conn && up) {
		snprintf(hello.body.sync_state.kiosk_id, sizeof(hello.body.sync_state.kiosk_id), "k-17");
		assert_int_equal(wire_send(conn, &hello), 0);
	}
}

static bool until_stick(lobby_StickState state)
{
	for (int64_t end = clock_mono_ms() + PATIENCE_MS; seen.stick.state != state && clock_mono_ms() < end;)
		loop_turn(loop, 50);
	return seen.stick.state == state;
}

static int command_in(lobby_SystemDo what, const char *language)
{
	static uint32_t request;
	lobby_Envelope envelope = { .which_body = lobby_Envelope_system_command_tag };

	envelope.body.system_command.request = ++request;
	envelope.body.system_command.what = what;
	text_copy(envelope.body.system_command.language, sizeof(envelope.body.system_command.language), language);
	answered = false;
	assert_int_equal(wire_send(&technician, &envelope), 0);
	for (int64_t end = clock_mono_ms() + PATIENCE_MS; !answered && clock_mono_ms() < end;)
		loop_turn(loop, 50);
	assert_true(answered);
	assert_int_equal(answer.request, request);
	return answer.err;
}

static int command(lobby_SystemDo what)
{
	return command_in(what, "");
}

static void take_out(void)
{
	run("rm -f $D/stick");
	assert_true(until_stick(lobby_StickState_STICK_NONE));
}

static void put_in(const char *options)
{
	take_out();
	run("tools/stick $D/keys $D/made %s && chmod 644 $D/made && mv $D/made $D/stick", options);
}

/* ---- the world ---- */

static void make_keys(void)
{
	uint8_t public_key[32], secret[64];
	char text[160];

	crypto_sign_keypair(public_key, secret);
	sodium_bin2base64(text, sizeof(text), secret, 64, sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(file_replace(at(0, "keys/stick.key"), text, strlen(text), 0600), 0);
	sodium_bin2base64(text, sizeof(text), public_key, 32, sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(file_replace(at(0, "keys/stick.pub"), text, strlen(text), 0600), 0);
	crypto_box_keypair(public_key, secret);
	sodium_bin2base64(text, sizeof(text), secret, 32, sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(file_replace(at(0, "keys/support.key"), text, strlen(text), 0600), 0);
	sodium_bin2base64(text, sizeof(text), public_key, 32, sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(file_replace(at(0, "keys/support.pub"), text, strlen(text), 0600), 0);
}

static int setup(void **state)
{
	struct system_options options = { .power = "true", .rauc = "false" };

	(void)state;
	if (getenv("LOBBY_BUILD") == NULL)
		setenv("LOBBY_BUILD", "build/san", 1);
	assert_non_null(mkdtemp(folder));
	/* The part that writes on a stick is nobody, and has to get there. */
	run("chmod 755 $D && mkdir -p $D/keys $D/esp/lobby $D/efi $D/sys/class/net/enp1s0 $D/state && "
	    "echo 52:54:00:12:34:56 >$D/sys/class/net/enp1s0/address && "
	    "printf 'SLOT=a\\nDISK=/dev/none\\nESP=/dev/none1\\nVERSION=0.1.0\\nSECURE_BOOT=0\\n' >$D/boot && "
	    "printf 'VERSION=0.1.0\\nMIN_VERSION=0.1.0\\nKEYS=clinic\\n' >$D/release");
	make_keys();
	options.boot = at(1, "boot");
	options.release = at(2, "release");
	options.esp = at(3, "esp");
	options.state = at(4, "state");
	options.sys = at(5, "sys");
	options.stick = at(6, "stick");
	options.stick_key = at(7, "keys/stick.pub");
	options.support_key = at(8, "keys/support.pub");
	options.efivars = at(9, "efi");
	{
		static char socket[96], networkd[96];

		snprintf(socket, sizeof(socket), "%s/run/system.sock", folder);
		snprintf(networkd, sizeof(networkd), "%s/networkd", folder);
		options.networkd = networkd;
		loop = loop_new();
		assert_int_equal(system_init(&box, loop, &options, socket), 0);
		wire_client_start(&technician, loop, socket, lobby_Program_PROGRAM_CTL, on_message, on_state, NULL);
		wire_client_start(&sync_conn, loop, socket, lobby_Program_PROGRAM_SYNC, on_message, on_state, NULL);
	}
	while (!technician.up || !sync_conn.up || seen.version[0] == '\0')
		loop_turn(loop, 50);
	return 0;
}

static int teardown(void **state)
{
	char text[64];

	(void)state;
	wire_close(&technician);
	wire_close(&sync_conn);
	system_fini(&box);
	loop_free(loop);
	snprintf(text, sizeof(text), "rm -r %s", folder);
	return system(text);
}

/* ---- tests ---- */

static void a_signed_stick_is_trusted(void **state)
{
	(void)state;
	assert_int_equal(seen.stick.state, lobby_StickState_STICK_NONE);
	assert_int_equal(command(lobby_SystemDo_SYSTEM_PROVISION), LOBBY_ERR_NOT_FOUND);
	assert_int_equal(command(lobby_SystemDo_SYSTEM_LOGS_TO_STICK), LOBBY_ERR_NOT_FOUND);
	put_in("");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_true(seen.stick.technician);
	assert_false(seen.stick.has_provisioning);
	assert_string_equal(seen.stick.update_version, "");
	assert_non_null(strstr(seen.stick.text, "Signed stick, good until 20"));
	take_out();
	assert_false(seen.stick.technician);
	put_in("--what logs");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_false(seen.stick.technician);
	take_out();
}

static void refused(const char *why)
{
	assert_true(until_stick(lobby_StickState_STICK_REFUSED));
	if (strstr(seen.stick.text, why) == NULL)
		fail_msg("\"%s\" has no \"%s\"", seen.stick.text, why);
	assert_false(seen.stick.technician || seen.stick.has_provisioning);
	assert_int_equal(command(lobby_SystemDo_SYSTEM_PROVISION), LOBBY_ERR_NOT_FOUND);
	take_out();
}

static void others_are_refused_in_words(void **state)
{
	(void)state;
	run("truncate -s 8M $D/made && mkfs.vfat $D/made >/dev/null && mv $D/made $D/stick");
	refused("no technician's stick");
	run("head -c 1000000 /dev/urandom >$D/made && mv $D/made $D/stick");
	refused("no FAT file system");
	run("truncate -s 8M $D/made && mkfs.ext4 -q -F $D/made && mv $D/made $D/stick");
	refused("no FAT file system");
	run("tools/stick $D/keys $D/made && truncate -s 1M $D/made && mv $D/made $D/stick");
	refused("damaged");
	/* Signed, and changed afterwards. */
	run("tools/stick $D/keys $D/made && mcopy -n -i $D/made ::lobby/stick.json $D/j && sed -i "
	    "s/technician/TECHNICIAN/ $D/j && "
	    "mcopy -o -i $D/made $D/j ::lobby/stick.json && mv $D/made $D/stick");
	refused("not signed with this clinic's key");
	/* Another clinic's. */
	run("mkdir -p $D/foreign && head -c 64 /dev/urandom | base64 -w 0 >$D/foreign/stick.key && "
	    "tools/stick $D/foreign $D/made && mv $D/made $D/stick");
	refused("not signed with this clinic's key");
	run("head -c 20000 /dev/zero >$D/j && tools/stick $D/keys $D/made && mcopy -o -i $D/made $D/j "
	    "::lobby/stick.json && "
	    "mv $D/made $D/stick");
	refused("too long");
	/* The provisioning file was put in another's place. */
	run("echo '{}' >$D/p && tools/stick $D/keys $D/made --provision $D/p && echo '{\"set_up\":true}' >$D/p && "
	    "mcopy -o -i $D/made $D/p ::lobby/provision.json && mv $D/made $D/stick");
	refused("not the one that was signed");
	/* It expired yesterday, by the kiosk's clock: make the stick the day before. */
	run("tools/stick $D/keys $D/made --days 0 && mv $D/made $D/stick");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	take_out();
}

static void a_file_provisions_the_kiosk(void **state)
{
	char *text = NULL;
	lobby_Panel panel = { 0 };
	char language[EFIPANEL_LANGUAGE];
	size_t len = 0;

	(void)state;
	run("echo '{\"clinic\":\"https://clinic.example.org\",\"code\":\"7QXK-M2PD-9TRA\",\"name\":\"Lobby "
	    "{n}\",\"language\":"
	    "\"es\",\"time_zone\":\"America/Chicago\",\"panel\":{\"rotation\":90},\"set_up\":true}' >$D/p");
	put_in("--provision $D/p");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_true(seen.stick.has_provisioning);
	enrol_err = LOBBY_ERR_CODE_WRONG;
	assert_int_equal(command(lobby_SystemDo_SYSTEM_PROVISION), LOBBY_ERR_CODE_WRONG);
	assert_string_equal(answer.text, "said by lobby-sync");
	assert_true(asked_to_enrol);
	assert_false(seen.set_up);
	enrol_err = 0;
	assert_int_equal(command(lobby_SystemDo_SYSTEM_PROVISION), 0);
	assert_string_equal(enrol.url, "https://clinic.example.org");
	assert_string_equal(enrol.code, "7QXK-M2PD-9TRA");
	assert_memory_equal(enrol.name, "Lobby ", 6);
	assert_int_equal(strlen(enrol.name), 10);
	assert_int_equal(strspn(enrol.name + 6, "0123456789"), 4);
	for (int i = 0; i < 100 && !seen.set_up; i++)
		loop_turn(loop, 20);
	assert_true(seen.set_up);
	assert_string_equal(seen.language, "es");
	assert_string_equal(seen.time_zone, "America/Chicago");
	assert_int_equal(seen.panel.rotation, 90);
	assert_int_equal(efipanel_load(at(0, "efi"), &panel, language), 0);
	assert_int_equal(panel.rotation, 90);
	assert_string_equal(language, "es");
	assert_int_equal(file_read(at(0, "state/system/set-up.json"), 4096, &text, &len), 0);
	assert_non_null(strstr(text, "\"set_up\": true"));
	free(text);
	run("echo '{\"clinic\":\"https://clinic.example.org\",\"code\":\"A\",\"panel\":{\"rotation\":91}}' >$D/p");
	put_in("--provision $D/p");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	asked_to_enrol = false;
	assert_int_equal(command(lobby_SystemDo_SYSTEM_PROVISION), LOBBY_ERR_INVALID);
	assert_string_equal(answer.text, "panel.rotation: 91 is none of 0, 90, 180 and 270.");
	assert_false(asked_to_enrol);
	take_out();
}

/* By hand the language comes with the last question's answer; one that is none changes nothing. */
static void the_firmware_knows_the_language(void **state)
{
	static const struct {
		const char *chosen, *kept;
	} cases[] = { { "en", "en" }, { "", "en" }, { "e s", "en" }, { "es-419", "es-419" } };
	char language[EFIPANEL_LANGUAGE];
	lobby_Panel panel, before;

	(void)state;
	assert_int_equal(efipanel_load(at(0, "efi"), &before, language), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(command_in(lobby_SystemDo_SYSTEM_SET_UP, cases[i].chosen), 0);
		assert_int_equal(efipanel_load(at(0, "efi"), &panel, language), 0);
		assert_string_equal(language, cases[i].kept);
		assert_memory_equal(&panel, &before, sizeof(panel));
	}
}

static void logs_come_out_sealed(void **state)
{
	(void)state;
	put_in("--what logs");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_int_equal(command(lobby_SystemDo_SYSTEM_LOGS_TO_STICK), 0);
	run("mcopy -n -i $D/stick '::lobby/logs-k-17-*.lobbylog' $D/ && ! grep -aq Lobby $D/logs-k-17-*.lobbylog && "
	    "$LOBBYCTL unseal $D/keys/support.key $D/logs-k-17-*.lobbylog >$D/text && grep -q '^Lobby 0.1.0 on' "
	    "$D/text && "
	    "grep -q '^slot a' $D/text");
	run("! $LOBBYCTL unseal $D/foreign/stick.key $D/logs-k-17-*.lobbylog && head -c 200 $D/logs-k-17-*.lobbylog "
	    ">$D/cut && "
	    "! $LOBBYCTL unseal $D/keys/support.key $D/cut && ls $D/stick && [ ! -e /tmp/lobby-logs-%d ]",
	    (int)getpid());
	take_out();
	put_in("--what technician");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_int_equal(command(lobby_SystemDo_SYSTEM_LOGS_TO_STICK), LOBBY_ERR_NOT_FOUND);
	assert_string_equal(answer.text, "This stick is not signed for logs.");
	take_out();
}

static int copy_err;
static bool copied;

static void on_copied(struct system *sys, void *arg, int err, const char *text)
{
	(void)sys;
	assert_ptr_equal(arg, &copied);
	assert_true(err == 0 || text != NULL);
	copy_err = err;
	copied = true;
}

static void an_update_is_copied_and_compared(void **state)
{
	const char *to = at(0, "state/update/stick.raucb");

	(void)state;
	run("head -c 5000000 /dev/urandom >$D/lobby-0.2.0.raucb");
	put_in("--update $D/lobby-0.2.0.raucb");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_string_equal(seen.stick.update_version, "0.2.0");
	assert_int_equal(stick_copy_update(&box, to, NULL, on_copied, &copied), 0);
	assert_int_equal(stick_copy_update(&box, to, NULL, on_copied, &copied), LOBBY_ERR_BUSY);
	while (!copied)
		loop_turn(loop, 50);
	assert_int_equal(copy_err, 0);
	run("cmp $D/lobby-0.2.0.raucb $D/state/update/stick.raucb && rm $D/state/update/stick.raucb");
	/* Another bundle of that name. */
	take_out();
	run("tools/stick $D/keys $D/made --update $D/lobby-0.2.0.raucb && head -c 5000000 /dev/urandom "
	    ">$D/lobby-0.2.0.raucb && "
	    "mcopy -o -i $D/made $D/lobby-0.2.0.raucb ::lobby/ && mv $D/made $D/stick");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	copied = false;
	assert_int_equal(stick_copy_update(&box, to, NULL, on_copied, &copied), 0);
	while (!copied)
		loop_turn(loop, 50);
	assert_int_equal(copy_err, LOBBY_ERR_CORRUPT);
	run("[ ! -e $D/state/update/stick.raucb ]");
	assert_int_equal(command(lobby_SystemDo_SYSTEM_INSTALL_STICK), LOBBY_ERR_CORRUPT);
	/* RAUC, which is no RAUC here, refuses what it is given: nothing of it stays, and lobby-sync's is not touched.
	 */
	run("echo offered >$D/state/update/00.raucb");
	put_in("--update $D/lobby-0.2.0.raucb");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_int_equal(command(lobby_SystemDo_SYSTEM_INSTALL_STICK), LOBBY_ERR_REFUSED);
	run("[ -z \"$(find $D/state -name 'stick*')\" ] && rm $D/state/update/00.raucb");
	take_out();
	assert_int_equal(command(lobby_SystemDo_SYSTEM_INSTALL_STICK), LOBBY_ERR_NOT_FOUND);
}

static uint64_t missing;

static void on_lift_line(void *owner, const char *line)
{
	uint64_t index, value;

	(void)owner;
	if (lift_parse(line, &index, &value) == LIFT_MISSING)
		missing = value;
}

static void on_lifted(void *owner, int status)
{
	*(int *)owner = status;
}

static int lift_to(const char *path, uint64_t reserve)
{
	struct lift lift = { .device = at(1, "stick") };
	struct worker worker = { 0 };
	int status = -2;

	snprintf(lift.file[0].path, sizeof(lift.file[0].path), "lobby/lobby-0.2.0.raucb");
	lift.file[0].max = 1 << 24;
	lift.file[0].reserve = reserve;
	lift.file[0].fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(lift.file[0].fd >= 0);
	missing = 0;
	assert_int_equal(worker_start(&worker, loop, PATIENCE_MS, lift_work, &lift, on_lift_line, on_lifted, &status),
			 0);
	while (status == -2)
		loop_turn(loop, 50);
	close(lift.file[0].fd);
	return status;
}

static void a_full_disk_is_no_bad_stick(void **state)
{
	struct statvfs fs;
	struct rlimit before, small;

	(void)state;
	put_in("--update $D/lobby-0.2.0.raucb");
	assert_true(until_stick(lobby_StickState_STICK_TRUSTED));
	assert_int_equal(statvfs(folder, &fs), 0);
	/* More must be left than there is: it is not begun. */
	assert_int_equal(lift_to(at(0, "copy"), ((uint64_t)fs.f_bavail + 1000000) * fs.f_frsize), 4);
	assert_true(missing > 500000 * (uint64_t)fs.f_frsize);
	run("[ ! -s $D/copy ]");
	assert_int_equal(lift_to(at(0, "copy"), 1), 0);
	assert_int_equal(missing, 0);
	run("cmp $D/copy $D/lobby-0.2.0.raucb && rm $D/copy");
	assert_int_equal(lift_to("/dev/full", 0), 4);
	/* And in words. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ 1000000, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(command(lobby_SystemDo_SYSTEM_INSTALL_STICK), LOBBY_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(answer.text, "The update could not be written to the disk.");
	run("[ -z \"$(find $D/state -name 'stick*')\" ]");
	take_out();
}

static void a_wipe_leaves_nothing(void **state)
{
	(void)state;
	run("echo secret >$D/state/sync/store && ls $D/state/system/set-up.json");
	assert_int_equal(command(lobby_SystemDo_SYSTEM_WIPE), 0);
	run("[ -z \"$(find $D/state -type f)\" ]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_stick_is_trusted),	   cmocka_unit_test(others_are_refused_in_words),
		cmocka_unit_test(a_file_provisions_the_kiosk),	   cmocka_unit_test(logs_come_out_sealed),
		cmocka_unit_test(the_firmware_knows_the_language), cmocka_unit_test(an_update_is_copied_and_compared),
		cmocka_unit_test(a_full_disk_is_no_bad_stick),	   cmocka_unit_test(a_wipe_leaves_nothing),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, setup, teardown);
}
