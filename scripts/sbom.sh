#!/usr/bin/env bash
# Writes what a build is made of as a CycloneDX 1.5 SBOM (JSON) to stdout: every Debian package, with its version, whose library the program or
# a plug-in would load, or whose headers were compiled in.
#
#   scripts/sbom.sh [BUILD]      BUILD: build/release
#
# The same build gives the same text: the time in it is SOURCE_DATE_EPOCH, or the commit's.
# Exit codes: 0 written, 1 a library belongs to no package, 2 wrong argument, 4 nothing is built there, or this is no Debian.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
case ${1:-} in
  -h | --help) script_help; exit 0 ;;
  -*) die "$EXIT_USAGE" "unknown flag $1" ;;
esac
cd "$RUNNER_ROOT"
build=${1:-build/$RUNNER_PRESET}
[ -x "$build/runner" ] || die "$EXIT_ENVIRONMENT" "no runner in $build; build it with scripts/build.sh"
command -v dpkg-query >/dev/null || die "$EXIT_ENVIRONMENT" "dpkg-query is missing: packages are Debian's"

# Files on stdin → "PACKAGE FILE" lines. Debian moved /lib to /usr/lib, dpkg may know a file by either name.
owners() {
  grep -xFf <(sed -E 'p;s:^/usr::') -- /var/lib/dpkg/info/*.list | sed -E 's:^.*/([^/]*)\.list\:(/usr)?(/.*):\1 /usr\3:' | sort -u
}

mapfile -t binaries < <(find "$build" -maxdepth 1 \( -name runner -o -name 'librunner_*.so' \) | sort)
libraries=$(ldd "${binaries[@]}" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | grep -v -F "$(readlink -f "$build")/" | xargs -n1 readlink -f | sort -u)
owned=$(owners <<<"$libraries")
linked=$(cut -d' ' -f1 <<<"$owned" | sort -u)
strays=$(comm -13 <(cut -d' ' -f2 <<<"$owned" | sort -u) <(sed -E 's:^(/usr)?:/usr:' <<<"$libraries" | sort -u))
[ -z "$strays" ] || die 1 "of no Debian package: $strays"
# Which headers: the build's own notes.
compiled=$(ninja -C "$build" -t deps 2>/dev/null | awk '$1 ~ /^\/usr\// {print $1}' | sort -u | owners | cut -d' ' -f1 | sort -u)

version=$(sed -nE 's/^project\(runner VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
distribution=$(. /etc/os-release && printf '%s-%s' "$ID" "${VERSION_ID:-testing}")

component() { # PACKAGE HOW: as a line of JSON
  dpkg-query -W -f "\${Package} \${Version} \${Architecture}\n" "$1" | while read -r name number architecture; do
    printf '    {"type": "library", "bom-ref": "%s", "name": "%s", "version": "%s", "purl": "pkg:deb/debian/%s@%s?arch=%s&distro=%s", "properties": [{"name": "runner:use", "value": "%s"}]}' \
      "$name" "$name" "$number" "$name" "${number//:/%3A}" "$architecture" "$distribution" "$2"
  done
}

lines=()
for package in $linked; do lines+=("$(component "$package" linked)"); done
for package in $compiled; do
  grep -qxF "$package" <<<"$linked" || lines+=("$(component "$package" "headers compiled in")")
done
cat <<JSON
{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "version": 1,
  "metadata": {
    "timestamp": "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)",
    "component": {"type": "application", "bom-ref": "runner", "name": "runner", "version": "$version", "properties": [{"name": "runner:commit", "value": "$commit"}]}
  },
  "components": [
$(printf '%s\n' "${lines[@]}" | sort | sed '$!s/$/,/')
  ]
}
JSON
