#!/bin/sh
# Rebuilds src/deskside/web/static from src/deskside/web/design. Needs node,
# npm and Python; run it to upgrade what is vendored or after editing the style sheets.
# The product itself has no build step: the results are committed.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
design=$root/src/deskside/web/design
static=$root/src/deskside/web/static
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT HUP INT TERM

cp "$design/package.json" "$work/"
if [ "${1:-}" = "--upgrade" ]; then
  (cd "$work" && npm install --omit=optional --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved)
  cp "$work/package-lock.json" "$design/package-lock.json"
else
  cp "$design/package-lock.json" "$work/"
  (cd "$work" && npm ci --omit=optional --ignore-scripts --no-audit --no-fund)
fi

modules=$work/node_modules
"$modules/.bin/sass" --no-source-map --style=compressed --no-charset \
  --load-path="$modules" "$design/theme.scss" "$static/deskside.css"
if grep -qiE 'GDS Transport|crest|crown|url\(["'"'"']?(https?:|data:|/assets)' "$static/deskside.css"; then
  echo "vendor-design: the style sheet carries a mark or an address of somebody else" >&2
  exit 1
fi

mkdir -p "$static/fonts"
cp "$modules/htmx.org/dist/htmx.min.js" "$static/htmx.min.js"
# A first visit carries the fonts: only the weights and letters that our texts have. Letters of
# other languages, as in names, are in a file by themselves, fetched where they stand.
python3 -m venv "$work/fonts" && "$work/fonts/bin/pip" install --quiet fonttools brotli
cut_down() { # to, from, weights, letters
  "$work/fonts/bin/fonttools" varLib.instancer --quiet --output="$work/$1.ttf" \
    "$modules/@fontsource-variable/$2/files/$2-latin-wght-normal.woff2" "wght=$3"
  "$work/fonts/bin/pyftsubset" "$work/$1.ttf" --flavor=woff2 --output-file="$static/fonts/$1.woff2" \
    --unicodes="$4" --layout-features=kern,tnum --no-hinting --desubroutinize
}
ours=U+20-7E,U+A0,U+AB,U+B7,U+BB,U+C8,U+E0,U+E8,U+E9,U+EC,U+F2,U+F9
ours=$ours,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2026,U+203A,U+20AC,U+2192,U+22EF
cut_down geist geist 400:600 "$ours"
cut_down geist-more geist 400:600 U+A1-AA,U+AC-B6,U+B8-BA,U+BC-C7,U+C9-DF,U+E1-E7,U+EA,U+EB,U+ED-F1,U+F3-F8,U+FA-FF
cut_down geist-mono geist-mono 450 "$ours"
cp "$modules/@fontsource-variable/doto/files/doto-latin-wght-normal.woff2" "$static/fonts/doto.woff2"

version() { node -p "require('$modules/$1/package.json').version"; }
section() { printf '\n%s\n%s\n\n' "$1" "$(printf '%s' "$1" | tr -c '' '=')"; cat "$2"; }
{
  echo "Vendored works in this folder and their licences. deskside.js, logo.svg and"
  echo "favicon.svg are Deskside's own and carry the licence of the repository."
  section "GOV.UK Frontend $(version govuk-frontend) (compiled into deskside.css, without its typeface, crest and brand)" "$design/licences/govuk-frontend.txt"
  section "htmx $(version htmx.org) (htmx.min.js)" "$modules/htmx.org/LICENSE"
  section "Geist $(version @fontsource-variable/geist) (fonts/geist.woff2)" "$modules/@fontsource-variable/geist/LICENSE"
  section "Geist Mono $(version @fontsource-variable/geist-mono) (fonts/geist-mono.woff2)" "$modules/@fontsource-variable/geist-mono/LICENSE"
  section "Doto $(version @fontsource-variable/doto) (fonts/doto.woff2)" "$modules/@fontsource-variable/doto/LICENSE"
} > "$static/LICENSES.txt"

for name in deskside.css htmx.min.js deskside.js; do
  printf '%-14s %7s bytes, %6s gzip\n' "$name" "$(wc -c < "$static/$name")" "$(gzip -9c "$static/$name" | wc -c)"
done
