# Sourced by the other scripts, from the root of the source tree: messages and installing of packages.

say() { printf '==> %s\n' "$*" >&2; }
die() {
        printf 'error: %s\n' "$*" >&2
        exit 1
}

# The packages of the groups given, out of the one list.
packages_of() {
        local groups=" $* " name group
        while read -r name group; do
                case "$name" in '' | '#'*) continue ;; esac
                case "$groups" in *" ${group:-build} "*) printf '%s\n' "$name" ;; esac
        done <scripts/packages
}

is_installed() {
        [ "$1" = npm ] && command -v npm >/dev/null && return 0
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_of() {
        local p
        for p in $(packages_of "$@"); do is_installed "$p" || printf '%s\n' "$p"; done
}

# Runs apt-get as root, or fails where there is no way to become root without a question.
as_root() {
        if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
can_install() {
        [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}
apt_install() {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                --no-remove "$@" >&2
}

# Installs what is missing of the groups given. `optional` packages are tried one by one and may fail; no
# package of the user's is ever removed for them.
need_packages() {
        local missing optional p
        missing=$(missing_of "$@" | tr '\n' ' ')
        optional=$(missing_of optional | tr '\n' ' ')
        [ -n "$missing$optional" ] || return 0
        if ! can_install; then
                [ -n "$missing" ] || return 0
                printf 'error: packages are missing, and they cannot be installed without root. Run this line, then this script again:\n\n  sudo apt-get install -y --no-install-recommends %s\n\n' \
                        "$missing$optional" >&2
                exit 1
        fi
        say "installing: $missing$optional"
        as_root apt-get update -qq >&2 || say "the package lists could not be refreshed; going on with those that are here"
        # shellcheck disable=SC2086
        [ -z "$missing" ] || apt_install $missing || die "apt-get could not install: $missing"
        for p in $optional; do
                apt_install "$p" || say "$p is not installed: linhay is built without it"
        done
}

# One program at a time builds in a folder, until it ends; those that it calls need not ask again.
lock_build() {
        local build=$1 lock
        case ":${LINHAY_BUILD_LOCKED:-}:" in *":$PWD/$build:"*) return ;; esac
        mkdir -p "$build"
        exec {lock}>"$build/.lock"
        flock -n "$lock" || {
                say "waiting for another program that builds in $build/"
                flock "$lock"
        }
        export LINHAY_BUILD_LOCKED="${LINHAY_BUILD_LOCKED:-}:$PWD/$build"
}

# Makes configure, then configures the folder, each only when needed.
configure_tree() {
        local build=$1
        shift
        if [ ! -x configure ] || [ configure.ac -nt configure ]; then
                say "making configure"
                autoreconf -fi >/dev/null 2>&1 || autoreconf -fi
        fi
        if [ ! -f "$build/Makefile" ] || [ configure -nt "$build/config.status" ] ||
                [ "$(cat "$build/.configured" 2>/dev/null)" != "$*" ]; then
                say "configuring $build/ $*"
                mkdir -p "$build"
                # By a relative path, so that a copy of the tree can go on with its copied build folder.
                (cd "$build" && "$(realpath --relative-to=. "$OLDPWD")/configure" -q "$@" >configure.log 2>&1) || {
                        tail -n 20 "$build/configure.log" >&2
                        die "configure failed; the whole log is $build/config.log"
                }
                grep -h 'Hyperscan' "$build/configure.log" >&2 || true
                printf '%s' "$*" >"$build/.configured"
        fi
}
