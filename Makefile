# The two commands of a newcomer are `make run` and `make test`; `make help` lists the others.
# Every target works from a fresh clone and from any working directory (`make -C kawasemi run`).

# Where `make run` keeps its data, how large its demo city is and where it listens.
DATA      ?= data
RESIDENTS ?= 84000
SEED      ?= 1
LISTEN    ?= 127.0.0.1:8080

# Where `make bench` keeps its records, or a PostgreSQL URL, and how many there are.
BENCH_DATA    ?= target/bench
BENCH_RECORDS ?= 1000000

CARGO      := cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
RELEASE    := $(TARGET_DIR)/release/kawasemi
WEB_FILES  := $(shell find web -type f -not -path 'web/dist/*' -not -path 'web/.*' -not -path '*/node_modules/*')

.DEFAULT_GOAL := help
.PHONY: help run test web build release fmt lint bench schema tools clean-data

help: ## この一覧を表示する
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: release ## 作って、デモの市を用意し、http://127.0.0.1:8080/ で開く
	@$(RELEASE) --data $(DATA) demo --if-absent --residents $(RESIDENTS) --seed $(SEED)
	@exec $(RELEASE) --data $(DATA) serve --listen $(LISTEN)

test: tools ## すべての検査と試験（必要な Debian パッケージも入れる）
	@dev/test.sh

web: web/dist/manifest.tsv ## 画面の CSS・JavaScript・書体をまとめる

build: web ## 開発用に作る（target/debug/kawasemi）
	$(CARGO) build --locked -p kawasemi

release: tools web ## 配布用に作る（target/release/kawasemi）
	@dev/setup-packages.sh build
	$(CARGO) build --locked --release -p kawasemi

fmt: ## 書式をそろえる
	$(CARGO) fmt --all

lint: web ## 書式・Clippy・TypeScript の検査
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	npm run check --silent

bench: tools web ## 保存の層の速さを測る（bench/README.md）
	$(CARGO) run --locked --release -p kawasemi-store --example measure -- $(BENCH_DATA) $(BENCH_RECORDS)

schema: ## docs/schema/ の JSON Schema を作り直す
	KAWASEMI_TEST_UPDATE_SCHEMA=1 $(CARGO) test --locked -p kawasemi-schema --test published

clean-data: ## デモの市を消す（確かめてから）
	@dev/clean-data.sh $(DATA)

tools:
	@dev/check-tools.sh

# npm packages again only when the lock file changed, the bundle only when a source did: cargo embeds it, and a new bundle
# means linking again.
node_modules/.kawasemi-lock: package-lock.json package.json web/package.json e2e/package.json
	@dev/check-tools.sh
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/manifest.tsv: node_modules/.kawasemi-lock $(WEB_FILES)
	npm run build --silent --workspace web
