# SPDX-License-Identifier: Apache-2.0
# The protocol of exec agents (doc/exec-protocol.md) in a shell's own words, in one file that travels with the agent.
# The action is in $LINHAY_ACTION, the tree in $LINHAY_WORKSPACE, plain values of the input in $LINHAY_INPUT_name.
# No other program is in the cell, and by default no second process: no pipes and no $( ).

# Makes a JSON string of a text: $quoted.
linhay_quote() {
        text=$1 quoted=
        while [ -n "$text" ]; do
                rest=${text#?}
                char=${text%"$rest"}
                text=$rest
                case $char in
                \" | \\) quoted=$quoted\\$char ;;
                [[:cntrl:]]) quoted="$quoted " ;;
                *) quoted=$quoted$char ;;
                esac
        done
        quoted=\"$quoted\"
}

# linhay_secret NAME: the first line of a secret that the manifest asks for, once: $secret. Status 1 for any other.
# A shell has descriptors of one digit: the manifest's first six.
linhay_secret() {
        secret=
        for place in $LINHAY_SECRETS; do
                if [ "$place" = "$1:${place##*:}" ]; then
                        IFS= read -r secret <&"${place##*:}" || [ -n "$secret" ]
                        return
                fi
        done
        return 1
}

# linhay_log TEXT
linhay_log() {
        linhay_quote "$1"
        printf '{"type":"log","text":%s}\n' "$quoted" >&3
}

# linhay_finding RULE SEVERITY MESSAGE PATH LINE
linhay_finding() {
        linhay_quote "$1"
        rule=$quoted
        linhay_quote "$3"
        message=$quoted
        linhay_quote "$4"
        printf '{"type":"finding","rule":%s,"severity":"%s","message":%s,"path":%s,"line":%s}\n' \
                "$rule" "$2" "$message" "$quoted" "$5" >&3
}

# linhay_output JSON: what the action gives, once
linhay_output() {
        printf '{"type":"output","value":%s}\n' "$1" >&3
}

# linhay_fail CODE MESSAGE: ends the agent
linhay_fail() {
        linhay_quote "$2"
        printf '{"type":"fail","code":"%s","message":%s}\n' "$1" "$quoted" >&3
        exit 1
}
