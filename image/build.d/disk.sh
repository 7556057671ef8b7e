# The disk, as a sparse file: GPT with UUIDs that never change, an ESP of files in a fixed order, and the same root in both slots, which
# costs nothing once compressed (zstd --long). The state partition is not here: the kiosk makes it of what is left of its disk.

# Partition type and own UUIDs. The second ones are ours; "lobby" in ASCII starts them.
disk_id=6c6f6262-7900-4000-8000-0000000000d1
esp_id=6c6f6262-7900-4000-8000-0000000000e1
root_a_id=6c6f6262-7900-4000-8000-00000000000a
root_b_id=6c6f6262-7900-4000-8000-00000000000b
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
	local file=$1 at=1
	say "Making the disk"
	rm -f "$file"
	truncate -s $((1 + esp_mib + 2 * slot_mib + 1))M "$file"
	sfdisk --quiet "$file" <<-TABLE
		label: gpt
		label-id: $disk_id
		start=${at}MiB, size=${esp_mib}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=$esp_id, name=esp
		start=$((at + esp_mib))MiB, size=${slot_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=$root_a_id, name=root-a
		start=$((at + esp_mib + slot_mib))MiB, size=${slot_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=$root_b_id, name=root-b
	TABLE
	esp_fill
	esp_fill_kiosk
	esp_make "$out/esp.fat" $esp_mib
	disk_put "$out/esp.fat" "$file" $at
	disk_put "$out/root.img" "$file" $((at + esp_mib))
	disk_put "$out/root.img" "$file" $((at + esp_mib + slot_mib))
	rm -rf "$out/esp" "$out/esp.fat"
}

# disk_put PART DISK MIB: copies, leaving zeros out
disk_put() { dd if="$1" of="$2" bs=1M seek="$3" conv=notrunc,sparse status=none; }
