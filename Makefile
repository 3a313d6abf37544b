# Every target does the set-up that it needs, shows what it does, and is quick the second time.
# Needs: Node 20 or later with npm, make; Python 3.10 or later for Envoy and the examples' models.
.DEFAULT_GOAL := help
.PHONY: help setup models demo test test-unit test-envoy test-models servers test-servers test-kafka bench check docs board-pictures changelog format clean \
	cluster-up cluster-down e2e e2e-long
# Two targets at once would share ports and the set-up.
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## install what Sidegraph needs, inside the checkout (Node 24, Envoy)
	@scripts/setup.sh

models: ## the same, and the examples' model servers and trained models
	@scripts/setup.sh --models

demo: ## serve a graph of real models, send requests through it and show what happened (DEMO_ONCE=1: then end)
	@scripts/setup.sh --models
	@exec "$$(scripts/node-path.sh)" --disable-warning=ExperimentalWarning examples/demo/demo.ts

test: ## run all tests, or those of TESTS="graph envoy/process/locate.test.ts"
	@scripts/setup.sh --node
	@case "$$(scripts/test.sh --needs $(TESTS))" in unit) ;; envoy) scripts/setup.sh ;; *) scripts/setup.sh --models ;; esac
	@scripts/test.sh $(TESTS)

test-unit: ## the tests that need Node alone (under a minute)
	@scripts/setup.sh --node
	@scripts/test.sh --tier unit

test-envoy: ## those that need an Envoy too
	@scripts/setup.sh
	@scripts/test.sh --tier envoy

test-models: ## those that need the examples' model servers too
	@scripts/setup.sh --models
	@scripts/test.sh --tier models

servers: ## MLServer, Alibi, Triton and clients in .venv-servers and .venv-clients (Python 3.11, 1.6 GB, about five minutes)
	@scripts/setup.sh --servers

test-servers: ## the tests over those
	@scripts/setup.sh --servers
	@scripts/test.sh examples/servers

test-kafka: ## payload logs in a real Kafka broker (Java 17, Maven; 54 MB, a minute the first time; two minutes)
	@scripts/setup.sh
	@e2e/kafka/fetch.sh
	@scripts/test.sh e2e/kafka

bench: ## measure against a bare Envoy route; options in BENCH="…"
	@scripts/setup.sh
	@exec "$$(scripts/node-path.sh)" --disable-warning=ExperimentalWarning bench/main.ts $(BENCH)

check: ## types, format, lint, the rules of the tree in checks/, and whether the pages are up to date
	@scripts/setup.sh --node
	@scripts/check.sh

cluster-up: ## a real one-node Kubernetes on this machine, with this tree's images (root; the first time 5 to 14 minutes)
	@scripts/setup.sh --models
	@e2e/kube/packages.sh
	@e2e/kube/build.sh
	@images/build-oci.sh
	@e2e/kube/up.sh full

cluster-down: ## end it; nothing of it stays
	@e2e/kube/down.sh

e2e: ## test on a real control plane and a real cluster (root; half an hour)
	@scripts/e2e.sh

e2e-long: ## the same at 200 requests a second for two minutes a test: the numbers of the docs
	@scripts/e2e.sh --long

docs: ## write the generated parts of the pages
	@scripts/setup.sh --node
	@"$$(scripts/node-path.sh)" --disable-warning=ExperimentalWarning scripts/docs.ts

board-pictures: ## draw the boards of docs/observe.md anew (Go 1.24, Prometheus; ten minutes)
	@scripts/setup.sh
	@e2e/kube/build.sh
	@"$$(scripts/node-path.sh)" --disable-warning=ExperimentalWarning scripts/board-pictures.ts

changelog: ## make a section of CHANGELOG.md of the fragments in changes/
	@scripts/setup.sh --node
	@"$$(scripts/node-path.sh)" --disable-warning=ExperimentalWarning scripts/changelog.ts

format: ## write the format that check wants
	@scripts/setup.sh --node
	@PATH="$$(dirname "$$(scripts/node-path.sh)"):$$PATH" node_modules/.bin/biome format --write .

clean: cluster-down ## remove everything that these targets made
	rm -rf node_modules .venv .venv-models .venv-servers .venv-clients .cache bench/results
