# An agent: one action that answers, one that reads the workspace. See README.md beside this file.
set -eu
. "${0%/*}/linhay.sh"

greet() {
        linhay_log "greeting $LINHAY_INPUT_name"
        linhay_quote "$LINHAY_INPUT_name"
        linhay_output "{\"greeting\":\"Hello\",\"name\":$quoted}"
}

# One file: counts its lines and reports those that are too long to be read.
look_at() {
        number=0
        while IFS= read -r line || [ -n "$line" ]; do
                number=$((number + 1))
                if [ ${#line} -gt "$LINHAY_INPUT_longest" ]; then
                        linhay_finding style/long-line info "The line is too long to be read" \
                                "${1#"$LINHAY_WORKSPACE"/}" $number
                fi
        done <"$1"
        lines=$((lines + number))
}

# Folders are walked one in the other, so the names of a call are in its own arguments.
walk() {
        for path in "$1"/*; do
                if [ -L "$path" ]; then
                        continue
                elif [ -f "$path" ]; then
                        files=$((files + 1))
                        look_at "$path"
                elif [ -d "$path" ]; then
                        walk "$path"
                fi
        done
}

count() {
        files=0 lines=0
        walk "$LINHAY_WORKSPACE"
        linhay_output "{\"files\":$files,\"lines\":$lines}"
}

case "$LINHAY_ACTION" in
greet) greet ;;
count) count ;;
esac
