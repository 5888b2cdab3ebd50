# SPDX-License-Identifier: GPL-2.0-only
# Shared by the scripts of this folder (sourced, bash): where the cache is, how a cached build is named, made
# once and never seen half done. A cached build is a folder NAME-HASH under $HOSPES_CACHE (default
# ~/.cache/hospes); HASH covers every input, so a folder that exists is right and is never changed.

set -euo pipefail
umask 022
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${HOSPES_CACHE:-$HOME/.cache/hospes}
JOBS=${JOBS:-$(nproc)}
export LC_ALL=C TZ=UTC
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -c safe.directory='*' -C "$TOP" log -1 --format=%ct 2> /dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH

die() { echo "${0##*/}: $*" >&2; exit 1; }
say() { echo "${0##*/}: $*" >&2; }

# digest FILE: its SHA-256
digest() { sha256sum < "$1" | cut -c 1-64; }

# package_version PACKAGE: the installed version, or dies with what to do.
package_version() {
    dpkg-query -W -f '${Version}' "$1" 2>/dev/null || die "package $1 is missing: run scripts/setup"
}

# hash_inputs WORD...: twelve hex digits over the words; a word that is a file stands for its content.
hash_inputs() {
    local word
    for word in "$@"; do
        if [ -f "$word" ]; then sha256sum < "$word"; else echo "word $word"; fi
    done | sha256sum | cut -c 1-12
}

# cached NAME HASH FUNCTION: sets DIR to $CACHE/NAME-HASH. If it is not there, calls FUNCTION with a new empty
# folder, under a lock, and renames that folder to DIR when FUNCTION returns.
cached() {
    DIR=$CACHE/$1-$2
    [ -d "$DIR" ] && return 0
    mkdir -p "$CACHE"
    exec 9> "$CACHE/.lock-$1"
    flock 9
    if [ ! -d "$DIR" ]; then
        local part=$DIR.part
        rm -rf "$part"; mkdir -p "$part"
        "$3" "$part" >&2 9>&-
        mv "$part" "$DIR"
    fi
    exec 9>&-
}
