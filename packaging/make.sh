#!/bin/sh
# Writes the descriptions of a release for Homebrew and Debian:
#   make.sh VERSION SHA256SUMS HOMEPAGE DOWNLOADS OUT
# DOWNLOADS is the address of the folder that holds the archives that SHA256SUMS names.
set -eu
version=$1 sums=$2 homepage=$3 downloads=$4 out=$5
here=$(cd "$(dirname "$0")" && pwd)
case $version in
"" | *[!0-9A-Za-z.+~-]*)
    echo "make.sh: \`$version\` is no version" >&2
    exit 2
    ;;
esac

# The checksum of one archive; without it there is no description.
sum() {
    found=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]scopetrim-$version-$1\$/\1/p" "$sums")
    if [ -z "$found" ]; then
        echo "make.sh: $sums has no checksum of scopetrim-$version-$1" >&2
        exit 2
    fi
    printf '%s' "$found"
}

linux=$(sum x86_64-unknown-linux-musl.tar.gz)
mac_arm=$(sum aarch64-apple-darwin.tar.gz)
mac_intel=$(sum x86_64-apple-darwin.tar.gz)

fill() {
    sed -e "s|@VERSION@|$version|g" -e "s|@HOMEPAGE@|$homepage|g" -e "s|@DOWNLOADS@|$downloads|g" \
        -e "s|@LINUX@|$linux|g" -e "s|@MAC_ARM@|$mac_arm|g" -e "s|@MAC_INTEL@|$mac_intel|g" "$1"
}

mkdir -p "$out/debian"
fill "$here/scopetrim.rb.in" >"$out/scopetrim.rb"
fill "$here/debian-control.in" >"$out/debian/control"
