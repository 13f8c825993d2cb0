#!/bin/sh
# Makes a Debian package of a Linux archive: deb.sh FOLDER-OF-CONTROL ARCHIVE OUT
set -eu
control=$1 archive=$2 out=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/archive" "$work/root/DEBIAN" "$out"
tar -xzf "$archive" -C "$work/archive" --strip-components=1
cp "$control/control" "$work/root/DEBIAN/control"
doc=$work/root/usr/share/doc/scopetrim
mkdir -p "$doc" "$work/root/usr/bin" "$work/root/usr/share/man/man1" "$work/root/usr/share/bash-completion/completions" \
    "$work/root/usr/share/zsh/vendor-completions" "$work/root/usr/share/fish/vendor_completions.d"
install -m 755 "$work/archive/scopetrim" "$work/root/usr/bin/scopetrim"
for page in "$work/archive"/man/*.1; do
    gzip -9nc "$page" >"$work/root/usr/share/man/man1/${page##*/}.gz"
done
install -m 644 "$work/archive/completions/scopetrim.bash" "$work/root/usr/share/bash-completion/completions/scopetrim"
install -m 644 "$work/archive/completions/scopetrim.zsh" "$work/root/usr/share/zsh/vendor-completions/_scopetrim"
install -m 644 "$work/archive/completions/scopetrim.fish" "$work/root/usr/share/fish/vendor_completions.d/scopetrim.fish"
cp -R "$work/archive/README.md" "$work/archive/docs" "$work/archive/samples" "$doc/"
{ cat "$work/archive/LICENSE-MIT"; echo; cat "$work/archive/LICENSE-APACHE"; } >"$doc/copyright"
gzip -9nc "$work/archive/CHANGELOG.md" >"$doc/changelog.gz"
find "$work/root" -type d -exec chmod 755 {} +
find "$doc" -type f -exec chmod 644 {} +
version=$(sed -n 's/^Version: //p' "$control/control")
dpkg-deb --root-owner-group --build "$work/root" "$out/scopetrim_${version}_amd64.deb"
