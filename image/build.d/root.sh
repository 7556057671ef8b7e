# The root: the base without what image/strip names and all programs but those of image/programs, without libraries that nothing is
# linked with, and with our programs, their files and the overlay image/root/. Last of all it loses whatever could be a shell.

# root_make TREE: makes the folder
root_make() {
	local tree=$1
	say "Putting the root together"
	rm -rf "$tree"
	mkdir -p "$tree"
	root_copy_base "$tree"
	root_add_fonts "$tree"
	root_add_ours "$tree"
	cp -a "$kernel/root/usr" "$tree/"
	cp -a image/root/. "$tree/"
	root_settle "$tree"
	[ -z "${IMAGE_EXTRA:-}" ] || cp -a "$IMAGE_EXTRA/." "$tree/"
	root_drop_libraries "$tree"
	root_lock "$tree"
	root_check "$tree"
	root_first "$tree"
	rm -f "$tree"/usr/share/lobby/.gitkeep
}

# root_copy_base TREE: the base without what is stripped
root_copy_base() {
	local tree=$1 patterns programs
	patterns=$(grep -v '^#' image/strip | tr -s ' \t' '\n\n' | grep . | sed 's|^|./|')
	tar -c -C "$base/tree" --anchored --wildcards --no-wildcards-match-slash --exclude-from <(echo "$patterns") . | tar -x -C "$tree"
	programs=$(grep -v '^#' image/programs | grep .)
	find "$tree/usr/bin" "$tree/usr/sbin" -mindepth 1 -maxdepth 1 -printf '%f\t%p\n' |
		awk -F '\t' 'NR == FNR { keep[$1] = 1; next } !($1 in keep) { print $2 }' <(echo "$programs") - | xargs rm -rf
	find "$tree/etc" -mindepth 1 -maxdepth 1 -printf '%f\n' |
		grep -vxE 'dbus-1|debian_version|host.conf|ld.so.conf.d|mke2fs.conf|modprobe.d|os-release|ssl|systemd|udev|fonts' |
		sed "s|^|$tree/etc/|" | xargs rm -rf
	rm -rf "$tree"/usr/lib/systemd/system-generators/* "$tree"/etc/ssl/private
	root_choose_voices "$tree"
	mkdir -p "$tree"/{dev,proc,sys,run,tmp,var,mnt,root} "$tree/etc/ssl/certs"
	cat "$base"/tree/usr/share/ca-certificates/mozilla/*.crt >"$tree/etc/ssl/certs/ca-certificates.crt"
}

# Speech speaks the screens' language: English and those that there are translations for.
root_choose_voices() {
	local data=$1/usr/lib/x86_64-linux-gnu/espeak-ng-data keep=en language
	for language in assets/locale/*.po; do
		language=$(basename "$language" .po)
		[ "${language%%_*}" != zh ] || language=cmn # espeak-ng's name for Mandarin
		keep+="|${language%%_*}"
	done
	find "$data" -name '*_dict' -printf '%f\n' | grep -vE "^($keep)_dict$" | sed "s|^|$data/|" | xargs rm -f
}

# The fonts of each part; fonts.c looks for these names.
root_add_fonts() {
	local tree=$1 from=$base/tree/usr/share/fonts part
	for part in $PARTS; do
		case $part in
		latin)
			install -D -m 644 -t "$tree/usr/share/fonts/opentype/inter" "$from"/opentype/inter/Inter-{Regular,Medium,SemiBold,Bold}.otf
			[ ! -e "$from/opentype/inter/InterDisplay-Bold.otf" ] ||
				install -m 644 -t "$tree/usr/share/fonts/opentype/inter" "$from/opentype/inter/InterDisplay-Bold.otf"
			install -D -m 644 -t "$tree/usr/share/fonts/truetype/dejavu" "$from"/truetype/dejavu/DejaVuSans{,-Bold}.ttf
			;;
		arabic) install -D -m 644 -t "$tree/usr/share/fonts/truetype/noto" "$from"/truetype/noto/NotoSansArabic-{Regular,Bold}.ttf ;;
		cjk) install -D -m 644 -t "$tree/usr/share/fonts/opentype/noto" "$from"/opentype/noto/NotoSansCJK-{Regular,Bold}.ttc ;;
		*) fail "PARTS: there is no part \"$part\" (latin, arabic, cjk)" ;;
		esac
	done
}

# Our programs, what they read, and what they know about this image.
root_add_ours() {
	local tree=$1 share=$1/usr/share/lobby p
	mkdir -p "$share/keys" "$tree/usr/lib/lobby" "$tree/etc/rauc" "$tree/usr/bin"
	for p in lobby-kiosk lobby-devices lobby-sync lobby-system lobbyctl lobby-flash; do
		[ -e "$programs/$p" ] || { say "There is no $p yet"; continue; }
		strip -o "$tree/usr/bin/$p" "$programs/$p"
		chmod 755 "$tree/usr/bin/$p"
	done
	cp -r assets/icons "$share/"
	[ ! -d assets/forms ] || cp -r assets/forms "$share/"
	[ ! -d assets/themes ] || cp -r assets/themes "$share/"
	cp -r "$programs/locale" "$share/"
	install -m 644 -t "$share/keys" "$keys"/{stick,support}.pub
	install -m 644 "$keys/release.crt" "$share/keys/release.crt"
	install -m 644 "$keys/update.crt" "$tree/etc/rauc/keyring.pem"
	printf 'VERSION=%s\nMIN_VERSION=%s\nKEYS=%s\n' "$version" "$min_version" "$(cat "$keys/kind")" >"$tree/usr/lib/lobby/release"
	[ ! -e "$tree/usr/bin/lobby-system" ] || ln -sf ../../bin/lobby-system "$tree/usr/lib/lobby/boot-backend"
}

# What Debian's packages would have set up when installed: users, the names of things, the linker's cache. Which units start is for
# image/root/ to say.
root_settle() {
	local tree=$1
	printf 'root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$tree/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/etc/group"
	systemd-sysusers --root="$PWD/$tree" 2>"$out/sysusers.log" || fail "$(cat "$out/sysusers.log")" "systemd-sysusers could not make the users"
	rm -f "$tree"/etc/{shadow,gshadow}* "$tree"/etc/{passwd,group}- "$tree"/etc/.*.lock
	sed -i 's/^\([^:]*\):[^:]*:/\1:*:/' "$tree/etc/passwd"
	[ -e "$tree/etc/hostname" ] || echo lobby >"$tree/etc/hostname"
	[ -e "$tree/etc/machine-id" ] || : >"$tree/etc/machine-id"
	[ -e "$tree/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost\n' >"$tree/etc/hosts"
	[ -e "$tree/etc/nsswitch.conf" ] || printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$tree/etc/nsswitch.conf"
	ln -sfn ../proc/self/mounts "$tree/etc/mtab"
	ln -sfn /usr/share/zoneinfo/UTC "$tree/etc/localtime"
	: >"$tree/usr/lib/clock-epoch"
	sed -i "s/^PRETTY_NAME=.*/PRETTY_NAME=\"Lobby $version\"/" "$tree/usr/lib/os-release"
	printf 'IMAGE_ID=lobby-kiosk\nIMAGE_VERSION=%s\n' "$version" >>"$tree/usr/lib/os-release"
}

# root_elf TREE: each program and library as `path<TAB>soname<TAB>needed needed...`
root_elf() {
	find "$1/usr/bin" "$1/usr/sbin" "$1/usr/lib" -type f \( -perm /111 -o -name '*.so*' \) -not -path '*/modules/*' -print0 |
		{ xargs -0 objdump -p 2>/dev/null || true; } | awk '
			function flush() { if (path != "") print path "\t" name "\t" needed }
			/: +file format elf/ { flush(); path = $1; sub(/:$/, "", path); name = needed = "" }
			$1 == "NEEDED" { needed = needed " " $2 }
			$1 == "SONAME" { name = $2 }
			END { flush() }'
}

# Libraries that no program is linked with go. Some are loaded by name; those stay: name services, TPM, systemd's and cryptsetup's own.
root_drop_libraries() {
	local tree=$1
	root_elf "$tree" | awk -F '\t' -v loaded='^(libnss_(files|dns)|libtss2-(esys|mu|rc|sys|tcti-device)|libgcc_s|libcryptsetup|libkmod|libblkid|libfdisk|libseccomp)\\.so' '
		{
			path[NR] = $1; needed[NR] = $3; base = $1; sub(/.*\//, "", base)
			name = $2 == "" ? base : $2
			if (!(name in of)) of[name] = NR
			library = $1 ~ /\/lib\/(x86_64-linux-gnu\/)?[^\/]*\.so[^\/]*$/ || $1 ~ /x86_64-linux-gnu\/(pulseaudio|libmvec)/
			if (!library || name ~ loaded || base ~ /^ld-linux/) { keep[NR] = 1; queue[++tail] = NR }
		}
		END {
			for (head = 1; head <= tail; head++) {
				n = split(needed[queue[head]], list, " ")
				for (i = 1; i <= n; i++) {
					k = of[list[i]]
					if (k == "") { print path[queue[head]] " needs " list[i] ", which no package has" > "/dev/stderr"; bad = 1 }
					else if (!(k in keep)) { keep[k] = 1; queue[++tail] = k }
				}
			}
			for (i = 1; i <= NR; i++) if (!(i in keep)) print path[i]
			exit bad
		}' >"$out/unused" || fail "the root lacks libraries (add to image/packages what has them)"
	xargs -d '\n' rm -f <"$out/unused"
	find "$tree/usr/lib" "$tree/usr/bin" "$tree/usr/sbin" -xtype l -lname '*.so*' -delete
	find "$tree/usr/lib" "$tree/usr/share" -mindepth 1 -type d -empty -delete
	rm -f "$out/unused"
	ldconfig -r "$tree" && rm -rf "$tree/var/cache"
}

# root_first TREE: what init reads ahead while systemd reads its units (image/init/ahead.h): the programs in the order in which they start,
# each with the libraries that it is linked with, and the fonts of the first frame.
root_first() {
	local tree=$1
	root_elf "$tree" | awk -F '\t' -v tree="$tree/" -v first='usr/bin/lobby-kiosk usr/bin/lobby-system usr/lib/systemd/systemd-journald usr/bin/systemd-tmpfiles usr/bin/udevadm usr/bin/lobby-sync' '
		{
			sub("^" tree, "", $1)
			needed[$1] = $3; name = $2
			if (name == "") { name = $1; sub(/.*\//, "", name) }
			if (!(name in of)) of[name] = $1
		}
		function add(path, n, list, i) {
			if (path == "" || path in done) return
			done[path] = 1
			print path
			n = split(needed[path], list, " ")
			for (i = 1; i <= n; i++) add(of[list[i]])
		}
		END {
			n = split(first, programs, " ")
			for (i = 1; i <= n; i++) {
				if (!(programs[i] in needed)) { print "image: what is read first is not on the root: " programs[i] > "/dev/stderr"; bad = 1 }
				add(programs[i])
				if (i == 1) {
					for (w = split("Regular Medium SemiBold Bold", weight, " "); w > 0; w--) print "usr/share/fonts/opentype/inter/Inter-" weight[w] ".otf"
				}
			}
			exit bad
		}' >"$tree/usr/lib/lobby/first" || fail "the list of what is read first could not be made"
}

# Nothing that runs commands, nothing that runs as somebody else.
root_lock() {
	local tree=$1
	find "$tree" -type f -perm /6000 -exec chmod ug-s {} +
	find "$tree" \( -name sh -o -name bash -o -name dash -o -name busybox -o -name 'perl*' -o -name 'python3*' -o -name sulogin \
		-o -name agetty -o -name login -o -name su \) \( -type f -perm /111 -o -type l \) -delete
}

# root_check TREE: what would only show on a kiosk: a unit whose program is not there, scripts that have no interpreter
root_check() {
	local tree=$1 unit program script
	grep -rhoE '^Exec[A-Za-z]*=[-@:+!]*/[^ ]+' "$tree/usr/lib/systemd/system" --include='lobby-*' | sed 's/^[^=]*=[-@:+!]*//' | sort -u | while read -r program; do
		[ -e "$tree$program" ] || echo "image: a unit of ours starts $program, which is not on the root" >&2
	done
	# A unit of Debian's whose program is not on the root can only fail: it goes.
	for unit in "$tree"/usr/lib/systemd/system/*.service; do
		[ -f "$unit" ] && [ ! -L "$unit" ] || continue
		program=$(sed -n 's/^ExecStart=[-@:+!]*\([^ ]*\).*/\1/p' "$unit" | head -n 1)
		case $program in /*) [ -e "$tree$program" ] || rm "$unit" ;; esac
	done
	find "$tree/usr/lib/systemd/system" "$tree/etc/systemd" -xtype l ! -lname '/*' -delete
	while read -r script; do
		head -c 2 "$script" | grep -q '#!' && rm "$script" # nothing could run it
	done < <(find "$tree/usr" "$tree/etc" -type f -perm /111 -size -64k -not -path '*/modules/*')
	# And what must never be there.
	unit=$(find "$tree" \( -perm /6000 -o -name sh -o -name bash -o -name dash -o -name 'dpkg*' -o -name 'apt*' -o -name 'perl*' \) \
		\( -type f -o -type l \) ! -lname /dev/null ! -path "$tree/etc/systemd/*")
	[ -z "$unit" ] || fail "$unit" "this must not be on the root"
	! cut -d : -f 2 "$tree/etc/passwd" | grep -qvx '\*' || fail "somebody could log in"
}

# root_pack TREE FILE: the squashfs and behind it its hash tree
root_pack() {
	local tree=$1 file=$2
	say "Packing the root"
	rm -f "$file"
	mksquashfs "$tree" "$file" -comp zstd -Xcompression-level "$([ -z "${QUICK:-}" ] && echo 14 || echo 3)" -b 256K -noappend -all-root -no-xattrs \
		-quiet -no-progress >"$out/squash.log" || fail "$(cat "$out/squash.log")" "mksquashfs failed"
	rm "$out/squash.log"
	root_verity "$file"
	[ "$(stat -c %s "$file")" -le $((160 << 20)) ] || fail "the root does not fit a slot of 160 MiB"
}

# root_verity FILE: puts the hash tree behind what is in the file, padded to whole blocks; no superblock: init gets all from the signed
# command line. The salt is of the contents, so that it is the same each time. Sets $root_hash, $root_salt and $root_blocks.
root_verity() {
	local file=$1 log
	truncate -s %4096 "$file"
	root_blocks=$(($(stat -c %s "$file") / 4096))
	root_salt=$(sha256sum <"$file" | cut -d ' ' -f 1)
	log=$(veritysetup format --no-superblock --hash=sha256 --data-block-size=4096 --hash-block-size=4096 --data-blocks=$root_blocks \
		--hash-offset=$((root_blocks * 4096)) --salt="$root_salt" "$file" "$file") || fail "veritysetup failed"
	root_hash=$(sed -n 's/^Root hash:[[:space:]]*//p' <<<"$log")
	[ ${#root_hash} = 64 ] || fail "veritysetup gave no root hash"
}

# root_arguments: what the kernel's command line says of the root that root_verity was last called for
root_arguments() { echo "lobby.root=$root_hash lobby.salt=$root_salt lobby.blocks=$root_blocks"; }
