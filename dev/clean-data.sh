#!/bin/sh
# Removes the demo city's folder after asking. Refuses anything that is not a data folder of Kawasemi.
set -eu

folder=${1:?どのフォルダーを消すかを指定してください}
if [ ! -d "$folder" ]; then
    echo "$folder はありません。"
    exit 0
fi
if [ ! -e "$folder/installation.json" ] && [ ! -d "$folder/cities" ]; then
    echo "$folder は Kawasemi のデータフォルダーではないので消しません。" >&2
    exit 1
fi
printf '%s を中身ごと消します。よろしいですか [y/N] ' "$folder"
read -r answer
case "$answer" in
    y | Y) rm -rf "$folder" && echo "消しました。" ;;
    *) echo "消しませんでした。" ;;
esac
