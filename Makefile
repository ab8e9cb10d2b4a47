# The two commands of a newcomer are `make run` and `make test`; `make help` lists the others.
# Every target works from a fresh clone and from any working directory (`make -C kawasemi run`).

# Where `make run` keeps its data, how large its demo city is and where it listens.
DATA      ?= data
RESIDENTS ?= 84000
SEED      ?= 1
LISTEN    ?= 127.0.0.1:8080

# How `make bench` measures; bench/README.md says what each means and what more there is.
BENCH_RECORDS ?= 1000000
BENCH_SECONDS ?= 6
BENCH         := BENCH_RECORDS=$(BENCH_RECORDS) BENCH_SECONDS=$(BENCH_SECONDS) node bench/run.mjs

CARGO      := cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
RELEASE    := $(TARGET_DIR)/release/kawasemi
WEB_FILES  := $(shell find web -type f -not -path 'web/dist/*' -not -path 'web/.*' -not -path '*/node_modules/*')

.DEFAULT_GOAL := help
.PHONY: help run test web build release fmt lint bench bench-peers bench-oversight bench-registers bench-write schema package manuals
.PHONY: test-package
.PHONY: tools clean-data

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

manuals: release ## 図入りの手引き（A4 の PDF）を dist/manuals/ に作る
	@dev/setup-packages.sh manuals
	@dev/manuals.sh $(RELEASE) dist/manuals

package: release manuals ## 配布するもの（フォルダー、Debian パッケージ、手引き）を dist/ に作る
	@MANUALS=dist/manuals dev/package/build.sh $(RELEASE) dist

test-package: ## 配布するものを作り、設置・更新・戻しを試す（BINARY=実行ファイル）
	@dev/package/test.sh $(BINARY)

fmt: ## 書式をそろえる
	$(CARGO) fmt --all

lint: web ## 書式・Clippy・TypeScript の検査
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	npm run check --silent

bench: release ## 速さと記憶を HTTP 越しに測り、上限と並べる（bench/README.md）
	@dev/setup-packages.sh bench
	@$(BENCH)

bench-peers: release ## 同じ表・索引・問いで Directus・Datasette とも並べる（初回は導入に10分ほど）
	@dev/setup-packages.sh bench
	@bench/peers.sh
	@$(BENCH) --peers

bench-oversight: release ## 月次のアクセス報告と、閲覧の記録の費用を測り、上限と並べる
	@node bench/oversight.mjs

bench-registers: ## 住民の差分ファイルの反映と名寄せの候補探しを、両方の DB で測り、上限と並べる
	$(CARGO) run --locked --release -p kawasemi-exchange --example residents
	$(CARGO) run --locked --release -p kawasemi-parties --example duplicates

bench-write: ## 最後に測った表を README.md・README.en.md・bench/README.md に書き込む
	@node bench/table.mjs --write

schema: ## docs/schema/ の JSON Schema を作り直す
	KAWASEMI_TEST_UPDATE_SCHEMA=1 $(CARGO) test --locked -p kawasemi-schema -p kawasemi-exchange --test it published

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
