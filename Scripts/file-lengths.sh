#!/usr/bin/env bash
# Reports how long the source files are; a file over 400 lines fails unless its first line is a comment that says why.
set -euo pipefail
cd "$(dirname "$0")/.."
find Sources Tests -name '*.swift' | sort | while read -r file; do
    printf '%d %s\n' "$(wc -l <"$file")" "$file"
done | sort -n | awk '
    { length_of[NR] = $1; file_of[NR] = $2 }
    END {
        if (NR == 0) exit
        printf "file lengths: %d files, median %d, 95%% under %d, longest %d (%s)\n", NR,
            length_of[int((NR + 1) / 2)], length_of[int(NR * 0.95 + 0.5)], length_of[NR], file_of[NR]
        for (i = 1; i <= NR; i++) if (length_of[i] > 400) {
            getline first < file_of[i]
            if (first !~ /^\/\// || first ~ /swift-tools-version/) {
                printf "%s: %d lines: split it, or say why in a comment on its first line\n", file_of[i], length_of[i]
                bad = 1
            }
        }
        exit bad
    }'
