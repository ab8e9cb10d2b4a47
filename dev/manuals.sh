#!/bin/sh
# Makes the manuals: walks every step of them through the program, taking the pictures, and sets them as PDF.
#
#   dev/manuals.sh BINARY OUT
#
# What the walk has seen stays in target/manuals. A step whose button is missing ends it with the name of manual, chapter and step.
set -eu

binary=$(realpath "${1:?使い方: dev/manuals.sh 実行ファイル 出力先}")
mkdir -p "${2:?出力先を指定してください}"
out=$(realpath "$2")
cd "$(dirname "$0")/.."
walked=$(pwd)/target/manuals

rm -rf "$walked"
export KAWASEMI_TEST_BIN="$binary"
MANUALS_OUT="$walked" npm run test:e2e --silent -- manuals
node e2e/manuals/build.mjs "$walked" "$out"
