#!/bin/sh
# Says clearly which tool is missing or too old before a long build fails on it.
set -eu

RUST_MIN=1.95
NODE_MIN=20

problems=0

# Whether version $1 is at least version $2.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# need NAME FOUND-VERSION LEAST-VERSION HOW-TO-GET-IT
need() {
    if [ -z "$2" ]; then
        echo "$1 が見つかりません（$3 以上が必要）。$4" >&2
        problems=1
    elif ! at_least "$2" "$3"; then
        echo "$1 $2 は古すぎます（$3 以上が必要）。$4" >&2
        problems=1
    fi
}

need Rust "$(rustc --version 2>/dev/null | cut -d ' ' -f 2)" "$RUST_MIN" \
    "https://rustup.rs/ の手順で入れるか、rustup update stable を実行してください。"
need Cargo "$(cargo --version 2>/dev/null | cut -d ' ' -f 2)" "$RUST_MIN" "rustup が rustc と一緒に入れます。"
need Node.js "$(node --version 2>/dev/null | tr -d v)" "$NODE_MIN" \
    "https://nodejs.org/ または配布元の nodejs パッケージで入れてください。"
need npm "$(npm --version 2>/dev/null)" 9 "Node.js に付いてきます。"

exit "$problems"
