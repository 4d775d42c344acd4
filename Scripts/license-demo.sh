#!/usr/bin/env bash
# A license from its issue to its revocation and back, to watch: an authority, a gateway, 100 running and 50 queued calls.
#   BIN=.build/release bash Scripts/license-demo.sh
# Everything lives in a directory of its own and is gone at the end. Exits 1 when something is not as it must be.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(cd "${BIN:-.build/release}" && pwd)
work=$(mktemp -d)
export HOME=$work
authority_port=$((20000 + RANDOM % 10000))
port=$((30000 + RANDOM % 10000))
url=http://127.0.0.1:$port
pids=()
calls=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
fail() {
    printf 'license-demo: %s\n' "$*" >&2
    tail -5 "$work"/*.log >&2 || true
    exit 1
}
stonegate() { "$bin/stonegate" "$@"; }
# The gateway's words for a path; jq is not everywhere.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
tier() { curl -sS "$url/health" | field tier; }
expect() {
    local found
    found=$(tier)
    [ "$found" = "$1" ] || fail "the tier is '$found' and should be '$1'"
    printf 'tier: %s\n' "$found"
}
wait_for() {
    for _ in $(seq 1 150); do
        if curl -sS -o /dev/null "$1" 2>/dev/null; then return; fi
        sleep 0.1
    done
    fail "nothing answers at $1"
}

say "An authority is made, and issues an Enterprise license"
keys=$(stonegate authority init --dir "$work/authority")
stonegate authority issue --dir "$work/authority" --tier enterprise --seats 1 --name demo >"$work/key" 2>"$work/issue.log"
cat "$work/issue.log"
license=$(stonegate authority list --dir "$work/authority" --json | field license_id)
stonegate authority serve --dir "$work/authority" --port "$authority_port" >"$work/authority.log" 2>&1 &
pids+=($!)
wait_for "http://127.0.0.1:$authority_port/"

say "A gateway that trusts it; without a license it is Free"
cat >"$work/config.toml" <<TOML
[server]
port = $port
data_dir = "$work/data"

[license]
license_server = "http://127.0.0.1:$authority_port"
$keys

[audit]
enabled = true

[[backends]]
name = "demo"
command = "$bin/stonegate"
args = ["demo-server"]
max_in_flight = 160
TOML
chmod 600 "$work/config.toml"
stonegate serve --config "$work/config.toml" >"$work/gateway.log" 2>&1 &
gateway=$!
pids+=("$gateway")
wait_for "$url/health"
for _ in $(seq 1 150); do
    if curl -sS "$url/tools" | grep -q '"slow\|"echo'; then break; fi
    sleep 0.1
done
expect free

say "The license is activated; the key comes over standard input"
stonegate activate --key-file - --config "$work/config.toml" <"$work/key"
expect enterprise

say "100 calls run and 50 are queued"
for _ in $(seq 1 100); do
    curl -sS "$url/call" -H 'Content-Type: application/json' \
        -d '{"server":"demo","tool":"slow","arguments":{"seconds":6}}' >>"$work/running" &
    calls+=($!)
done
for _ in $(seq 1 50); do
    curl -sS "$url/call/async" -H 'Content-Type: application/json' \
        -d '{"server":"demo","tool":"slow","arguments":{"seconds":6}}' | field call_id >>"$work/queued"
done
printf 'accepted: %s queued\n' "$(wc -l <"$work/queued")"

say "The license is revoked, at once, and the gateway hears of it"
stonegate authority revoke "$license" --dir "$work/authority" --effective-in 0 --reason DEMO
stonegate status --refresh --config "$work/config.toml"
expect free

say "What had been accepted comes to its end"
for call in "${calls[@]}"; do wait "$call" || fail "a running call was cut"; done
answered=$(grep -o '"duration_ms"' "$work/running" | wc -l)
[ "$answered" -eq 100 ] || fail "$answered of 100 running calls were answered"
done=0
while read -r id; do
    state=$(curl -sS "$url/call/$id?wait_ms=30000" | field status)
    [ "$state" = complete ] || fail "the queued call $id ended as '$state'"
    done=$((done + 1))
done <"$work/queued"
printf '%s running and %s queued calls have their results\n' "$answered" "$done"
kill -0 "$gateway" || fail "the gateway is gone"
printf 'the gateway is the process that it was: %s\n' "$gateway"

say "The license is restored"
stonegate authority restore "$license" --dir "$work/authority"
stonegate status --refresh --config "$work/config.toml"
expect enterprise

say "What the audit log says of it"
stonegate audit export --config "$work/config.toml" | grep -o '"action":"license_[^}]*' | cut -c1-140
printf '\nlicense-demo: all as it must be\n'
