#!/bin/sh
# Installs the Debian packages that the tests drive: a browser, a database server, a firewall's
# own checker, a tracer of system calls, proxies, name servers, compilers for Windows, npm, other
# programs for codes, seeds and archives, a speller and its words. With --if-missing it acts only
# where one is missing.
set -eu

every=" postgresql"
missing=""
need() { # program package
    every="$every $2"
    PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need chromium chromium
need nft nftables
need iptables-restore iptables
need ip iproute2
need strace strace
need oathtool oathtool
need pskctool pskctool
need node nodejs
need npm npm
need dnsmasq dnsmasq-base
need squid squid
need tinyproxy tinyproxy
need danted dante-server
need microsocks microsocks
need mitmdump mitmproxy
need faketime faketime
need zip zip
need unzip unzip
need hunspell hunspell
need i686-w64-mingw32-gcc-win32 gcc-mingw-w64-i686-win32
need x86_64-w64-mingw32-gcc-win32 gcc-mingw-w64-x86-64-win32
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
words() { # dictionary package
    every="$every $2"
    [ -e "/usr/share/hunspell/$1.dic" ] || missing="$missing $2"
}
words en_GB hunspell-en-gb
words it_IT hunspell-it

if [ "${1:-}" = "--if-missing" ] && [ -z "$missing" ]; then
    exit 0
fi
packages=${missing:-"$every"}
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need these programs, and this system has no apt-get:$packages" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "Missing Debian packages:$packages" >&2
    echo "Install them with: sudo make system-deps" >&2
    exit 1
fi
echo "Installing Debian packages that the tests need:$packages"
$as_root apt-get -qq update
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq install --yes --no-install-recommends $packages >/dev/null
