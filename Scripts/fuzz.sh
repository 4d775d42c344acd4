#!/usr/bin/env bash
# Runs libFuzzer over each of the readers for SECONDS_EACH seconds (60), or over the ones that are named.
# What it finds lies in .build-fuzz/findings; put it into Tests/fuzz/corpus when it has been mended.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(json envelope events lines head session chunked config query url token jwt state pattern)
export STONEGATE_FUZZER=1
swift build -c release --scratch-path .build-fuzz --product fuzz \
    -Xswiftc -sanitize=fuzzer -Xswiftc -Xcc -Xswiftc -fsanitize=fuzzer-no-link
program=$(swift build -c release --scratch-path .build-fuzz --show-bin-path)/fuzz
mkdir -p .build-fuzz/findings
for target in "${targets[@]}"; do
    printf '\n==> %s, %s s\n' "$target" "$seconds"
    mkdir -p ".build-fuzz/grown/$target"
    STONEGATE_FUZZ=$target "$program" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix=".build-fuzz/findings/$target-" ".build-fuzz/grown/$target" "Tests/fuzz/corpus/$target" 2>&1 |
        grep -E 'stat::number_of_executed_units|stat::peak_rss_mb|ERROR|Fatal|Test unit written|DONE|cov:' | tail -4
done
