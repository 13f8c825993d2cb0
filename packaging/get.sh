#!/bin/sh
# Puts the program of a release into a folder: get.sh DOWNLOADS VERSION OUT
# DOWNLOADS is the folder of the release's files, an address or a path. The archive must have the checksum of SHA256SUMS.
set -eu
downloads=$1 version=$2 out=$3
name=scopetrim-$version-x86_64-unknown-linux-musl.tar.gz
mkdir -p "$out"
for file in SHA256SUMS "$name"; do
    case $downloads in
    http://* | https://*) curl --fail --silent --show-error --location --proto '=https' --output "$out/$file" "$downloads/$file" ;;
    *) cp "$downloads/$file" "$out/$file" ;;
    esac
done
cd "$out"
grep "^[0-9a-f]\{64\} [ *]$name\$" SHA256SUMS >this.sum
sha256sum --check --quiet this.sum
tar -xzf "$name" --strip-components=1 "${name%.tar.gz}/scopetrim"
rm -f "$name" this.sum SHA256SUMS
