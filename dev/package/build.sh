#!/bin/sh
# Makes what is handed out, from a binary that was built: a folder with its tarball, and a Debian package.
#
#   dev/package/build.sh BINARY OUT [VERSION] [THIRD-PARTY.txt]
#
# The version is the binary's own unless one is given. The texts of third-party licences are collected unless a file of
# them is given. The same inputs make the same bytes (SOURCE_DATE_EPOCH, else the time of the last commit).
set -eu

binary=$(realpath "${1:?使い方: dev/package/build.sh 実行ファイル 出力先 [版]}")
mkdir -p "${2:?出力先を指定してください}"
out=$(realpath "$2")
version=${3:-$("$binary" --version | awk '{ print $2 }')}
licences=${4:+$(realpath "$4")}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
name=kawasemi-$version-linux-x86_64
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
# 1 to 9; tests are in a hurry.
effort=${PACKAGE_EFFORT:-9}
# A folder with the printed manuals (`make manuals`), where they are to go along.
manuals=${MANUALS:+$(realpath "$MANUALS")}
umask 022

case $version in
    *[!0-9A-Za-z.+~-]* | [!0-9]*) echo "版は数字で始め、英数字と . + ~ - だけにしてください: $version" >&2; exit 2 ;;
esac

# unit FOLDER PROGRAM LIBRARY DOCUMENTS: the units with their paths filled in.
units() {
    mkdir -p "$1"
    for source in "$here"/units/*.in "$here"/units/*.timer; do
        target=$1/$(basename "$source" .in)
        sed -e "/^@HARDENING@\$/{
            r $here/units/hardening.inc
            d
        }" -e "s|@BIN@|$2|g; s|@LIB@|$3|g; s|@DOC@|$4|g" "$source" >"$target"
        chmod 644 "$target"
    done
}

# nut FOLDER: what an operator with a UPS copies from.
nut() {
    mkdir -p "$1"
    install -m 755 "$here/nut/kawasemi-ups" "$1/"
    install -m 644 "$here/nut/upsmon.conf" "$here/nut/sudoers" "$1/"
}

third_party() {
    if [ -n "$licences" ]; then cat "$licences"; else (cd "$root" && node dev/package/licences.mjs); fi
}

# ── The folder.
folder=$out/$name
rm -rf "$folder"
mkdir -p "$folder/docs"
install -m 755 "$binary" "$folder/kawasemi"
install -m 755 "$here/install.sh" "$here/nightly-backup" "$folder/"
install -m 644 "$here/kawasemi.toml" "$here/Containerfile" "$root/LICENSE" "$root/README.md" "$root/CHANGELOG.md" "$folder/"
install -m 644 "$root"/docs/operators.md "$root"/docs/clerks.md "$root"/docs/upgrade.md "$folder/docs/"
if [ -n "$manuals" ]; then
    mkdir -p "$folder/docs/manuals"
    install -m 644 "$manuals"/*.pdf "$folder/docs/manuals/"
fi
units "$folder/units" /usr/local/bin/kawasemi /opt/kawasemi/current /opt/kawasemi/current/docs
nut "$folder/nut"
third_party >"$folder/THIRD-PARTY.txt"
printf '%s\n' "$version" >"$folder/VERSION"
(cd "$folder" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$out" -cf - "$name" | gzip -n "-$effort" >"$folder.tar.gz"

# ── The Debian package.
if command -v dpkg-deb >/dev/null 2>&1; then
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    chmod 755 "$tree"
    doc=$tree/usr/share/doc/kawasemi
    mkdir -p "$tree/DEBIAN" "$tree/usr/bin" "$tree/usr/lib/kawasemi" "$tree/etc/kawasemi" "$doc"
    install -m 755 "$binary" "$tree/usr/bin/kawasemi"
    install -m 755 "$here/nightly-backup" "$tree/usr/lib/kawasemi/"
    install -m 644 "$here/kawasemi.toml" "$tree/etc/kawasemi/kawasemi.toml"
    install -m 644 "$root"/docs/operators.md "$root"/docs/clerks.md "$root"/docs/upgrade.md "$folder/THIRD-PARTY.txt" "$doc/"
    [ -z "$manuals" ] || install -m 644 "$manuals"/*.pdf "$doc/"
    units "$tree/usr/lib/systemd/system" /usr/bin/kawasemi /usr/lib/kawasemi /usr/share/doc/kawasemi
    {
        echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
        printf '\nFiles: *\nCopyright: the authors of Kawasemi\nLicense: Apache-2.0\n'
        echo " On Debian systems, the text of this licence is in /usr/share/common-licenses/Apache-2.0."
        echo "Comment: Libraries in the binary and their licences are in THIRD-PARTY.txt."
    } >"$doc/copyright"
    {
        printf 'kawasemi (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of the project.\n\n' "$version"
        printf ' -- Kawasemi <kawasemi@localhost>  %s\n' "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$doc/changelog.gz"
    chmod 644 "$doc"/*
    nut "$doc/examples/nut"
    install -m 755 "$here"/debian/preinst "$here"/debian/postinst "$here"/debian/prerm "$here"/debian/postrm "$tree/DEBIAN/"
    echo /etc/kawasemi/kawasemi.toml >"$tree/DEBIAN/conffiles"
    (cd "$tree" && find usr etc -type f | LC_ALL=C sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
    cat >"$tree/DEBIAN/control" <<CONTROL
Package: kawasemi
Version: $version
Architecture: amd64
Maintainer: Kawasemi <kawasemi@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: libc6 (>= 2.36), passwd, util-linux
Recommends: poppler-utils
Suggests: postgresql-client-15 | postgresql-client
Section: web
Priority: optional
Description: digital work of a Japanese city hall
 One program for a city hall's ledgers, forms, messages, prints, maps and
 policy board. It needs no network to install or to run, keeps its data in
 SQLite or PostgreSQL, and is documented in Japanese.
CONTROL
    chmod 644 "$tree/DEBIAN/control" "$tree/DEBIAN/conffiles" "$tree/DEBIAN/md5sums"
    find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zgzip "-z$effort" --build "$tree" "$out/kawasemi_${version}_amd64.deb" >/dev/null
fi
(cd "$out" && sha256sum "$name.tar.gz" ./*"_${version}_amd64.deb" 2>/dev/null | sed 's| \./| |' >"SHA256SUMS-$version")
echo "作りました: $folder.tar.gz"
[ ! -f "$out/kawasemi_${version}_amd64.deb" ] || echo "作りました: $out/kawasemi_${version}_amd64.deb"
