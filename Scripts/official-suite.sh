#!/usr/bin/env bash
# Runs the official conformance suite against a gateway in front of a conformance server, for three revisions and with the
# server of each era.
#   FIXTURE      where the conformance server listens, such as http://127.0.0.1:3001/mcp
#   CONFORMANCE  the suite's command; default: npx --yes @modelcontextprotocol/conformance@0.2.0-alpha.11
#   PORT         for the gateway; default: 3394
set -euo pipefail
cd "$(dirname "$0")/.."
fixture=${FIXTURE:?set FIXTURE to the address of a conformance server}
suite=${CONFORMANCE:-npx --yes @modelcontextprotocol/conformance@0.2.0-alpha.11}
port=${PORT:-3394}
gate=${STONEGATE:-.build/release/stonegate}
if [ ! -x "$gate" ]; then
    echo "official-suite: $gate is missing: run make build, or set STONEGATE" >&2
    exit 1
fi

directory=$(mktemp -d)
gateway=
trap 'if [ -n "$gateway" ]; then kill "$gateway" 2>/dev/null || true; fi; rm -rf "$directory"' EXIT

for protocol in auto legacy; do
    cat >"$directory/config.toml" <<EOF
[server]
port = $port
data_dir = "$directory/data-$protocol"

[[backends]]
name = "fixture"
url = "$fixture"
protocol = "$protocol"
EOF
    "$gate" serve --config "$directory/config.toml" 2>"$directory/log" &
    gateway=$!
    for _ in $(seq 100); do
        if grep -q '\[fixture\] server is running' "$directory/log"; then break; fi
        if ! kill -0 "$gateway" 2>/dev/null; then cat "$directory/log" >&2; exit 1; fi
        sleep 0.1
    done
    for revision in 2026-07-28 2025-11-25 2025-06-18; do
        printf '\n== %s, the server with protocol = "%s"\n' "$revision" "$protocol"
        # shellcheck disable=SC2086 # a command with its arguments
        $suite server --url "http://localhost:$port/mcp" --suite all --spec-version "$revision" >"$directory/out" 2>&1 || true
        grep -E '^✗|^Total' "$directory/out"
    done
    kill "$gateway"
    wait "$gateway" 2>/dev/null || true
    gateway=
done
