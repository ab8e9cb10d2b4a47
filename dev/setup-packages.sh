#!/bin/sh
# Installs the Debian packages that building or testing needs, and nothing that is already there.
#
#   dev/setup-packages.sh build    a C compiler for SQLite, zstd and ring
#   dev/setup-packages.sh test     the above, PostgreSQL 15, openssl (certificates of tests), OpenLDAP, rsyslog, mdbtools (Access
#                                  files), aiosmtpd (a mail relay), curl, iproute2, prometheus (promtool), Chromium, the fonts of prints,
#                                  poppler and gdal-bin
#   dev/setup-packages.sh manuals  what building needs, Chromium for the pictures, and the fonts of the pictures and of the prints
#   dev/setup-packages.sh bench    what building needs, PostgreSQL 15, the load tool wrk, sqlite3, and Python's venv for Datasette
#
# As root, or with sudo that asks no password, it installs; otherwise it prints the command and fails.
set -eu

purpose="${1:-}"
case "$purpose" in
    build | test | manuals | bench) ;;
    *)
        echo "使い方: dev/setup-packages.sh build|test|manuals|bench" >&2
        exit 2
        ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

# Asks for what is needed, not for who provides it: a PostgreSQL or Chromium from elsewhere is as good.
missing=
lacks() { missing="$missing $1"; }

have cc || lacks build-essential
if [ "$purpose" = test ] || [ "$purpose" = bench ]; then
    # Where dev/testkit, e2e and bench look for them.
    { have initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; } || lacks postgresql-15
fi
if [ "$purpose" = bench ]; then
    have wrk || lacks wrk
    have sqlite3 || lacks sqlite3
    python3 -c 'import venv, ensurepip' 2>/dev/null || lacks python3-venv
fi
if [ "$purpose" = test ]; then
    # A directory of its own for the tests of signing in with LDAP.
    [ -x /usr/sbin/slapd ] || lacks slapd
    have ldapmodify || lacks ldap-utils
    have openssl || lacks openssl
    have mdb-export || lacks mdbtools
    # The counterpart of the logs that go to a SIEM, with TLS.
    [ -x /usr/sbin/rsyslogd ] || lacks rsyslog
    ls /usr/lib/*/rsyslog/lmnsd_gtls.so >/dev/null 2>&1 || lacks rsyslog-gnutls
    have curl || lacks curl
    # A mail relay as the counterpart of the mail to operators.
    /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || lacks python3-aiosmtpd
    # Reads the figures for a monitor.
    have promtool || lacks prometheus
    # Two networks on one machine, for the test of portal and desk.
    have ip || lacks iproute2
    # What reads printed papers again.
    have pdftotext || lacks poppler-utils
    # The counterpart of geographic files: what we write it reads, and the other way round.
    have ogr2ogr || lacks gdal-bin
fi
if [ "$purpose" = manuals ] && [ ! -e /usr/lib/chromium/locales/ja.pak ] && [ -z "${CHROMIUM:-}" ]; then
    # What Chromium itself writes on a page, in Japanese.
    lacks chromium-l10n
fi
if [ "$purpose" = test ] || [ "$purpose" = manuals ]; then
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || lacks chromium
    { have fc-list && fc-list :lang=ja family | grep -q .; } || lacks "fontconfig fonts-ipaexfont-gothic"
    # What papers are printed with.
    ls /usr/share/fonts/truetype/bizud-mincho/*.ttf >/dev/null 2>&1 || lacks fonts-morisawa-bizud-mincho
    ls /usr/share/fonts/truetype/bizud-gothic/*.ttf >/dev/null 2>&1 || lacks fonts-morisawa-bizud-gothic
    ls /usr/share/fonts/truetype/ipamj/*.ttf >/dev/null 2>&1 || lacks fonts-ipamj-mincho
fi
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if ! have apt-get; then
    echo "次のものを入れてください:$missing （この環境には apt-get がありません）" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif have sudo && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "次の Debian パッケージが必要です:$missing" >&2
    echo "次を実行してから、もう一度お試しください:" >&2
    echo "    sudo sh -c 'apt-get update && $install'" >&2
    exit 1
fi
echo "Debian パッケージを入れます:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is split on purpose
$as_root env DEBIAN_FRONTEND=noninteractive $install -qq >/dev/null
