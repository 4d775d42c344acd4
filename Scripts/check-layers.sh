#!/usr/bin/env bash
# Which target may import which, and which folder of GateServer may name whose types. The compiler holds the arrows
# between targets that Package.swift leaves out; this holds the finer ones.
#   check-layers.sh              checks this checkout
#   check-layers.sh --self-test  proves that the check catches what it is for
set -euo pipefail
script=$(cd "$(dirname "$0")" && pwd)/check-layers.sh
cd "${LAYERS_ROOT:-$(dirname "$0")/..}"

# Path prefix: modules it may import, beside the system's. The longest prefix that fits a file decides.
imports_table() {
    cat <<'TABLE'
Sources/GateProtocol:
Sources/GateCurl: CCurl
Sources/GateCore: GateProtocol Histogram
Sources/GateStore: GateProtocol GateCore GRDB
Sources/GateCrypto: CCrypto
Sources/GateAudit: GateProtocol GateCore GateCrypto
Sources/GateLicense: GateProtocol GateCore GateCrypto
Sources/GateAuth: GateProtocol GateCore GateCurl GateCrypto CCrypto
Sources/GateLicense/Client: GateProtocol GateCore GateCrypto GateCurl CLicenseKeys
Sources/GateDiscovery: CDiscoveryTable
Sources/GateConfig: GateProtocol GateCore TOMLKit
Sources/GateBackend: GateProtocol GateCore GateCurl CSpawn NIOCore NIOPosix Logging
Sources/GateTLS: CTLS GateCrypto NIOCore
Sources/GateHTTP: GateCore GateTLS NIOCore NIOPosix NIOHTTP1 NIOHTTP2 NIOHPACK Logging
Sources/GateServer: GateProtocol GateCore GateConfig GateDiscovery GateStore GateAudit GateAuth GateCrypto GateLicense GateBackend GateTLS GateHTTP NIOCore NIOPosix NIOHTTP1 Logging
Sources/GateServer/Async/Callbacks: GateProtocol GateCore GateConfig GateStore GateBackend GateCurl NIOCore Logging
Sources/GateServer/License: GateProtocol GateCore GateConfig GateStore GateCrypto GateLicense GateCurl Logging
Sources/GateServer/Support: GateProtocol GateCore NIOCore Logging CCrypto
Sources/GateAuthority: GateProtocol GateCore GateCrypto GateLicense GateStore GateTLS GateHTTP NIOCore NIOPosix NIOHTTP1 Logging GRDB
Sources/GateDemo: GateProtocol
Sources/stonegate: GateProtocol GateCore GateServer GateConfig GateAudit GateCrypto GateClient GateCurl GateDemo GateAuthority GateHTTP GateLicense GateTLS GateTerminal ArgumentParser Logging
Sources/GateClient: GateProtocol GateCurl Logging
Sources/GateTerminal: GateProtocol
Sources/gatecall: GateProtocol GateClient GateTerminal ArgumentParser
Tests/fakemcp: GateProtocol
Tests/GateTestKit: GateProtocol GateCore GateCrypto GateLicense CCrypto CTLS NIOCore NIOHPACK
Tests/chaos: GateProtocol GateTestKit GateTerminal ArgumentParser
TABLE
}

# Folder: folders whose top-level types it may not name. Only App knows all others; nothing points back to the front ends.
names_table() {
    cat <<'TABLE'
Sources/GateServer/Support: App FrontEnd Router Policy Observability Store License
Sources/GateServer/Store: App FrontEnd Router
Sources/GateServer/License: App FrontEnd Router
Sources/GateServer/Policy: App FrontEnd Router
Sources/GateServer/Observability: App FrontEnd Router
Sources/GateServer/Integrity: App FrontEnd Router
Sources/GateServer/Router: App FrontEnd
Sources/GateServer/Async: App FrontEnd
Sources/GateServer/FrontEnd/REST: App FrontEnd/MCP
Sources/GateServer/FrontEnd/MCP: App FrontEnd/REST
TABLE
}

system_modules="Foundation FoundationEssentials Glibc Musl Darwin Dispatch Synchronization os Swift Testing"

check_imports() {
    imports_table >"$scratch/imports"
    find Sources Tests/fakemcp Tests/GateTestKit -name '*.swift' 2>/dev/null | sort | tr '\n' '\0' |
        xargs -0 grep -HnE '^[[:space:]]*(@[A-Za-z_]+ +)*((public|package|internal|fileprivate|private) +)?import +' /dev/null |
        awk -v system_modules="$system_modules" -v table="$scratch/imports" '
            BEGIN {
                count = split(system_modules, list, " ")
                for (i = 1; i <= count; i++) system_of[list[i]] = 1
                while ((getline row < table) > 0) {
                    at = index(row, ":")
                    allowed[substr(row, 1, at - 1)] = " " substr(row, at + 1) " "
                }
            }
            {
                line = $0
                file = line; sub(/:.*/, "", file)
                module = line; sub(/^.*import +((struct|class|enum|protocol|func|typealias|let|var) +)?/, "", module)
                sub(/[^A-Za-z0-9_].*$/, "", module)
                if (module in system_of) next
                best = ""
                for (prefix in allowed)
                    if (index(file, prefix "/") == 1 && length(prefix) > length(best)) best = prefix
                if (best == "") { print file ": no rule for this folder; add one to Scripts/check-layers.sh"; next }
                if (index(allowed[best], " " module " ") == 0) print file ": " best " may not import " module
            }'
}

# Top-level types that a folder declares for others to use.
types_of() {
    find "$1" -name '*.swift' 2>/dev/null | tr '\n' '\0' | xargs -0 cat 2>/dev/null |
        sed -nE 's/^((public|package|internal|final|indirect|nonisolated) +)*(struct|class|enum|actor|protocol|typealias) +([A-Z][A-Za-z0-9_]*).*/\4/p' |
        sort -u
}

check_names() {
    names_table | while IFS=: read -r folder forbidden; do
        [ -d "$folder" ] || continue
        for other in $forbidden; do
            types_of "Sources/GateServer/$other" >"$scratch/types"
            [ -s "$scratch/types" ] || continue
            find "$folder" -name '*.swift' | sort | while read -r file; do
                # Comments and texts may speak of anything.
                sed -E 's/"([^"\\]|\\.)*"/""/g; s://.*$::' "$file" | grep -owF -f "$scratch/types" | sort -u |
                    while read -r name; do echo "$file: $folder may not name $name of $other"; done || true
            done
        done
    done
}

check_calls() {
    find Sources -name '*.swift' | sort | tr '\n' '\0' |
        xargs -0 grep -HnE '(^|[^A-Za-z0-9_.])(Foundation\.)?Process\(\)' /dev/null |
        sed -E 's/^([^:]*):([0-9]*):.*/\1:\2: Foundation'"'"'s Process is not used here; start children through GateBackend/' || true
}

check() {
    { check_imports; check_names; check_calls; } >"$scratch/problems" || true
    if [ -s "$scratch/problems" ]; then
        cat "$scratch/problems" >&2
        echo "check-layers: $(wc -l <"$scratch/problems" | tr -d ' ') problem(s)" >&2
        return 1
    fi
    echo "check-layers: every import and name is where it may be"
}

self_test() {
    root=$scratch/tree
    fails() { # what, expected text
        if output=$(LAYERS_ROOT=$root bash "$script" 2>&1); then
            echo "check-layers: self-test: not caught: $1" >&2
            exit 1
        fi
        case $output in
        *"$2"*) ;;
        *)
            printf 'check-layers: self-test: %s: expected "%s", got:\n%s\n' "$1" "$2" "$output" >&2
            exit 1
            ;;
        esac
    }
    plant() { # path, content
        rm -rf "$root"
        mkdir -p "$root/Sources/GateServer/FrontEnd/MCP" "$root/$(dirname "$1")"
        printf 'package struct MCPSession {}\nprivate struct Hidden {}\n' >"$root/Sources/GateServer/FrontEnd/MCP/MCPSession.swift"
        printf '%b\n' "$2" >"$root/$1"
    }
    plant Sources/GateCore/Good.swift 'package import GateProtocol\nimport Synchronization\n// import NIOCore would be wrong'
    LAYERS_ROOT=$root bash "$script" >/dev/null || { echo "check-layers: self-test: a good tree is refused" >&2; exit 1; }
    plant Sources/GateCore/Bad.swift 'import NIOCore'
    fails "NIO in GateCore" "Sources/GateCore may not import NIOCore"
    plant Sources/GateClient/Bad.swift 'package import GateServer'
    fails "the server in the SDK" "Sources/GateClient may not import GateServer"
    plant Sources/GateBackend/Bad.swift '#if os(Linux)\n    import CCurl\n#endif'
    fails "an indented import" "Sources/GateBackend may not import CCurl"
    plant Sources/GateConfig/Bad.swift 'internal import struct NIOCore.ByteBuffer'
    fails "one type of a module" "Sources/GateConfig may not import NIOCore"
    plant Sources/GateServer/Router/Bad.swift 'import CCrypto'
    fails "CCrypto outside Support" "Sources/GateServer may not import CCrypto"
    plant Sources/Newcomer/Bad.swift 'import NIOCore'
    fails "a folder without a rule" "no rule for this folder"
    plant Sources/GateServer/Router/Bad.swift 'struct Route { var session: MCPSession }'
    fails "the router naming the front end" "may not name MCPSession of FrontEnd"
    plant Sources/GateServer/Router/Good.swift '// MCPSession\nlet text = "MCPSession"\nprivate struct Hidden {}'
    LAYERS_ROOT=$root bash "$script" >/dev/null || { echo "check-layers: self-test: a comment is taken for code" >&2; exit 1; }
    plant Sources/GateBackend/Bad.swift 'let child = Process()'
    fails "Foundation's Process" "Process is not used here"
    echo "check-layers: self-test passed"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
case ${1:-} in
--self-test) self_test ;;
"") check ;;
*)
    echo "usage: check-layers.sh [--self-test]" >&2
    exit 64
    ;;
esac
