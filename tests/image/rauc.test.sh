#!/usr/bin/env bash
# The real RAUC with the appliance's own settings (image/root/etc/rauc/system.conf) and lobby-system as its boot loader backend: its service on
# a message bus of its own, bundles signed here, boot entries in a folder. What is not done here is to install a good bundle, which
# mounts it: that is done in the virtual machine.
set -u
cd "$(dirname "$0")/../.."
passed=0 failed=0
build=${LOBBY_BUILD:-$PWD/build/san}
box=$(mktemp -d)
pids=()
cleanup() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$box"
}
trap cleanup EXIT

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)) && echo "FAILED: $*"; }
# says WHAT WANTED COMMAND...: the command's output (both streams) has the wanted words in it
says() {
	local what=$1 wanted=$2 said
	shift 2
	said=$("$@" 2>&1)
	if grep -qF -- "$wanted" <<<"$said"; then ok; else bad "$what: wanted \"$wanted\", got: $said"; fi
}
there() { if [ -e "$box/esp/loader/entries/$1" ]; then ok; else bad "no $1: $(ls "$box/esp/loader/entries")"; fi; }

make_key() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$1" \
		-keyout "$box/$1.key" -out "$box/$1.crt" 2>/dev/null
}
# make_bundle FILE KEY VERSION COMPATIBLE
make_bundle() {
	rm -rf "$box/content" && mkdir "$box/content"
	head -c 102400 /dev/urandom >"$box/content/root.img"
	(printf MZ && head -c 100000 /dev/zero) >"$box/content/kernel.efi"
	printf '[update]\ncompatible=%s\nversion=%s\n[bundle]\nformat=verity\n[image.rootfs]\nfilename=root.img\n' "$4" "$3" \
		>"$box/content/manifest.raucm"
	rauc bundle --cert="$box/$2.crt" --key="$box/$2.key" "$box/content" "$box/state/update/$1" >"$box/bundle.log" 2>&1 ||
		bad "bundle $1: $(cat "$box/bundle.log")"
}
make_entry() {
	printf 'title Lobby 0.1.0 (%s)\nversion 0.1.0\nsort-key %s\nefi /EFI/lobby/%s.efi\n' "$1" "$2" "$1" \
		>"$box/esp/loader/entries/lobby-$1+3.conf"
}
make_link() {
	printf '#!/bin/sh\nexec %s/lobby-system --esp=%s/esp --release=%s/release --boot=%s/boot %s "$@"\n' \
		"$build" "$box" "$box" "$box" "$1" >"$box/$1"
	chmod +x "$box/$1"
}

make_box() {
	mkdir -p "$box/esp/loader/entries" "$box/esp/EFI/lobby" "$box/state/update" "$box/state/system" "$box/mnt" "$box/run"
	make_entry a 1
	make_entry b 2
	printf 'VERSION=0.1.0\nMIN_VERSION=0.1.0\n' >"$box/release"
	printf 'SLOT=a\nESP=/dev/null\n' >"$box/boot"
	truncate -s 1M "$box/root-a" "$box/root-b"
	make_link boot-backend && make_link pre-install && make_link post-install
	make_key update && make_key foreign
	sed -e "s|/etc/rauc/keyring.pem|$box/update.crt|; s|/usr/lib/lobby/|$box/|; s|/dev/disk/by-partlabel/|$box/|" \
		-e "s|/run/rauc|$box/mnt|; s|/var/lib/lobby/|$box/state/|" image/root/etc/rauc/system.conf >"$box/system.conf"
	printf '#!/bin/sh\nexec rauc -c %s/system.conf "$@"\n' "$box" >"$box/rauc"
	chmod +x "$box/rauc"
}

start_bus() {
	cat >"$box/bus.conf" <<-XML
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig><type>session</type><listen>unix:path=$box/bus</listen>
		<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
	XML
	dbus-daemon --config-file="$box/bus.conf" --nofork --nopidfile 2>"$box/bus.log" &
	pids+=($!)
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$box/bus DBUS_SESSION_BUS_ADDRESS=unix:path=$box/bus DBUS_STARTER_BUS_TYPE=session
	until_true [ -S "$box/bus" ]
	rauc -c "$box/system.conf" --override-boot-slot=a service >"$box/service.log" 2>&1 &
	pids+=($!)
	until_true "$box/rauc" status
}
until_true() {
	for _ in $(seq 200); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	bad "never: $*: $(cat "$box/bus.log" "$box/service.log" 2>/dev/null)"
}

make_box
make_bundle good.raucb update 0.2.0 lobby-kiosk-x86_64
make_bundle foreign.raucb foreign 0.2.0 lobby-kiosk-x86_64
make_bundle old.raucb update 0.0.9 lobby-kiosk-x86_64
make_bundle toaster.raucb update 0.2.0 toaster
head -c 100000 /dev/zero >"$box/state/update/zeros.raucb"
head -c 50000 "$box/state/update/good.raucb" >"$box/state/update/cut.raucb"
start_bus

# The backend, through RAUC.
says "the running slot" "RAUC_SYSTEM_BOOTED_BOOTNAME='a'" "$box/rauc" status --output-format=shell
says "the first choice" "RAUC_BOOT_PRIMARY='rootfs.0'" "$box/rauc" status --output-format=shell
says "marking bad" "marked slot rootfs.1 as bad" "$box/rauc" status mark-bad other
there lobby-b+0.conf
says "its state" "RAUC_SLOT_BOOT_STATUS_1='bad'" "$box/rauc" status --output-format=shell
says "the last one" "Failed marking" "$box/rauc" status mark-bad booted
there lobby-a+3.conf
says "the first choice again" "activated slot rootfs.1" "$box/rauc" status mark-active other
there lobby-b+3.conf
says "it is the other one" "RAUC_BOOT_PRIMARY='rootfs.1'" "$box/rauc" status --output-format=shell
says "marking good" "marked slot rootfs.0 as good" "$box/rauc" status mark-good booted
says "it stays" "RAUC_BOOT_PRIMARY='rootfs.1'" "$box/rauc" status --output-format=shell
says "back" "activated slot rootfs.0" "$box/rauc" status mark-active booted

# How RAUC speaks of an installation that fails, as lobby-system reads it.
says "progress" " 20% Determining slot states done." "$box/rauc" install "$box/state/update/zeros.raucb"
says "its reason" "LastError: Invalid bundle format" "$box/rauc" install "$box/state/update/zeros.raucb"
says "a foreign one" "LastError: signature verification failed" "$box/rauc" install "$box/state/update/foreign.raucb"

# The same bundles through lobby-system.
export LOBBY_RUN=$box/run
"$build/lobby-system" --esp="$box/esp" --state="$box/state" --release="$box/release" --boot="$box/boot" --rauc="$box/rauc" \
	--power=/bin/false 2>"$box/system.log" &
pids+=($!)
until_true [ -S "$box/run/system.sock" ]
other_is_seen() { "$build/lobbyctl" system | grep -q "other slot has"; }
until_true other_is_seen
says "foreign" "The update is not signed with this clinic's key." "$build/lobbyctl" system install foreign.raucb
says "zeros" "The file is damaged or no update." "$build/lobbyctl" system install zeros.raucb
says "cut" "The file is damaged or no update." "$build/lobbyctl" system install cut.raucb
says "old" "Version 0.0.9 is too old: no version before 0.1.0 may follow this one." "$build/lobbyctl" system install old.raucb
says "another machine's" "The update is for another kind of machine." "$build/lobbyctl" system install toaster.raucb
says "not there" "The update's file is not there." "$build/lobbyctl" system install nothing.raucb
says "good" "It waits until version 0.1.0, which runs now, is known to be good." "$build/lobbyctl" system install good.raucb
says "it waits" "0.2.0: waits until" "$build/lobbyctl" system
there lobby-b+3.conf

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
