#!/usr/bin/env bash
# Compiles every kernels/<operation>/*.c to .wasm beside it, or into the folder given as $1, and writes down how.
# The .wasm files are committed; tests rebuild and compare them where the same clang is present.
set -euo pipefail
kernels="$(cd "$(dirname "$0")" && pwd)"
out="${1:-$kernels}"
cc="${CLANG:-clang}"
flags=(--target=wasm32 -O3 -msimd128 -ffreestanding -fno-builtin -fno-math-errno -ffp-contract=off -nostdlib
  -Wall -Wextra -Werror -Wl,--no-entry -Wl,--export=__heap_base -Wl,--max-memory=4294967296 -Wl,--strip-all)
# Searches run on a memory that several threads share; each instance is given its own stack.
threads=(-matomics -mbulk-memory -mmutable-globals -Wl,--import-memory -Wl,--shared-memory
  -Wl,--export=__stack_pointer -Wl,-z,stack-size=16384)
threaded=' nearest within intersections mmd '
cd "$kernels"
for source in */*.c; do
  operation="$(dirname "$source")"
  mkdir -p "$out/$operation"
  extra=()
  [[ "$threaded" == *" $operation "* ]] && extra=("${threads[@]}")
  "$cc" "${flags[@]}" "${extra[@]}" -o "$out/${source%.c}.wasm" "$source"
done
{
  "$cc" --version | head -n 1
  echo "clang ${flags[*]} -o OPERATION.wasm OPERATION.c"
  echo "for$threaded""also: ${threads[*]}"
} > "$out/BUILD.txt"
