#!/bin/sh
# Installs the peers of the measurements beside this script, in .peers, unless they are there: Directus from npm (about ten
# minutes, since two of its parts are compiled) and Datasette from PyPI. Nothing of them belongs to the project.
set -eu

peers="${BENCH_PEERS:-$(dirname "$0")/.peers}"
directus=11.3.5
datasette=0.65.5

mkdir -p "$peers"
if [ ! -f "$peers/directus/node_modules/directus/cli.js" ]; then
    echo "Directus $directus を $peers に入れます（10分ほどかかります）" >&2
    mkdir -p "$peers/directus"
    (cd "$peers/directus" && echo '{"private":true}' >package.json &&
        npm install --no-audit --no-fund --loglevel=error "directus@$directus" >&2)
fi
if [ ! -x "$peers/datasette/bin/datasette" ]; then
    echo "Datasette $datasette を $peers に入れます" >&2
    python3 -m venv "$peers/datasette"
    "$peers/datasette/bin/pip" install --quiet "datasette==$datasette" >&2
fi
