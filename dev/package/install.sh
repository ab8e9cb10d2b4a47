#!/bin/sh
# カワセミを、このフォルダーから設置し、または更新する。外への通信は要らない。
#
#   ./install.sh               設置、または更新（先に控えを取り、設定はそのまま残す）
#   ./install.sh --rollback    一つ前の版に戻す。データは今のまま
#   ./install.sh --rollback --restore
#                              前の版が今のデータを開けないとき、更新の前に取った控えも戻す（そのあとの変更は失われる）
#   --no-start                 止めた（止まっていた）ままにする
#   --root フォルダー            その下に置く（試すとき。利用者と systemd には触れない）
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root='' action=install restore=no start=yes
while [ $# -gt 0 ]; do
    case $1 in
        --rollback) action=rollback ;;
        --restore) restore=yes ;;
        --no-start) start=no ;;
        --root) root=${2:?--root にフォルダーを付けてください}; mkdir -p "$root"; root=$(cd "$root" && pwd); shift ;;
        -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "install.sh: 知らない指定です: $1（--help で使い方）" >&2; exit 2 ;;
    esac
    shift
done

opt=$root/opt/kawasemi
etc=$root/etc/kawasemi
data=$root/var/lib/kawasemi
backups=$root/var/backups/kawasemi
units=$root/etc/systemd/system
config=$etc/kawasemi.toml

say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

# システムの利用者と systemd には、ほんとうに設置するときだけ触れる。
for_real() { [ -z "$root" ]; }
has_systemd() { for_real && [ -d /run/systemd/system ]; }
as_service() { if for_real; then runuser -u kawasemi -- "$@"; else "$@"; fi; }
program() { version=$1; shift; (cd "$data" && as_service "$opt/$version/kawasemi" --config "$config" "$@"); }
own() { if for_real; then chown "$1" "$2"; fi; }

running() {
    has_systemd || return 0
    systemctl list-units --plain --no-legend --state=active 'kawasemi.service' 'kawasemi@*.service' | awk '{ print $1 }'
}
stop() {
    stopped=$(running)
    # shellcheck disable=SC2086 # 名前の並び
    [ -z "$stopped" ] || systemctl stop $stopped
}
start_again() {
    [ "$start" = yes ] && [ -n "$stopped" ] || return 0
    # shellcheck disable=SC2086 # 名前の並び
    systemctl start $stopped || fail "起動できません。journalctl -u kawasemi で理由を見て、戻すなら: $opt/current/install.sh --rollback"
}

# 名前を付け替えるだけなので、途中で止まっても、前の版か新しい版のどちらかになっている。
point() { ln -sfn "$1" "$opt/.$2.new" && mv -T "$opt/.$2.new" "$opt/$2"; }

use_version() {
    point "$1" current
    mkdir -p "$units" "$root/usr/local/bin"
    ln -sfn /opt/kawasemi/current/kawasemi "$root/usr/local/bin/kawasemi"
    for unit in "$opt/$1"/units/*; do install -m 644 "$unit" "$units/"; done
    if has_systemd; then systemctl daemon-reload; fi
}

check() {
    if said=$(program "$1" doctor 2>&1); then
        say "点検（doctor）: 直すことはありません。"
    else
        case $said in
            *市がありません*) say "市はまだありません。次に作ります（operators.md の「はじめる」）。" ;;
            *) printf '%s\n' "$said" >&2; say "点検（doctor）に、直すことがあります（上）。" >&2 ;;
        esac
    fi
}

# 控えを取り、その名前を backup に入れる。市がまだなければ空。
take_backup() {
    backup=$backups/before-$2-$(date +%Y%m%d-%H%M%S).kwsm
    if said=$(program "$1" --quiet backup "$backup" 2>&1); then
        say "控えを取りました: $backup"
        return
    fi
    case $said in
        *市がありません*) backup='' ;;
        *) printf '%s\n' "$said" >&2; fail "控えを取れないため、更新をやめました。何も変わっていません。" ;;
    esac
}

install_or_upgrade() {
    (cd "$here" && sha256sum --check --strict --quiet SHA256SUMS) || fail "ファイルが欠けているか変わっています（SHA256SUMS）。もう一度写してください。"
    new=$(cat "$here/VERSION")
    "$here/kawasemi" --version >/dev/null || fail "この機械では実行ファイルが動きません（x86-64 の Linux、glibc 2.36 以降が要ります）。"
    old=$(readlink "$opt/current" 2>/dev/null || true)
    [ "$old" != "$new" ] || say "同じ版（$new）をもう一度置きます。"

    if for_real && ! getent passwd kawasemi >/dev/null; then
        useradd --system --user-group --home-dir /var/lib/kawasemi --no-create-home --shell /usr/sbin/nologin kawasemi
    fi
    install -d -m 755 "$opt"
    install -d -m 750 "$etc"; own root:kawasemi "$etc"
    install -d -m 700 "$data" "$backups"; own kawasemi:kawasemi "$data"; own kawasemi:kawasemi "$backups"
    if [ ! -e "$config" ]; then
        sed "s|^data = .*|data = \"$data\"|" "$here/kawasemi.toml" >"$config.new"
        chmod 640 "$config.new"; own root:kawasemi "$config.new"
        mv "$config.new" "$config"
        say "設定を置きました: $config"
    fi

    # 全部そろってから、その名前で現れる。
    rm -rf "$opt/.$new.part"
    cp -R "$here" "$opt/.$new.part"
    chmod -R go-w "$opt/.$new.part"
    for_real && chown -R root:root "$opt/.$new.part"
    backup=''
    if [ -n "$old" ] && [ "$old" != "$new" ]; then take_backup "$old" "$new"; fi
    stopped=''
    stop
    rm -rf "${opt:?}/$new"
    mv "$opt/.$new.part" "$opt/$new"
    if [ -n "$old" ] && [ "$old" != "$new" ]; then
        point "$old" previous
        printf '%s\n' "$backup" >"$opt/previous.backup"
    fi
    use_version "$new"
    if [ -n "$old" ] && plan=$(program "$new" schema plan 2>&1) && printf '%s' "$plan" | grep -q '^ *!'; then
        printf '%s\n' "$plan"
        say "止めてから反映する変更（!）があるため、起動していません。次を行ってから起動してください:"
        say "    kawasemi --config $config schema apply --offline"
        return
    fi
    start_again
    check "$new"
    say "版 $new を置きました。${old:+前の版は $old です。戻すには: $opt/current/install.sh --rollback}"
}

roll_back() {
    old=$(readlink "$opt/previous" 2>/dev/null) || fail "前の版がありません。"
    now=$(readlink "$opt/current")
    backup=$(cat "$opt/previous.backup" 2>/dev/null || true)
    stopped=''
    stop
    # 前の版は、新しい版が進めた市を開かない。開けるなら、データはそのままでよい。
    if said=$(program "$old" schema plan 2>&1); then
        say "前の版（$old）は、今のデータをそのまま開けます。"
    else
        case $said in
            *市がありません*) ;;
            *)
                if [ "$restore" != yes ] || [ -z "$backup" ]; then
                    printf '%s\n' "$said" >&2
                    start_again
                    [ -n "$backup" ] || fail "前の版は今のデータを開けず、更新の前の控えもありません。何も変わっていません。"
                    fail "前の版は今のデータを開けません。控え（$backup）も戻すなら --restore を付けてください。そのあとの変更は失われます。何も変わっていません。"
                fi
                program "$old" restore "$backup" --replace || fail "控えを戻せません。何も変わっていません。"
                say "控えを戻しました: $backup（今までのデータは別の名前で残っています）"
                ;;
        esac
    fi
    use_version "$old"
    # もう一度打つと、新しい版に戻る。
    point "$now" previous
    : >"$opt/previous.backup"
    start_again
    check "$old"
    say "版 $old に戻しました。"
}

if for_real && [ "$(id -u)" != 0 ]; then fail "root で実行してください（sudo ./install.sh）。"; fi
umask 022
case $action in
    install) install_or_upgrade ;;
    rollback) roll_back ;;
esac
