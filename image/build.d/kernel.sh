# The kernel and those of its modules that image/modules.allow names, out of Debian's package; and the initrd, which is init, its modules
# and the order they are loaded in.

# kernel_lines SECTION: what image/modules.allow has in it; kernel_names SECTION: its modules, one a line
kernel_lines() { sed -n "/^\[$1\]/,/^\[/p" image/modules.allow | grep -v '^[#[]' | grep . || true; }
kernel_names() { kernel_lines "$1" | tr ' ' '\n'; }

# kernel_closure VERSION TREE: for each name on standard input its file below TREE/lib/modules/VERSION after those that it needs, each once
kernel_closure() {
	awk -v dep="$2/lib/modules/$1/modules.dep" -v builtin="$2/lib/modules/$1/modules.builtin" '
		function plain(path) { sub(/.*\//, "", path); sub(/\.ko$/, "", path); gsub(/-/, "_", path); return path }
		function out(path) { if (!(path in done)) { done[path] = 1; print path } }
		BEGIN {
			while ((getline line < dep) > 0) {
				path = line; sub(/:.*/, "", path); sub(/^[^:]*: */, "", line)
				file[plain(path)] = path; needs[path] = line
			}
			while ((getline line < builtin) > 0) inside[plain(line)] = 1
		}
		{
			name = plain($1)
			if (name in inside) next
			if (!(name in file)) { print "image/modules.allow: the kernel has no module " $1 > "/dev/stderr"; exit 1 }
			n = split(needs[file[name]], list, " ") # modules.dep: what is needed first stands last
			for (i = n; i > 0; i--) out(list[i])
			out(file[name])
		}'
}

# kernel_make: sets $kernel to the folder with vmlinuz, version, root/lib/modules (for the root) and initrd/ (modules of the initrd)
kernel_make() {
	local version m tree first=(variables display disk more)
	kernel=$base/kernel-$(cat image/modules.allow image/build.d/kernel.sh | sha256sum | cut -c 1-16)
	[ -e "$kernel/version" ] && return
	say "Choosing the kernel's modules"
	tree=$base/kernel
	rm -rf "$base"/kernel-*
	mkdir -p "$kernel"
	version=$(basename "$tree"/lib/modules/*)
	[ -e "$tree/lib/modules/$version/modules.dep" ] || depmod -b "$PWD/$tree" "$version"
	cp "$tree/boot/vmlinuz-$version" "$kernel/vmlinuz"
	for m in "${first[@]}"; do kernel_names "$m"; done | kernel_closure "$version" "$tree" >"$kernel/first"
	for m in disk more root; do kernel_names "$m"; done | kernel_closure "$version" "$tree" >"$kernel/all"
	while read -r m; do
		install -D -m 644 "$tree/lib/modules/$version/$m" "$kernel/root/usr/lib/modules/$version/$m"
	done <"$kernel/all"
	cp "$tree/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$kernel/root/usr/lib/modules/$version/"
	ln -s usr/lib "$kernel/root/lib"
	depmod -b "$PWD/$kernel/root" "$version"
	while read -r m; do
		install -D -m 644 "$tree/lib/modules/$version/$m" "$kernel/initrd/lib/modules/$version/$m"
	done <"$kernel/first"
	kernel_list "$version" "$tree" >"$kernel/initrd/modules"
	echo "$version" >"$kernel/version"
}

# kernel_list VERSION TREE: init's list of modules (image/README.md, "Names on the disk"): for each line of the sections in $first the
# aliases of its first module on buses that are there when init looks, or "-", and then the files of all and of what they need
kernel_list() {
	local section names
	for section in "${first[@]}"; do
		echo "[$section]"
		while read -r names; do
			awk -v name="${names%% *}" '
				function plain(text) { gsub(/-/, "_", text); return text }
				$1 == "alias" && plain($3) == plain(name) && $2 ~ /^(pci|virtio|acpi\*?):/ { print $2; found = 1 }
				END { if (!found) print "-" }' "$2/lib/modules/$1/modules.alias"
			tr ' ' '\n' <<<"$names" | kernel_closure "$1" "$2" | sed "s,^,/lib/modules/$1/,"
		done < <(kernel_lines "$section")
	done
}

# initrd_make FILE: the initrd
initrd_make() {
	local tree=$out/tree.initrd
	rm -rf "$tree"
	cp -a "$kernel/initrd" "$tree"
	mkdir -p "$tree"/{dev,proc,sys,run,root}
	strip -o "$tree/init" "$init"
	chmod 755 "$tree/init"
	find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	(cd "$tree" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | cpio --quiet --reproducible --owner 0:0 -o -H newc) |
		zstd -q -12 -T1 >"$1"
	rm -rf "$tree"
}

# uki_make FILE INITRD COMMAND_LINE: kernel, initrd and command line on systemd-boot's stub as one signed EFI program
uki_make() {
	local file=$1 stub=$base/tree/usr/lib/systemd/boot/efi/linuxx64.efi.stub parts=$out/uki pe
	mkdir -p "$parts"
	printf 'ID=lobby\nNAME=Lobby\nVERSION_ID=%s\nPRETTY_NAME="Lobby %s"\n' "$version" "$version" >"$parts/osrel"
	printf '%s' "$3" >"$parts/cmdline"
	objcopy --add-section .osrel="$parts/osrel" --change-section-vma .osrel=0x20000 \
		--add-section .cmdline="$parts/cmdline" --change-section-vma .cmdline=0x30000 \
		--add-section .linux="$kernel/vmlinuz" --change-section-vma .linux=0x2000000 \
		--add-section .initrd="$2" --change-section-vma .initrd=0x4000000 "$stub" "$file.unsigned"
	# objcopy writes the time of day into the header; sbsign makes the checksum new.
	pe=$(od -A n -t u4 -j 60 -N 4 "$file.unsigned")
	printf '\0\0\0\0' | dd of="$file.unsigned" bs=1 seek=$((pe + 8)) conv=notrunc status=none
	efi_sign "$file.unsigned" "$file"
	rm -rf "$parts" "$file.unsigned"
}

# efi_sign FROM TO: signed for Secure Boot. The signature holds a time, which is ours and not today's.
efi_sign() {
	at_our_time sbsign --key "$keys/db.key" --cert "$keys/db.crt" --output "$2" "$1" 2>/dev/null || fail "sbsign could not sign $1"
}
