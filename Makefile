GO ?= go
FUZZTIME ?= 60s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
INTEROP := e2e/interop
NPM := $(INTEROP)/node_modules/.package-lock.json
PEERS := e2e/peers

.PHONY: all build deps test e2e screens lint bench soak fuzz golden

all: build

build: ## the program, in bin/
	$(GO) build -trimpath -o bin/ ./cmd/oidcflow

deps: ## what the tests need: a browser, node, npm packages; installed where apt and root are there
	@.ci/deps
	@if command -v npm >/dev/null; then $(MAKE) -s $(NPM); fi

$(NPM): $(INTEROP)/package.json $(INTEROP)/package-lock.json
	cd $(INTEROP) && npm ci --no-fund --no-audit
	@touch $@

test: deps ## everything but what is tested against foreign software
	$(GO) vet ./...
	$(GO) test -timeout 8m ./...

# Without the name of a package, go test shows what tests print that pass: the table of Okta's screens.
e2e: deps ## against foreign providers and clients, and the whole program in Chrome
	cd $(INTEROP) && $(GO) vet ./... && $(GO) test -timeout 8m

screens: deps ## a picture of each screen of Okta's widget that shows no secret, in bin/screens, to look at
	$(GO) run ./e2e/screens/pictures -out bin/screens

lint: ## what a change must pass before it is sent
	@fmt=$$(gofmt -l cmd flow mockidp e2e); test -z "$$fmt" || { echo "gofmt: $$fmt" >&2; exit 1; }
	for os in linux windows darwin; do GOOS=$$os $(GO) vet ./... || exit 1; done
	$(GO) run $(STATICCHECK) ./...
	cd $(INTEROP) && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	cd $(INTEROP) && $(GO) mod tidy -diff
	$(GO) test -run '^TestImports' ./e2e

$(PEERS)/node_modules/.package-lock.json: $(PEERS)/package.json $(PEERS)/package-lock.json
	cd $(PEERS) && npm ci --no-fund --no-audit
	@touch $@

bench: deps $(PEERS)/node_modules/.package-lock.json ## how quick it is, beside others, in ratios of one run
	cd $(INTEROP) && $(GO) run ./bench
	$(GO) run ./$(PEERS)
	$(GO) test -run '^$$' -bench . ./...
	$(GO) test -count=1 -v -run '^TestTenUsersAtOnce$$' ./flow/signin/chrome

soak: deps ## N sign-ins on Okta's widget in a bad network; SEED plays one again, with ONLY one of its sign-ins
	$(GO) run ./e2e/soak -n $(or $(N),1000) $(if $(SEED),-seed $(SEED)) $(if $(ONLY),-only $(ONLY))

fuzz: ## each fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; \
		done; \
	done

golden: ## rewrite the expected output; review the diff like code
	$(GO) test -count=1 $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update
