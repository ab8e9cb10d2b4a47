#!/bin/sh
# Runs every check and test, goes on after a failure, and closes with a summary. Exit status 0 only if all passed.
#
# One debug build serves all: clippy checks it, nextest builds it with its tests, and the browser tests use its binary. There is
# no release build here, which on two cores would cost as much again.
set -u
cd "$(dirname "$0")/.." || exit 1

started=$(date +%s)
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
trap 'exit 130' INT TERM
summary=
failed=0
total=0
tests=0

# What is wrong with a `step NAME COMMAND…` is seen as it happens; the log is kept only to count the tests.
step() {
    name=$1
    shift
    total=$((total + 1))
    step_started=$(date +%s)
    printf '\n── %s\n' "$name"
    # The status of the command, not of tee.
    { "$@" 2>&1; echo $? >"$log/status"; } | tee "$log/output"
    status=$(cat "$log/status")
    seconds=$(($(date +%s) - step_started))
    if [ "$status" = 0 ]; then
        mark=○
    else
        mark=×
        failed=$((failed + 1))
    fi
    passed=$(sed 's/\x1b\[[0-9;]*m//g' "$log/output" | awk '
        / tests? run: [0-9]+ passed/ { for (i = 2; i <= NF; i++) if ($i ~ /^passed/) n += $(i - 1) }
        /^test result:/ { n += $4 }
        /^(#|ℹ) pass [0-9]+$/ { n += $3 }
        END { print n + 0 }')
    tests=$((tests + passed))
    note=
    [ "$passed" -gt 0 ] && note="$passed 件合格"
    summary="$summary$(printf '  %s %4d秒  %s  %s' "$mark" "$seconds" "$name" "$note")
"
}

rust_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked --workspace --no-fail-fast
    else
        cargo test --locked --workspace --lib --bins --tests --no-fail-fast
    fi
}

# The browser tests drive the binary that the Rust tests have just built. Building it by itself would compile half the tree
# again, since a test's dependencies turn on features that the program alone does not ask for.
browser_tests() {
    binary=${CARGO_TARGET_DIR:-target}/debug/kawasemi
    case $binary in /*) ;; *) binary=$(pwd)/$binary ;; esac
    [ -x "$binary" ] || cargo build --locked -p kawasemi || return
    KAWASEMI_TEST_BIN="$binary" npm run test:e2e --silent
}

package_test() {
    binary=${CARGO_TARGET_DIR:-target}/debug/kawasemi
    [ -x "$binary" ] || cargo build --locked -p kawasemi || return
    dev/package/test.sh "$binary"
}

# A full disk fails somewhere in the middle, with words that point anywhere but there.
free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
if [ "$free" -lt 12 ] && [ ! -d "${CARGO_TARGET_DIR:-target}/debug/deps" ]; then
    echo "ディスクの空きが ${free} GB しかありません。作るものに 12 GB ほど要ります。空けてから、もう一度動かしてください。" >&2
    exit 1
fi

step "Debian パッケージ" dev/setup-packages.sh test
step "画面の部品を作る" make --no-print-directory web
step "書式（rustfmt）" cargo fmt --all --check
step "型（TypeScript）" npm run check --silent
step "画面の部品の試験" npm test --silent
step "指摘（Clippy）" cargo clippy --locked --workspace --all-targets -- -D warnings
step "Rust の試験（SQLite と PostgreSQL）" rust_tests
step "説明文の中の例" cargo test --locked --workspace --doc
step "設置・更新・戻し" package_test
step "ブラウザーの試験" browser_tests

elapsed=$(($(date +%s) - started))
printf '\n%s' "$summary"
printf '%s: %d 段階中 %d 段階が合格、試験 %d 件、%d分%02d秒\n' \
    "$([ "$failed" = 0 ] && echo 合格 || echo 不合格)" "$total" "$((total - failed))" "$tests" \
    "$((elapsed / 60))" "$((elapsed % 60))"
[ "$failed" = 0 ]
