#!/bin/sh
# Fetches firmware and guest systems from the host's package archive, without root, into guests/cache.
#
#   guests/fetch.sh          firmware and the default guest (Debian's amd64 kernel with BusyBox)
#   guests/fetch.sh --all    also what the tests boot: i386 kernels, GRUB, ISOLINUX, iPXE, memtest86+, the installer
#
# What is there already is left alone. Needs apt-get, dpkg-deb and package lists ("apt-get update" as
# root once); without them it says so and exits 1. Uses the java of JAVA_HOME (25 or later).
set -u
here=$(cd "$(dirname "$0")" && pwd)
cache=${TRIVIUM_GUESTS:-$here/cache}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
failed=0

say() { printf 'guests: %s\n' "$*" >&2; }

command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || {
    say "no apt-get and dpkg-deb on this host: put bios-256k.bin, vgabios-stdvga.bin, vmlinuz-amd64 and initrd-amd64.gz into $cache yourself"
    exit 1
}
mkdir -p "$cache/packages" || exit 1

# unpack PACKAGE: downloads it and unpacks it to $cache/packages/PACKAGE
unpack() {
    package=$1
    folder=$cache/packages/$(printf '%s' "$package" | tr ':' '-')
    [ -d "$folder" ] && return 0
    rm -rf "$folder.part" && mkdir -p "$folder.part" || return 1
    # apt refuses its sandbox user in folders that user cannot reach; this download needs no privilege.
    if ! (cd "$folder.part" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$package" >/dev/null 2>"$cache/apt.log"); then
        say "cannot download $package: $(tail -n 1 "$cache/apt.log")"
        say "(have the package lists been fetched? as root: apt-get update)"
        rm -rf "$folder.part"
        return 1
    fi
    for deb in "$folder.part"/*.deb; do
        dpkg-deb -x "$deb" "$folder.part" || return 1
        rm -f "$deb"
    done
    mv "$folder.part" "$folder"
}

# take PACKAGE PATH NAME: the file PATH of PACKAGE becomes $cache/NAME; the host's own copy is taken if it is there
take() {
    [ -s "$cache/$3" ] && return 0
    if [ -s "/$2" ]; then
        cp -L "/$2" "$cache/$3" && return 0
    fi
    unpack "$1" && cp -L "$cache/packages/$(printf '%s' "$1" | tr ':' '-')/$2" "$cache/$3" && return 0
    failed=1
}

# kernel META ARCH NAME: the kernel that the meta package depends on becomes $cache/vmlinuz-NAME
kernel() {
    [ -s "$cache/vmlinuz-$3" ] && return 0
    real=$(apt-cache depends "$1:$2" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9][^: ]*\).*/\1/p' | head -n 1)
    if [ -z "$real" ]; then
        say "no package $1 for $2 in the package lists"
        failed=1
        return 1
    fi
    unpack "$real:$2" && cp "$cache/packages/$real-$2"/boot/vmlinuz-* "$cache/vmlinuz-$3" || failed=1
}

# initrd ARCH NAME: BusyBox with an inittab becomes $cache/initrd-NAME.gz, with the kernel's modules for the power button
initrd() {
    [ -s "$cache/initrd-$2.gz" ] && [ "$cache/initrd-$2.gz" -nt "$here/initrd/etc/init.d/rcS" ] && return 0
    # shellcheck disable=SC2046  # module paths have no blanks
    unpack "busybox-static:$1" &&
        "$java" "$here/MakeInitrd.java" "$cache/packages/busybox-static-$1/bin/busybox" "$here/initrd" "$cache/initrd-$2.gz" \
            $(find "$cache/packages"/linux-image-*"-$2-$1"/lib/modules -name button.ko -o -name evdev.ko) || failed=1
}

take seabios usr/share/seabios/bios-256k.bin bios-256k.bin
take seabios usr/share/seabios/vgabios-stdvga.bin vgabios-stdvga.bin
kernel linux-image-amd64 amd64 amd64
initrd amd64 amd64

if [ "${1:-}" = --all ]; then
    if dpkg --print-foreign-architectures | grep -qx i386; then
        kernel linux-image-686 i386 686
        kernel linux-image-686-pae i386 686-pae
        initrd i386 686
        initrd i386 686-pae
    else
        say "no i386 packages on this host (as root: dpkg --add-architecture i386 && apt-get update): i386 guests are left out"
    fi
    take isolinux usr/lib/ISOLINUX/isolinux.bin isolinux.bin
    take syslinux-common usr/lib/syslinux/modules/bios/ldlinux.c32 ldlinux.c32
    take ipxe usr/lib/ipxe/ipxe.iso ipxe.iso
    take ipxe usr/lib/ipxe/ipxe.lkrn ipxe.lkrn
    take memtest86+ boot/memtest86+x64.bin memtest86+x64.bin
    take memtest86+ usr/lib/memtest86+/memtest86+x64.iso memtest86+x64.iso
    take debian-installer-12-netboot-amd64 usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/linux installer-linux
    take debian-installer-12-netboot-amd64 usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64/initrd.gz installer-initrd.gz
    unpack grub-pc-bin || failed=1
fi
exit $failed
