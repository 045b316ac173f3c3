# SPDX-License-Identifier: Apache-2.0
# Reports the lines of a tree that are too long to be read. The shell's own words do all of it.
set -eu
. "${0%/*}/linhay.sh"

look_at() {
        number=0
        while IFS= read -r line || [ -n "$line" ]; do
                number=$((number + 1))
                length=${#line}
                if [ "$length" -gt "$longest" ]; then
                        longest=$length
                fi
                if [ "$length" -gt "$LINHAY_INPUT_most" ]; then
                        linhay_finding style/long-line info "The line has $length bytes" \
                                "${1#"$LINHAY_WORKSPACE"/}" "$number"
                fi
        done <"$1"
        files=$((files + 1))
        lines=$((lines + number))
}

walk() {
        for path in "$1"/*; do
                if [ -L "$path" ]; then
                        continue
                elif [ -d "$path" ]; then
                        walk "$path"
                elif [ -f "$path" ]; then
                        case $path in
                        *"$LINHAY_INPUT_suffix") look_at "$path" ;;
                        esac
                fi
        done
}

files=0 lines=0 longest=0
walk "$LINHAY_WORKSPACE"
linhay_output "{\"files\":$files,\"lines\":$lines,\"longest\":$longest}"
