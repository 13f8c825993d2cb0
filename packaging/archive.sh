#!/bin/sh
# Packs a built program: archive.sh VERSION TARGET FOLDER-OF-THE-PROGRAM OUT
# The archive holds the program, the samples, manual pages, completions and the licences, so that the README's
# first commands work in it.
set -eu
version=$1 target=$2 built=$3 out=$4
root=$(cd "$(dirname "$0")/.." && pwd)
name=scopetrim-$version-$target
case $target in *windows*) program=scopetrim.exe ;; *) program=scopetrim ;; esac
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/completions" "$work/$name/man"
cp "$built/$program" "$work/$name/"
cp "$root/README.md" "$root/CHANGELOG.md" "$root/LICENSE-APACHE" "$root/LICENSE-MIT" "$work/$name/"
cp -R "$root/docs" "$root/samples" "$work/$name/"
# The program for another machine cannot say these itself.
if "$built/$program" --version >/dev/null 2>&1; then
    for shell in bash elvish fish powershell zsh; do
        "$built/$program" completions "$shell" >"$work/$name/completions/scopetrim.$shell"
    done
    "$built/$program" man --out "$work/$name/man" >/dev/null
fi
case $target in
*windows*)
    if command -v 7z >/dev/null; then
        (cd "$work" && 7z a -bso0 "$out/$name.zip" "$name")
    else
        (cd "$work" && zip -qr "$out/$name.zip" "$name")
    fi
    ;;
*)
    # With GNU tar equal files give equal bytes.
    if tar --version 2>/dev/null | grep -q GNU; then
        same="--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner"
    else
        same=""
    fi
    # shellcheck disable=SC2086 # several words, or none
    (cd "$work" && tar $same -cf - "$name" | gzip -9n >"$out/$name.tar.gz")
    ;;
esac
