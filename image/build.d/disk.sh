# The disk, as a sparse file: GPT with UUIDs that never change, an ESP of files in a fixed order, and the same root in both slots, which
# costs nothing once compressed (zstd --long). The state partition is not here: the kiosk makes it of what is left of its disk.

# The UUIDs of our disks; "lobby" in ASCII starts them. A stick's are others than a disk's, since both are there when it installs.
disk_id=6c6f6262-7900-4000-8000-0000000000d1
root_a_id=6c6f6262-7900-4000-8000-00000000000a
root_b_id=6c6f6262-7900-4000-8000-00000000000b
stick_id=6c6f6262-7900-4000-8000-0000000001d1
stick_root_id=6c6f6262-7900-4000-8000-00000000010a
esp_mib=64 slot_mib=160

# esp_make FILE: the ESP. Folder $out/esp is filled by esp_fill, which an installer's stick adds to.
esp_make() {
	local file=$1 mib=$2 f
	rm -f "$file"
	truncate -s "${mib}M" "$file"
	mkfs.vfat --invariant -F 32 -n LOBBY -i 6c6f6262 "$file" >/dev/null
	find "$out/esp" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
	(cd "$out/esp" && find . -mindepth 1 -type d -printf '%P\n' | LC_ALL=C sort) | while read -r f; do
		mmd -i "$file" "::/$f"
	done
	(cd "$out/esp" && find . -type f -printf '%P\n' | LC_ALL=C sort) | while read -r f; do
		mcopy -m -i "$file" "$out/esp/$f" "::/$f"
	done
}

# esp_fill: what every ESP of ours has
esp_fill() {
	local esp=$out/esp slot
	rm -rf "$esp"
	mkdir -p "$esp"/{EFI/BOOT,EFI/lobby,loader/entries,loader/keys/auto,lobby}
	efi_sign "$base/tree/usr/lib/systemd/boot/efi/systemd-bootx64.efi" "$esp/EFI/BOOT/BOOTX64.EFI"
	install -m 644 -t "$esp/loader/keys/auto" "$keys"/{PK,KEK,db}.auth
	printf 'timeout 0\neditor no\nauto-entries no\nauto-firmware no\nsecure-boot-enroll force\n' >"$esp/loader/loader.conf"
}

# esp_entry NAME EFI_FILE SORT_KEY TITLE
esp_entry() {
	printf 'title %s\nversion %s\nsort-key %s\nefi /EFI/lobby/%s\n' "$4" "$version" "$3" "$2" >"$out/esp/loader/entries/$1.conf"
}

esp_fill_kiosk() {
	cp "$out/kernel.efi" "$out/esp/EFI/lobby/a.efi"
	cp "$out/kernel.efi" "$out/esp/EFI/lobby/b.efi"
	cp "$out/refuse.efi" "$out/esp/EFI/lobby/refuse.efi"
	esp_entry lobby-a+3 a.efi 1 "Lobby (a)"
	esp_entry lobby-b+3 b.efi 2 "Lobby (b)"
	esp_entry lobby-refuse refuse.efi 9 "This kiosk cannot start"
}

# disk_make FILE: the kiosk's disk
disk_make() {
	say "Making the disk"
	esp_fill
	esp_fill_kiosk
	disk_table "$1" $disk_id "$slot_mib $root_a_id root-a" "$slot_mib $root_b_id root-b"
	disk_put "$out/root.img" "$1" $((1 + esp_mib))
	disk_put "$out/root.img" "$1" $((1 + esp_mib + slot_mib))
}

# disk_table FILE DISK_UUID "MIB UUID NAME"...: an empty disk with an ESP of what is in $out/esp, and these partitions
disk_table() {
	local file=$1 id=$2 at=$((1 + esp_mib)) part mib uuid name
	shift 2
	rm -f "$file"
	esp_make "$out/esp.fat" $esp_mib
	{
		printf 'label: gpt\nlabel-id: %s\n' "$id"
		# The ESP's own UUID is the disk's with another ending: a stick's must not be a disk's.
		echo "start=1MiB, size=${esp_mib}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=${id%??}e1, name=esp"
		for part; do
			read -r mib uuid name <<<"$part"
			echo "start=${at}MiB, size=${mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=$uuid, name=$name"
			at=$((at + mib))
		done
	} >"$out/table"
	truncate -s $((at + 1))M "$file"
	sfdisk --quiet "$file" <"$out/table"
	disk_put "$out/esp.fat" "$file" 1
	rm -rf "$out/esp" "$out/esp.fat" "$out/table"
}

# disk_put PART DISK MIB: copies, leaving zeros out
disk_put() { dd if="$1" of="$2" bs=1M seek="$3" conv=notrunc,sparse status=none; }

# stick_make FILE: a stick that writes the kiosk's disk. Its root is the kiosk's with /install in it, where the disk's image is beside what
# says that it is genuine: so it comes off the stick checked by dm-verity, and nothing of the stick need be mounted.
stick_make() {
	local file=$1 name=lobby-$version tree=$out/stick mib
	say "Making the installer's stick"
	rm -rf "$tree"
	mkdir -p "$tree/install"
	ln "$out/$name".img.{zst,json,json.sig} "$tree/install/"
	cp "$keys/release.crt" "$tree/install/"
	chmod 644 "$tree/install/"*
	head -c $((root_blocks * 4096)) "$out/root.img" >"$out/stick.img"
	mksquashfs "$tree" "$out/stick.img" -comp zstd -all-root -no-xattrs -quiet -no-progress -noD >/dev/null || fail "mksquashfs failed"
	root_verity "$out/stick.img"
	mib=$(($(stat -c %s "$out/stick.img") / 1048576 + 1))
	esp_fill
	uki_make "$out/esp/EFI/lobby/a.efi" "$out/initrd" "$(command_line) lobby.install $(root_arguments)"
	esp_entry lobby-a a.efi 1 "Lobby's installer"
	disk_table "$file" $stick_id "$mib $stick_root_id root-a"
	disk_put "$out/stick.img" "$file" $((1 + esp_mib))
	rm -rf "$tree" "$out/stick.img"
}
