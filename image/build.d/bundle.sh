# The update: a RAUC bundle in verity format, that is a squashfs, its hash tree, and the manifest signed as CMS with its length behind it.
# Made by hand as RAUC's documentation has it, since `rauc bundle` puts a random salt into each; `rauc info` judges it.

bundle_make() {
	local file=$1 tree=$out/bundle
	say "Making the update"
	rm -rf "$tree" "$file"
	mkdir -p "$tree"
	ln "$out/root.img" "$tree/root.img"
	ln "$out/kernel.efi" "$tree/kernel.efi"
	bundle_manifest "$tree/manifest.raucm"
	mksquashfs "$tree" "$file" -comp zstd -Xcompression-level 1 -b 64K -noappend -all-root -no-xattrs \
		-quiet -no-progress >/dev/null
	root_verity "$file"
	bundle_sign "$file" "$root_hash" "$root_salt" $(($(stat -c %s "$file") - root_blocks * 4096))
	rm -rf "$tree"
	rauc info --keyring="$keys/update.crt" "$file" >"$out/rauc.log" 2>&1 || fail "$(cat "$out/rauc.log")" "rauc does not take the bundle"
	rm "$out/rauc.log"
}

bundle_manifest() {
	cat >"$1" <<-MANIFEST
		[update]
		compatible=lobby-kiosk-x86_64
		version=$version
		build=$build

		[bundle]
		format=verity

		[image.rootfs]
		filename=root.img
		size=$(stat -c %s "$out/root.img")
		sha256=$(sha256sum <"$out/root.img" | cut -d ' ' -f 1)
	MANIFEST
}

# bundle_sign FILE HASH SALT TREE_SIZE: the manifest, with what opens the hash tree, signed and put behind it
bundle_sign() {
	local cms=$out/bundle/cms
	sed "s/^format=verity/&\nverity-hash=$2\nverity-salt=$3\nverity-size=$4/" "$out/bundle/manifest.raucm" >"$out/bundle/signed"
	at_our_time openssl cms -sign -binary -nodetach -nosmimecap -md sha256 -outform DER -signer "$keys/update.crt" \
		-inkey "$keys/update.key" -in "$out/bundle/signed" -out "$cms" || fail "openssl could not sign the bundle"
	cat "$cms" >>"$1"
	printf "$(printf '%016x' "$(stat -c %s "$cms")" | sed 's/../\\x&/g')" >>"$1"
}
