#!/usr/bin/env bash
# Gives the installed onnxruntime-node its CUDA provider, on Linux x64:
#
#     bash scripts/ort-cuda.sh [--wheel FILE] [--into FOLDER]
#
# The npm package holds ONNX Runtime without that provider, and its own install script fetches the one for CUDA 12. PyPI's
# onnxruntime-gpu of the same version is built from the same commit for CUDA 13; two files of its wheel (250 MB) are put
# beside the package's libonnxruntime.so.1. What else is needed, and what was seen working: docs/onnx-runtime-gpu.md.
#
#   --wheel FILE    a wheel that was downloaded before, instead of asking pip
#   --into FOLDER   another onnxruntime-node than the one that Assayer finds: in node_modules of its folder or of one above
#   --help          shows this
set -euo pipefail

# Of the wheel for CPython 3.11 of each version that was looked at; the provider does not depend on Python.
declare -A WHEEL_SHA256=(
  [1.30.0]=4fbf0c5d7b5fb99266c2e8a802e3e64af68bdc383e0f3c7349b985f1087eedaa
)

fail() {
  echo "ort-cuda: $1" >&2
  exit 1
}

assayer="$(dirname "$(dirname "$(readlink -f "$0")")")"
wheel=
package=
while [ $# -gt 0 ]; do
  case "$1" in
    --wheel | --into) [ $# -ge 2 ] || fail "$1 needs a value" ;;
    -h | --help)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
      exit
      ;;
    *) fail "$1 is not an option; use --wheel FILE, --into FOLDER or --help" ;;
  esac
  case "$1" in
    --wheel) wheel=$2 ;;
    --into) package=$2 ;;
  esac
  shift 2
done

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "the CUDA provider exists for Linux x64, not for $(uname -s) $(uname -m)"
command -v python3 >/dev/null || fail "python3 is not there; it downloads and unpacks the wheel"
if [ -z "$package" ]; then
  # As Node looks for it: npm puts it beside Assayer where that is itself in a node_modules.
  above=$assayer
  while [ ! -f "$above/node_modules/onnxruntime-node/package.json" ]; do
    [ "$above" != / ] || fail "there is no onnxruntime-node for $assayer; run npm ci first, or name its folder with --into"
    above=$(dirname "$above")
  done
  package="$above/node_modules/onnxruntime-node"
fi
[ -f "$package/package.json" ] || fail "$package is not there; name the folder of onnxruntime-node with --into"
version=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["version"])' "$package/package.json")
expected=${WHEEL_SHA256[$version]:-}
[ -n "$expected" ] || fail "onnxruntime-node is $version, which this script does not know; add the wheel's SHA-256 to it"
libraries="$package/bin/napi-v6/linux/x64"
[ -f "$libraries/libonnxruntime.so.1" ] || fail "$libraries has no libonnxruntime.so.1; run npm ci again"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$wheel" ]; then
  python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip; install it, or give the wheel with --wheel"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
    --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 --dest "$work" "onnxruntime-gpu==$version" ||
    fail "pip could not download onnxruntime-gpu $version"
  wheel=$(echo "$work"/*.whl)
fi
[ -f "$wheel" ] || fail "$wheel is not there"
found=$(sha256sum "$wheel" | cut -d ' ' -f 1)
[ "$found" = "$expected" ] || fail "$wheel has SHA-256 $found, not $expected: it is another version, or damaged"

# The providers are C++ libraries that talk to the core through structures of its own: core and providers must be of one build.
python3 - "$wheel" "$libraries" "$version" "$work" <<'PYTHON' || fail "nothing was installed"
import pathlib, re, shutil, sys, zipfile

wheel, libraries, version, work = sys.argv[1:]
libraries, work = pathlib.Path(libraries), pathlib.Path(work)


def commit(data, where):
    match = re.search(rb"ORT Build Info: git-branch=[^,]*, git-commit-id=([0-9a-f]+)", data)
    if not match:
        sys.exit(f"ort-cuda: {where} does not say which commit it was built from")
    return match.group(1).decode()


with zipfile.ZipFile(wheel) as archive:
    core = archive.read(f"onnxruntime/capi/libonnxruntime.so.{version}")
    theirs = commit(core, wheel)
    ours = commit((libraries / "libonnxruntime.so.1").read_bytes(), libraries / "libonnxruntime.so.1")
    if ours != theirs:
        sys.exit(f"ort-cuda: npm's library is built from commit {ours}, the wheel's from {theirs}; they do not fit")
    for name in ("libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"):
        # Renamed into place, so that no half file is ever found under the name.
        partial = libraries / (name + ".partial")
        with archive.open(f"onnxruntime/capi/{name}") as source, open(partial, "wb") as target:
            shutil.copyfileobj(source, target)
        partial.rename(libraries / name)
        print(f"{libraries / name}: {(libraries / name).stat().st_size} bytes")
print(f"ONNX Runtime {version}, commit {ours}: core and CUDA provider fit")
PYTHON
