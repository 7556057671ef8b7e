# What is in the image, for people and for their scanners: the packages, SPDX 2.3, and the signed description that tools/flash reads.

# lists_packages FILE: `name version SHA-256` of each package, as image/packages.lock has them
lists_packages() { cut -f 1-3 "$base/packages" | tr '\t' ' ' >"$1"; }

# lists_spdx FILE TREE: packages of Debian's, Lobby itself, and each file of ours with its hash
lists_spdx() {
	local tree=$2
	(cd "$tree" && find usr/bin/lobby* usr/share/lobby usr/lib/lobby -type f -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0 sha256sum) >"$out/ours"
	awk -F '\t' -v version="$version" -v date="$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)" -v hash="$build" '
		function quote(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
		function id(s) { gsub(/[^A-Za-z0-9.-]/, "-", s); return s }
		function url(s) { gsub(/%/, "%25", s); gsub(/\+/, "%2B", s); gsub(/:/, "%3A", s); gsub(/~/, "%7E", s); return s }
		BEGIN {
			print "{\n \"spdxVersion\": \"SPDX-2.3\",\n \"dataLicense\": \"CC0-1.0\",\n \"SPDXID\": \"SPDXRef-DOCUMENT\","
			print " \"name\": \"lobby-" version "\",\n \"documentNamespace\": \"urn:lobby:image:" version ":" hash "\","
			print " \"creationInfo\": { \"created\": \"" date "\", \"creators\": [\"Tool: lobby-image-build\"] },"
			print " \"packages\": ["
			print "  { \"SPDXID\": \"SPDXRef-lobby\", \"name\": \"lobby\", \"versionInfo\": " quote(version) ", \"downloadLocation\": \"NOASSERTION\","
			print "    \"filesAnalyzed\": false, \"licenseConcluded\": \"Apache-2.0\", \"licenseDeclared\": \"Apache-2.0\", \"copyrightText\": \"NOASSERTION\" }"
			relations = "  { \"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-lobby\" }"
		}
		NR == FNR {
			split($4, source, " ")
			print "  ,{ \"SPDXID\": \"SPDXRef-deb-" id($1) "\", \"name\": " quote($1) ", \"versionInfo\": " quote($2) ","
			print "    \"supplier\": \"Organization: Debian\", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false,"
			if ($5 != "") print "    \"homepage\": " quote($5) ","
			print "    \"sourceInfo\": " quote("built from " source[1] " " source[2]) ","
			print "    \"licenseConcluded\": \"NOASSERTION\", \"licenseDeclared\": \"NOASSERTION\", \"copyrightText\": \"NOASSERTION\","
			print "    \"checksums\": [{ \"algorithm\": \"SHA256\", \"checksumValue\": \"" $3 "\" }],"
			print "    \"externalRefs\": [{ \"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\","
			print "      \"referenceLocator\": " quote("pkg:deb/debian/" $1 "@" url($2) "?arch=amd64&distro=bookworm") " }] }"
			relations = relations ",\n  { \"spdxElementId\": \"SPDXRef-lobby\", \"relationshipType\": \"CONTAINS\", \"relatedSpdxElement\": \"SPDXRef-deb-" id($1) "\" }"
			next
		}
		FNR == 1 { print " ],\n \"files\": [" }
		{
			sum = substr($0, 1, 64); name = substr($0, 67)
			print "  " (FNR > 1 ? "," : "") "{ \"SPDXID\": \"SPDXRef-file-" FNR "\", \"fileName\": " quote("./" name) ","
			print "    \"checksums\": [{ \"algorithm\": \"SHA256\", \"checksumValue\": \"" sum "\" }],"
			print "    \"licenseConcluded\": \"NOASSERTION\", \"copyrightText\": \"NOASSERTION\" }"
			relations = relations ",\n  { \"spdxElementId\": \"SPDXRef-lobby\", \"relationshipType\": \"CONTAINS\", \"relatedSpdxElement\": \"SPDXRef-file-" FNR "\" }"
		}
		END { print " ],\n \"relationships\": [\n" relations "\n ]\n}" }' "$base/packages" "$out/ours" >"$1"
	rm "$out/ours"
}

# lists_disk DISK FILE: the disk's description with its block map, and FILE.sig, its signature with the release key
lists_disk() {
	image/build.d/blockmap "$1" "$version" "$(cat "$keys/kind")" >"$2"
	"$programs/lobby-flash" --sign "$keys/release.key" "$2" # openssl's would be another one each time
	install -m 644 "$keys/release.crt" "$(dirname "$2")/release.crt"
}
