#!/usr/bin/env bash
# Compiles every kernels/<operation>/*.cu to .fatbin beside it, or into the folder given as $1, and writes down how and
# from which sources. The .fatbin files are committed; tests compare the sources' hashes, and where the same nvcc is
# present they rebuild and compare.
#
#     bash kernels/build-cuda.sh /tmp/kernels    # leaves the committed files as they are
#     bash kernels/build-cuda.sh --check         # only says whether nvcc, and clang for build.sh, are there
#
# nvcc needs no GPU. Without the CUDA toolkit it comes from PyPI: nvidia-cuda-nvcc, nvidia-cuda-crt, nvidia-nvvm,
# nvidia-cuda-runtime, nvidia-cuda-cccl, all 13.0.*; then NVCC=<site-packages>/nvidia/cu13/bin/nvcc.
set -euo pipefail
kernels="$(cd "$(dirname "$0")" && pwd)"
nvcc="${NVCC:-nvcc}"
if ! command -v "$nvcc" >/dev/null; then
  echo "build-cuda.sh: there is no $nvcc. Install the CUDA 13.0 toolkit, or name the compiler in NVCC; see the head of this file." >&2
  exit 1
fi
if [ "${1:-}" = --check ]; then
  command -v "${CLANG:-clang}" >/dev/null && exit
  echo "build-cuda.sh: there is no ${CLANG:-clang}, which build.sh needs. Install it, or name the compiler in CLANG." >&2
  exit 1
fi
out="${1:-$kernels}"
flags=(-std=c++17 -O3 -Werror all-warnings --compress-mode=size)
# Machine code for every generation that CUDA 13 knows, and PTX from which a driver makes code for later ones.
targets=()
for capability in 75 80 86 89 90 100 120; do
  targets+=(-gencode "arch=compute_$capability,code=sm_$capability")
done
targets+=(-gencode "arch=compute_120,code=compute_120")
# Instructions of one generation alone.
declare -A only=([probe/wgmma]="90a")

mkdir -p "$out"
cd "$kernels"
{
  "$nvcc" --version | sed -n 's/^Cuda compilation tools, //p'
  echo "nvcc ${flags[*]} ${targets[*]} -fatbin"
  for source in */*.cu; do
    name="${source%.cu}"
    mkdir -p "$out/$(dirname "$source")"
    code=("${targets[@]}")
    if [[ -n "${only[$name]:-}" ]]; then code=(-gencode "arch=compute_${only[$name]},code=sm_${only[$name]}"); fi
    "$nvcc" "${flags[@]}" "${code[@]}" -fatbin -o "$out/$name.fatbin" "$source" >&2
    mapfile -t sources < <("$nvcc" -std=c++17 -M "$source" | tr ' \\' '\n\n' | grep -v -e : -e '\.o$' | sed '/^$/d' | xargs realpath |
      sed -n "s|^$kernels/||p" | LC_ALL=C sort -u)
    echo "$name.fatbin $(cat "${sources[@]}" | sha256sum | cut -d ' ' -f 1) ${sources[*]}"
  done
} > "$out/BUILD-CUDA.txt.part"
mv "$out/BUILD-CUDA.txt.part" "$out/BUILD-CUDA.txt"
