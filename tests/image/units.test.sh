#!/usr/bin/env bash
# The overlay of the appliance's root (image/root), judged by systemd's own tools without booting it: units that load, a
# sandbox that scores, users with the numbers that the units name, and nothing that logs in, listens or opens a shell.
# The root under test is the overlay over the units of Debian's systemd, with the programs that `make` built.
set -u
cd "$(dirname "$0")/../.."
passed=0 failed=0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
units=$root/usr/lib/systemd/system
ours=(kiosk devices sync system time journal)

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }
# check WHAT COMMAND...: the command succeeds
check() {
	local what=$1
	shift
	if "$@" >"$root/.said" 2>&1; then ok; else bad "$what: $(head -n 5 "$root/.said")"; fi
}
# value UNIT KEY: what the unit's file and its drop-ins say last
value() { cat "$units/$1" "$units/$1.d/"*.conf 2>/dev/null | sed -n "s/^$2=//p" | tail -n 1; }

make_root() {
	local f
	mkdir -p "$units" "$root/usr/"{bin,sbin,lib/sysusers.d,lib/tmpfiles.d,lib/systemd/system-generators} "$root/etc"
	ln -s usr/bin "$root/bin" && ln -s usr/sbin "$root/sbin" && ln -s usr/lib "$root/lib" && ln -s usr/lib64 "$root/lib64"
	while read -r f; do
		[ -f "$f" ] && cp -aP "$f" "$units/"
	done < <(dpkg -L systemd | grep -E '^(/usr)?/lib/systemd/system/[^/]+\.[a-z]+$')
	for f in $(dpkg -L systemd | grep -E '^(/usr)?/lib/systemd/system/[^/]+\.(wants|requires)$'); do
		mkdir -p "$units/${f##*/}" && cp -aP "$f/." "$units/${f##*/}/"
	done
	cp -a image/root/. "$root/"
	for f in kiosk devices sync system; do cp "build/release/lobby-$f" "$root/usr/bin/"; done
	for f in mountpoint journalctl systemctl; do cp "$(command -v $f)" "$root/usr/bin/"; done
}

units_load() {
	# chronyd, wpa_supplicant and rauc are the image's, not this machine's: they are looked for when the image is built.
	systemd-analyze verify --root="$root" --man=no lobby.target emergency.target rescue.target lobby-kiosk.service lobby-devices.service \
		lobby-sync.service lobby-system.service lobby-journal.service lobby-time-renew.service lobby-trouble.service lobby-wireless@wlan0.service var.mount tmp.mount 2>&1 |
		grep -vE 'chronyd|wpa_supplicant' >"$root/.verify"
	check "systemd loads our units without a word" test ! -s "$root/.verify"
	cat "$root/.verify"
	check "the default target is lobby.target" test "$(readlink "$root/etc/systemd/system/default.target")" = /usr/lib/systemd/system/lobby.target
}

# exposure UNIT TENTHS
exposure() { systemd-analyze security --offline=true --root="$root" --threshold="$2" --no-pager "$1" | tail -n 1; [ "${PIPESTATUS[0]}" = 0 ]; }

sandboxes_score() {
	check "lobby-kiosk exposes little" exposure lobby-kiosk.service 15
	check "lobby-devices exposes little" exposure lobby-devices.service 15
	check "lobby-sync exposes little" exposure lobby-sync.service 15
	check "lobby-journal exposes little" exposure lobby-journal.service 15
	check "lobby-time exposes little" exposure lobby-time.service 22
	check "lobby-wireless exposes little" exposure lobby-wireless@wlan0.service 18
	check "lobby-system exposes what it must" exposure lobby-system.service 51
}

each_program_is_confined() {
	local p unit
	for p in kiosk devices sync; do
		unit=lobby-$p.service
		check "$p: no capability" test -z "$(value $unit CapabilityBoundingSet)"
		check "$p: read-only" test "$(value $unit ProtectSystem)" = strict
		check "$p: of its own user" test "$(value $unit User)" = "lobby-$p"
		check "$p: only its devices" test "$(value $unit DevicePolicy)" = closed
		check "$p: its own network, or a word why not" grep -qE '^PrivateNetwork=yes|^# No PrivateNetwork: ' "$units/$unit"
		check "$p: no shell could be run" test "$(value $unit NoExecPaths)" = /
	done
	for p in kiosk devices; do
		check "$p: no IP" test "$(value "lobby-$p.service" RestrictAddressFamilies)/$(value "lobby-$p.service" IPAddressDeny)" = "AF_UNIX AF_NETLINK/any"
	done
	check "kiosk: no USB" test -z "$(grep -l '^DeviceAllow=.*usb' "$units/lobby-kiosk.service")"
	check "devices: USB and nothing else" test "$(grep '^DeviceAllow=' "$units/lobby-devices.service")" = "DeviceAllow=char-usb_device rw"
	check "sync: no device" test -z "$(grep '^DeviceAllow=' "$units/lobby-sync.service")"
	check "system: no screen, no USB" test -z "$(grep -E '^DeviceAllow=.*(usb|drm|input)' "$units/lobby-system.service")"
}

each_program_comes_back() {
	local p unit
	for p in kiosk devices sync system; do
		unit=lobby-$p.service
		check "$p: is restarted" test "$(value $unit Restart)" = always
		check "$p: is never given up" test "$(value $unit StartLimitIntervalSec)" = 0
		check "$p: has its memory bounded" test -n "$(value $unit MemoryMax)"
		check "$p: dumps no memory" test "$(value $unit LimitCORE)" = 0
		check "$p: is watched, and wakes seldom for it" test "$(value $unit WatchdogSec)" -ge 180
		check "$p: says when it is up" test "$(value $unit Type)" = notify
	done
	check "the kiosk waits for nothing" test -z "$(value lobby-kiosk.service After)$(value lobby-kiosk.service Requires)"
	check "visits wait for the disk" grep -q '^ExecStartPre=.*mountpoint .*/var/lib/lobby$' "$units/lobby-sync.service"
}

wireless_is_confined() {
	local unit=lobby-wireless@.service
	check "wireless: no root" test "$(value $unit User)" = lobby-wireless
	check "wireless: drives links and sees frames, no more" test "$(value $unit CapabilityBoundingSet)" = "CAP_NET_ADMIN CAP_NET_RAW"
	check "wireless: no IP" test "$(value $unit IPAddressDeny)" = any
	check "wireless: no device" test "$(value $unit DevicePolicy)/$(value $unit PrivateDevices)/$(grep -c '^DeviceAllow=' "$units/$unit")" = closed/yes/0
	check "wireless: read-only" test "$(value $unit ProtectSystem)" = strict
	check "wireless: its socket is behind a folder of its own" test "$(value $unit RuntimeDirectory)/$(value $unit RuntimeDirectoryMode)" = lobby-wireless/%i/0700
	check "wireless: where lobby-system looks for it" grep -q '"/run/lobby-wireless/%s/%s"' src/system/wpa.c
	check "wireless: reads what lobby-system writes, as a credential" grep -qx 'LoadCredential=settings:/run/lobby-wireless-%i.conf' "$units/$unit"
	check "wireless: comes back" test "$(value $unit Restart)" = always
	check "wireless: starts with its link and goes with it" test "$(value $unit BindsTo)" = sys-subsystem-net-devices-%i.device
	check "wireless: not by itself" test -z "$(grep -rl 'lobby-wireless@' "$units"/*.target "$units"/*.wants "$root/etc/systemd" 2>/dev/null)"
	check "wireless: not by D-Bus" grep -q 'fi\.w1' image/strip
}

nothing_logs_in_or_opens_a_shell() {
	local u
	for u in getty@tty1.service serial-getty@ttyS0.service console-getty.service debug-shell.service emergency.service rescue.service \
		ctrl-alt-del.target systemd-logind.service user@0.service systemd-firstboot.service systemd-ask-password-console.service; do
		check "$u is masked" test "$(systemctl --root="$root" is-enabled "$u" 2>&1)" = masked
	done
	for u in getty debug run fstab gpt-auto rc-local sysv; do
		check "the $u generator is off" test "$(readlink "$root/etc/systemd/system-generators/systemd-$u-generator")" = /dev/null
	done
	check "no unit of ours has a shell" test -z "$(grep -rlE '(^|[/ ])(ba|da|z)?sh( |$)|sulogin|agetty' "$units"/lobby* "$root/etc/systemd")"
	check "trouble starts the machine again" test "$(value lobby-trouble.service SuccessAction)" = reboot-force
	check "no swap, no core dumps" test -z "$(grep -rl '\.swap' "$units"/lobby*; find "$root" -name '*.swap' -o -name 'systemd-coredump*')"
}

nothing_listens() {
	local f name
	while read -r f; do
		name=${f##*/}
		[ "$(readlink "$root/etc/systemd/system/$name")" != /dev/null ] || continue
		check "$name listens on no network" test -z "$(grep -E '^Listen(Stream|Datagram|SequentialPacket)=' "$f" | grep -vE '=(/|@|%t/|$)')"
	done < <(find "$units" -maxdepth 1 -name '*.socket')
	check "the time service answers nobody" test "$(grep -cE '^(port|cmdport) 0$|^bindcmdaddress /$' image/root/usr/lib/lobby/chrony.conf)" = 3
	check "no host of ours gives the time" test -z "$(grep -rE '^(server|pool|peer) |^(Fallback)?NTP=.' image/root)"
	check "the resolver listens on nothing" test "$(grep -cE '^(DNSStubListener|LLMNR|MulticastDNS)=no$' "$root/usr/lib/systemd/resolved.conf.d/lobby.conf")" = 3
}

users_have_their_numbers() {
	local p own uid
	check "systemd makes the users" systemd-sysusers --root="$root" "$root/usr/lib/sysusers.d/lobby.conf"
	check "and complains of nothing" test -z "$(grep -v '^Creating' "$root/.said")"
	for p in kiosk:801 devices:802 sync:803 time:804 wireless:805; do
		check "lobby-$p" grep -q "^lobby-${p%:*}:[^:]*:${p#*:}:${p#*:}:.*/nologin$" "$root/etc/passwd"
	done
	for p in kiosk devices sync system; do
		own=$(sed -n "s/^lobby-$p:[^:]*:\([0-9]*\):.*/\1/p" "$root/etc/passwd")
		for uid in 801 802 803; do
			[ "$uid" = "${own:-0}" ] || check "$p speaks with $uid" grep -qE "LOBBY_PEER_UIDS=([0-9]+,)*$uid(,|$)" "$units/lobby-$p.service"
		done
		check "$p's sockets are the group's" test "$(value "lobby-$p.service" Group)" = lobby
	done
}

run_folders() {
	[ "$(id -u)" = 0 ] || return 0 # only root gives folders away
	mkdir -p "$root/run" "$root/var"
	check "systemd makes the folders" systemd-tmpfiles --root="$root" --create "$root/usr/lib/tmpfiles.d/lobby.conf"
	check "sockets: the group's, and sticky" test "$(stat -c %a:%u:%g "$root/run/lobby")" = 1770:0:800
	check "the journal waits for the disk" test "$(readlink "$root/var/log/journal")" = /var/lib/lobby/journal
	check "nobody else writes to the state" test "$(stat -c %a:%u "$root/var/lib/lobby")" = 755:0
}

# What udev, systemd and the kernel call by name, so that nothing notices when it is not on the image before a kiosk starts without it.
the_image_has_what_is_called() {
	local p
	for p in mountpoint journalctl systemctl chronyd rauc dmsetup dbus-daemon espeak-ng kmod modprobe wpa_supplicant; do
		check "the image has the program $p" grep -qx "$p" image/programs
	done
	for p in dm_crypt ext4 xts ecb crc32c_generic loop ath9k iwlmvm ccm ctr cmac; do
		check "the image has the module $p" grep -qxE "$p" image/modules.allow
	done
}

rules_hold_together() {
	local rules=$root/usr/lib/udev/rules.d/85-lobby.rules
	check "every label is there" test -z "$(comm -23 <(grep -oE 'GOTO="[a-z_]+' $rules | cut -d '"' -f 2 | sort -u) <(grep -oE '^LABEL="[a-z_]+' $rules | cut -d '"' -f 2 | sort -u))"
	check "Wi-Fi is not left switched off in software" grep -qx 'ACTION=="add", SUBSYSTEM=="rfkill", ATTR{type}=="wlan", ATTR{soft}="0"' $rules
	check "the printer is not the kernel's" grep -qx 'install usblp /bin/false' "$root/usr/lib/modprobe.d/lobby.conf"
}

for p in kiosk devices sync system; do
	[ -x "build/release/lobby-$p" ] || { echo "no build/release/lobby-$p: make programs"; echo "0 passed, 1 failed"; exit 1; }
done
make_root
units_load
sandboxes_score
each_program_is_confined
each_program_comes_back
wireless_is_confined
nothing_logs_in_or_opens_a_shell
nothing_listens
users_have_their_numbers
run_folders
the_image_has_what_is_called
rules_hold_together
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
