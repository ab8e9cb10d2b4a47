#!/bin/sh
# Tests what is handed out: builds folder and Debian package from a binary, under two versions, installs them into roots of
# their own, starts the service as its unit would, upgrades, goes back, and looks at what is left.
#
#   dev/package/test.sh [BINARY]      target/debug/kawasemi where none is given
set -eu

here=$(cd "$(dirname "$0")" && pwd)
binary=${1:-${CARGO_TARGET_DIR:-$here/../../target}/debug/kawasemi}
work=$(mktemp -d)
server=
clean_up() {
    status=$?
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM

passed=0
ok() { passed=$((passed + 1)); printf '  ○ %s\n' "$1"; }
bad() { printf '  × %s\n' "$1" >&2; exit 1; }
expect() { what=$1; shift; if "$@" >"$work/said" 2>&1; then ok "$what"; else cat "$work/said" >&2; bad "$what"; fi; }
refuse() { what=$1; shift; if "$@" >"$work/said" 2>&1; then cat "$work/said" >&2; bad "$what"; else ok "$what"; fi; }
told() { if grep -q "$2" "$work/said"; then ok "$1"; else cat "$work/said" >&2; bad "$1"; fi; }

export PACKAGE_EFFORT=1

# A debug binary is mostly symbols.
cp "$binary" "$work/kawasemi"
strip "$work/kawasemi" 2>/dev/null || true
echo "no third parties in a test" >"$work/licences"
for version in 1.0.0 1.1.0; do
    expect "版 $version のフォルダーと Debian パッケージができる" \
        "$here/build.sh" "$work/kawasemi" "$work/out" $version "$work/licences"
done
first=$(sha256sum <"$work/out/kawasemi-1.0.0-linux-x86_64.tar.gz")
"$here/build.sh" "$work/kawasemi" "$work/again" 1.0.0 "$work/licences" >/dev/null
[ "$first" = "$(sha256sum <"$work/again/kawasemi-1.0.0-linux-x86_64.tar.gz")" ] || bad "同じ入力から同じバイト列ができる"
ok "同じ入力から同じバイト列ができる"

# ── The folder, as an operator carries it in.
mkdir "$work/usb"
tar -C "$work/usb" -xzf "$work/out/kawasemi-1.0.0-linux-x86_64.tar.gz"
tar -C "$work/usb" -xzf "$work/out/kawasemi-1.1.0-linux-x86_64.tar.gz"
one=$work/usb/kawasemi-1.0.0-linux-x86_64 two=$work/usb/kawasemi-1.1.0-linux-x86_64
root=$work/root
config=$root/etc/kawasemi/kawasemi.toml
run() { (cd "$root/var/lib/kawasemi" && "$root/opt/kawasemi/current/kawasemi" --config "$config" "$@"); }

cp -R "$two" "$work/usb/broken"
echo x >>"$work/usb/broken/docs/clerks.md"
refuse "壊れたフォルダーからは設置しない" "$work/usb/broken/install.sh" --root "$root"
told "その理由を告げる" SHA256SUMS
refuse "戻す版がなければ、そう告げる" "$one/install.sh" --root "$root" --rollback
expect "設置できる" "$one/install.sh" --root "$root"
[ "$(stat -c %a "$root/var/lib/kawasemi" "$config" | tr '\n' ' ')" = "700 640 " ] || bad "データと設定の権限"
ok "データと設定の権限"
expect "市を作れる" run init --code 142182 --name 綾瀬市
echo '# 市が書き足した行' >>"$config"

# The service, as its unit starts it.
port=$((20000 + $$ % 10000))
command=$(sed -n 's/^ExecStart=//p' "$root/etc/systemd/system/kawasemi.service" | sed "s|/usr/local/bin/kawasemi|$root/opt/kawasemi/current/kawasemi|; s|/etc/kawasemi|$root/etc/kawasemi|")
serve() {
    # shellcheck disable=SC2086 # words of a command
    (cd "$root/var/lib/kawasemi" && exec env KAWASEMI_SERVE_LISTEN=127.0.0.1:$port $command) 2>"$work/log" >"$work/log.out" &
    server=$!
    for _ in $(seq 150); do
        if curl -fsS -o /dev/null "http://127.0.0.1:$port/healthz" 2>/dev/null; then return; fi
        sleep 0.2
    done
    cat "$work/log" >&2
    return 1
}
stop() { kill -TERM "$server" && wait "$server"; stopped=$?; server=; return $stopped; }
expect "ユニットの指定で起動し、応える" serve
expect "SIGTERM で、終えてから止まる" stop

expect "更新できる" "$two/install.sh" --root "$root"
told "控えを取ったと告げる" 控えを取りました
[ "$(readlink "$root/opt/kawasemi/current")" = 1.1.0 ] || bad "新しい版になる"
ok "新しい版になる"
grep -q 市が書き足した行 "$config" || bad "設定は残る"
ok "設定は残る"
expect "市のデータは残る" sh -c "cd '$root/var/lib/kawasemi' && '$root/opt/kawasemi/current/kawasemi' --config '$config' doctor | grep -q 142182"
[ -n "$(find "$root/var/backups/kawasemi" -name 'before-1.1.0-*.kwsm')" ] || bad "控えがある"
ok "控えがある"
expect "新しい版が応える" serve
expect "止まる" stop
expect "戻せる" "$root/opt/kawasemi/current/install.sh" --root "$root" --rollback
[ "$(readlink "$root/opt/kawasemi/current")" = 1.0.0 ] || bad "前の版に戻る"
ok "前の版に戻る"
expect "前の版が応える" serve
expect "止まる" stop

# A version before that can't open what the present one has made of the data: here a program that says so.
"$two/install.sh" --root "$root" >/dev/null
mv "$root/opt/kawasemi/1.0.0/kawasemi" "$root/opt/kawasemi/1.0.0/real"
cat >"$root/opt/kawasemi/1.0.0/kawasemi" <<'OLD'
#!/bin/sh
case " $* " in *" schema plan "*) echo "より新しい kawasemi の形です" >&2; exit 1 ;; esac
exec "$(dirname "$(readlink -f "$0")")/real" "$@"
OLD
chmod +x "$root/opt/kawasemi/1.0.0/kawasemi"
refuse "前の版がデータを開けないときは、戻さずに告げる" "$two/install.sh" --root "$root" --rollback
told "どうすればよいかを告げる" '\-\-restore'
[ "$(readlink "$root/opt/kawasemi/current")" = 1.1.0 ] || bad "何も変わらない"
ok "何も変わらない"
expect "--restore で控えも戻る" "$two/install.sh" --root "$root" --rollback --restore
told "控えを戻したと告げる" 控えを戻しました
mv "$root/opt/kawasemi/1.0.0/real" "$root/opt/kawasemi/1.0.0/kawasemi"
expect "戻した市の監査が合う" run audit verify
expect "毎晩の控えが取れる" "$root/opt/kawasemi/current/nightly-backup" "$root/opt/kawasemi/current/kawasemi" "$config" "$root/var/backups/kawasemi"
[ -n "$(find "$root/var/backups/kawasemi" -name 'kawasemi-2*.kwsm')" ] || bad "毎晩の控えがある"
ok "毎晩の控えがある"

# ── The Debian package.
if command -v dpkg >/dev/null 2>&1; then
    deb=$work/out/kawasemi_1.0.0_amd64.deb
    dpkg-deb --contents "$deb" | awk '$2 != "root/root" { exit 1 }' || bad "ファイルの持ち主は root"
    ok "ファイルの持ち主は root"
    dpkg-deb --info "$deb" conffiles >"$work/said"
    told "設定は conffile" /etc/kawasemi/kawasemi.toml
    for script in preinst postinst prerm postrm; do
        expect "$script は sh として正しい" sh -n "$here/debian/$script"
    done
    # The package's own scripts speak to the system's users and systemd, which a root without a system in it doesn't have.
    mkdir -p "$work/debroot/var/lib/dpkg/info" "$work/debroot/var/lib/dpkg/updates"
    : >"$work/debroot/var/lib/dpkg/status"
    unpacked() { dpkg --root="$work/debroot" --force-not-root --force-script-chrootless --force-depends --force-bad-path --log="$work/dpkg.log" --unpack "$1"; }
    expect "別の根に展開できる" unpacked "$deb"
    echo '# 市が書き足した行' >>"$work/debroot/etc/kawasemi/kawasemi.toml.dpkg-new"
    expect "新しい版で上書きできる" unpacked "$work/out/kawasemi_1.1.0_amd64.deb"
    expect "置いた実行ファイルが動く" "$work/debroot/usr/bin/kawasemi" --version
fi

# ── The package as dpkg installs it, on a copy of this machine that is thrown away: what is written goes into a layer over
# its files, which only this process sees.
story() {
    cat <<'STORY'
set -eu
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/merged"
mount -t proc proc "$1/merged/proc"
mount --bind /dev "$1/merged/dev"
exec chroot "$1/merged" sh -eu -c '
    kawasemi() { (cd /var/lib/kawasemi && runuser -u kawasemi -- kawasemi --config /etc/kawasemi/kawasemi.toml "$@"); }
    dpkg --force-depends -i "$1/kawasemi_1.0.0_amd64.deb"
    kawasemi init --code 142182 --name 綾瀬市
    [ "$(stat -c "%a %U %G" /etc/kawasemi/kawasemi.toml)" = "640 root kawasemi" ]
    echo "# 市が書き足した行" >>/etc/kawasemi/kawasemi.toml
    dpkg --force-depends -i "$1/kawasemi_1.1.0_amd64.deb"
    grep -q 市が書き足した行 /etc/kawasemi/kawasemi.toml
    ls /var/backups/kawasemi/before-upgrade-from-1.0.0-*.kwsm
    kawasemi doctor
    # A backup that can not be taken stops the upgrade, and the version before goes on.
    mv /var/backups/kawasemi /var/backups/elsewhere
    if dpkg --force-depends -i "$1/kawasemi_1.0.0_amd64.deb"; then exit 1; fi
    mv /var/backups/elsewhere /var/backups/kawasemi
    kawasemi doctor
    dpkg -P kawasemi
    [ -d /var/lib/kawasemi/cities/142182 ] && [ ! -e /etc/kawasemi ] && [ ! -e /usr/bin/kawasemi ]
' sh "$2"
STORY
}
mkdir -p "$work/layer/upper" "$work/layer/work" "$work/layer/merged"
story >"$work/story"
probe="mount -t overlay overlay -o lowerdir=/,upperdir=$work/layer/upper,workdir=$work/layer/work $work/layer/merged"
if command -v dpkg >/dev/null 2>&1 && [ ! -e /usr/bin/kawasemi ] && unshare --mount sh -c "$probe" 2>/dev/null; then
    expect "dpkg で入れ、更新し、消せる" unshare --mount sh "$work/story" "$work/layer" "$work/out"
else
    echo "  － dpkg で入れる試験は飛ばします（root と overlayfs が要ります）"
fi

# ── The UPS: what upsmon calls, with a systemctl that only writes down.
mkdir "$work/ups"
printf '#!/bin/sh\nif [ "$1" = show ]; then cat "%s"; else echo "$*" >>"%s"; fi\n' "$work/ups/pid" "$work/ups/said" >"$work/ups/systemctl"
printf '#!/bin/sh\nshift\nexec "$@"\n' >"$work/ups/sudo"
printf '#!/bin/sh\n' >"$work/ups/logger"
chmod 755 "$work"/ups/*
power() {
    NOTIFYTYPE=$1 KAWASEMI_UPS_MARK="$work/ups/mark" PATH="$work/ups:$PATH" "$one/nut/kawasemi-ups" 'UPS ups@localhost'
}
echo 41 >"$work/ups/pid"
power ONBATT && power ONLINE
[ ! -e "$work/ups/said" ] || bad "電池に替わっただけでは止めず、人が止めたものを動かさない"
ok "電池に替わっただけでは止めず、人が止めたものを動かさない"
power LOWBATT && power FSD && power ONLINE && power ONLINE
echo 42 >"$work/ups/pid"
power LOWBATT
echo 0 >"$work/ups/pid"
power FSD
printf '%s\n' 'kill --kill-whom=main --signal=SIGPWR kawasemi.service' 'start kawasemi.service' \
    'kill --kill-whom=main --signal=SIGPWR kawasemi.service' >"$work/ups/expected"
expect "電池が残り少ないと一度だけ止め、電気が戻ると動かす" diff "$work/ups/expected" "$work/ups/said"
if command -v visudo >/dev/null 2>&1; then
    expect "sudo の設定は正しい" visudo -cf "$one/nut/sudoers"
fi

# ── The units.
if command -v systemd-analyze >/dev/null 2>&1; then
    mkdir "$work/units"
    cp "$root"/etc/systemd/system/kawasemi* "$work/units/"
    # The programs of the units exist only where they are installed.
    sed -i "s|/usr/local/bin/kawasemi|$root/opt/kawasemi/current/kawasemi|; s|/opt/kawasemi/current/nightly-backup|$one/nightly-backup|; /^Documentation=/d" "$work"/units/*
    cp "$work/units/kawasemi@.service" "$work/units/kawasemi@portal.service"
    for unit in kawasemi.service kawasemi@portal.service kawasemi-backup.service kawasemi-verify.service kawasemi-powerfail.service \
        kawasemi-backup.timer kawasemi-verify.timer; do
        expect "$unit は正しい" systemd-analyze verify --man=no "$work/units/$unit"
        if grep -v '^ *$' "$work/said" | grep -q "$work/units"; then cat "$work/said" >&2; bad "$unit に指摘がある"; fi
    done
    if systemd-analyze security --offline=true --threshold=25 "$work/units/kawasemi.service" >"$work/said" 2>&1; then
        ok "守りの点数は 2.5 以下（$(grep -o 'kawasemi.service: [0-9.]*' "$work/said" | grep -o '[0-9.]*$')）"
    else
        cat "$work/said" >&2
        bad "守りの点数が足りない"
    fi
fi

printf '# pass %d\n' "$passed"
