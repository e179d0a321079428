#!/usr/bin/env bash
# Finds or builds the program and writes a user's tokens to the outputs of the step.
set -euo pipefail

fail() {
	echo "::error title=oidcflow::$1"
	exit 2
}

sha256() {
	if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# A folder of our own: what else runs on this machine must not be able to put a program in its place.
dir=$(mktemp -d "${RUNNER_TEMP:?}/oidcflow.XXXXXX")
trap 'rm -rf "$dir"' EXIT
program=$dir/oidcflow

case ${INPUT_BINARY:-} in
"")
	command -v go >/dev/null || fail "building the program needs Go: add actions/setup-go, or set binary and binary-sha256"
	(cd "$GITHUB_ACTION_PATH/../../.." && go build -o "$program" ./cmd/oidcflow)
	;;
https://*)
	curl --fail --silent --show-error --location --proto '=https' --max-time 300 --output "$program" "$INPUT_BINARY"
	;;
*://*) fail "binary: only https URLs and paths are accepted" ;;
*) cp -- "$INPUT_BINARY" "$program" ;;
esac

if [[ -n ${INPUT_BINARY:-} ]]; then
	[[ -n ${INPUT_BINARY_SHA256:-} ]] || fail "binary needs binary-sha256: a program without a digest is not run"
	got=$(sha256 "$program")
	[[ $got == "$INPUT_BINARY_SHA256" ]] || fail "binary-sha256: want $INPUT_BINARY_SHA256, got $got"
fi
chmod 700 "$program"

# Inputs go in as flags, which go before the variables of the step's environment. With "=", none can be a flag itself.
args=()
for name in ISSUER CLIENT_ID USERNAME REDIRECT_URI SCOPE SIGN_IN; do
	input=INPUT_$name
	if [[ -n ${!input:-} ]]; then
		flag=$(tr 'A-Z_' 'a-z-' <<<"$name")
		args+=("--$flag=${!input}")
	fi
done
while IFS= read -r arg; do
	if [[ -n $arg ]]; then
		args+=("$arg")
	fi
done <<<"${INPUT_ARGS:-}"

"$program" token --output github ${args[@]+"${args[@]}"}
