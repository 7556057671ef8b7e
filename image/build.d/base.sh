# The base: Debian's packages unpacked, without running any of their scripts, so that the same packages are always the same tree.
# Kept in the cache by the list of packages and what image/packages.lock pins; so a build that changes no package asks no mirror.

# base_sources: the Debian repositories of this machine, as apt's one-line sources
base_sources() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	apt-get indextargets --format "\$(ORIGIN) deb [signed-by=$keyring] \$(REPO_URI) \$(CODENAME) \$(COMPONENT)" 'Created-By: Packages' |
		sed -n 's/^Debian \(deb .* main\)$/\1/p' | sort -u
}

base_wanted() { grep -v '^#' image/packages | grep . | paste -sd ,; }

base_key() { cat image/packages $(compgen -G image/packages.lock) image/build.d/base.sh image/build.d/fetch | sha256sum | cut -c 1-16; }

# base_make: sets $base to the folder with tree/, kernel/ (the kernel's package unpacked) and packages (base_describe)
base_make() {
	base=$cache/base-$(base_key)
	[ -e "$base/packages" ] && return
	say "Unpacking Debian's packages"
	rm -rf "$cache"/base-* "$base.new"
	mkdir -p "$base.new" "$cache/debs"
	base_sources >"$base.new/sources" || true
	[ -s "$base.new/sources" ] || fail "apt on this machine knows no Debian repository"
	DEBS=$PWD/$cache/debs LIST=$PWD/$base.new/solution mmdebstrap --quiet --mode="$([ "$(id -u)" = 0 ] && echo root || echo unshare)" \
		--variant=extract --format=directory --include="$(base_wanted)" \
		--skip=download/empty,essential/unlink,cleanup/apt,cleanup/reproducible \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--setup-hook='mkdir -p "$1"/var/cache/apt/archives && find "$DEBS" -name "*.deb" -exec cp -t "$1"/var/cache/apt/archives {} +' \
		--extract-hook="$PWD/image/build.d/fetch" \
		"$(awk '{ print $4; exit }' <(grep -v -- '-security\|-updates' "$base.new/sources"))" \
		"$base.new/tree" - <"$base.new/sources" >"$base.new/log" 2>&1 ||
		fail "$(cat "$base.new/log")" "mmdebstrap could not unpack the packages"
	base_describe "$base.new"
	mkdir "$base.new/kernel"
	dpkg-deb --fsys-tarfile "$(find "$cache/debs" -name "$(awk '$1 ~ /^linux-image-/ { print $1 }' "$base.new/packages")_*" | sort | tail -n 1)" |
		tar -x -C "$base.new/kernel" ./boot ./lib/modules
	rm -rf "$base.new/tree/var/cache/apt" "$base.new/tree/var/lib/apt"
	mv "$base.new" "$base"
}

# base_describe FOLDER: writes FOLDER/packages, a line of tab-separated fields for each package: name, version, SHA-256, source package,
# homepage. FOLDER/solution has `name version` of what apt chose.
base_describe() {
	local name version deb
	while read -r name version; do
		deb=$(find "$cache/debs" -name "${name}_${version//:/%3a}_*.deb")
		[ -n "$deb" ] || fail "$name $version is not among what was downloaded"
		printf '%s\t%s\t%s\t%s\n' "$name" "$version" "$(sha256sum <"$deb" | cut -d ' ' -f 1)" \
			"$(dpkg-deb --show --showformat='${source:Package} ${source:Version}\t${Homepage}' "$deb")"
	done <"$1/solution" | LC_ALL=C sort >"$1/packages"
}

# base_compare: says when the mirror had other packages than image/packages.lock; under LOCKED=1 that ends the build.
base_compare() {
	local others
	others=$(cut -f 1-3 "$base/packages" | tr '\t' ' ' | LC_ALL=C comm -23 - <(grep -v '^#' image/packages.lock | LC_ALL=C sort) | wc -l)
	[ "$others" = 0 ] && return
	[ -z "${LOCKED:-}" ] || fail "$others packages are not those of image/packages.lock, and LOCKED=1 is set"
	say "$others packages are not those of image/packages.lock (image/build --lock takes them over)"
}

# base_lock: image/packages.lock of what is in the base. Its date is the time that everything in the image has, and the earliest that a
# kiosk with an empty clock starts with.
base_lock() {
	{
		echo "# name version SHA-256 of each package; written by \`image/build --lock\`. Date: $(date -u +%F)"
		cut -f 1-3 "$base/packages" | tr '\t' ' '
	} >image/packages.lock
	say "image/packages.lock: $(grep -vc '^#' image/packages.lock) packages"
}

base_date() { date -u -d "$(sed -n 's/^#.*Date: \([0-9-]*\)$/\1/p' image/packages.lock)" +%s; }
