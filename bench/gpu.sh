#!/usr/bin/env bash
# Checks and measures training on a graphics card, on a machine that has a driver and nothing else: no Node,
# no registry, no network.
#   bench/gpu.sh pack [FILE]        here: makes the bundle (default: shoal-gpu.tgz), at most 60 MB
#   bench/gpu.sh [FILE] [OPTION…]   there: unpacks it, runs the checks, then bench/compute.ts with the options
#   bench/gpu.sh --help             this
# The bundle holds this script, too: `tar xzf shoal-gpu.tgz && shoal-gpu/gpu.sh` is the same.
# VK_ICD_FILENAMES chooses another driver, /usr/lib/chromium/vk_swiftshader_icd.json a software one.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
limit=$((60 * 1000 * 1000))

pack() {
  local root target file package
  file="$(realpath -m "${1:-shoal-gpu.tgz}")"
  root="$(cd "$here/.." && pwd)"
  [[ -f $root/dist/bench/gpu-check.js ]] || { echo "gpu.sh: dist/bench (missing): npm run build makes it" >&2; exit 2; }
  scratch="$(mktemp -d)"
  trap 'rm -rf "$scratch"' EXIT
  target="$scratch/shoal-gpu"
  mkdir -p "$target/lib" "$target/spare" "$target/dist"
  cp "$here/gpu.sh" "$target/"
  cp "$root/package.json" "$target/"
  (cd "$root/dist" && find shared peer-node bench test/training/operation*.js -name '*.map' -prune -o -type f -print0 |
    tar --null -cf - -T -) | tar -xf - -C "$target/dist"
  cp "$(node -p process.execPath)" "$target/node"
  strip "$target/node"
  cp -L "$(library libvulkan.so.1)" "$target/lib/"
  # Only for machines whose own are too old for this Node.
  cp -L "$(library libstdc++.so.6)" "$(library libgcc_s.so.1)" "$target/spare/"
  for package in $(packages "$root"); do copy "$root" "$target" "$package"; done
  tar -C "$scratch" -cf - shoal-gpu | gzip -9 > "$file"
  local size
  size="$(stat -c %s "$file")"
  echo "$file: $((size / 1000)) kB"
  ((size <= limit)) || { echo "gpu.sh: $file is larger than 60 MB" >&2; exit 1; }
}

library() {
  local found
  found="$(ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }')"
  [[ -n $found ]] || found="$(find /usr/lib/chromium -name "$1" 2>/dev/null | head -1)"
  [[ -n $found ]] || { echo "gpu.sh: $1 (missing): apt-get install libvulkan1" >&2; exit 2; }
  echo "$found"
}

# What the bundle's entry points import, and what that imports.
packages() {
  node -e '
    const { readFileSync, existsSync } = require("node:fs");
    const root = process.argv[1] + "/node_modules/";
    const wanted = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-backend-webgpu", "valibot", "webgpu", "fast-png", "jpeg-js",
      // Draws the shapes of the checks.
      "fast-check"];
    for (const name of wanted) {
      const { dependencies = {} } = JSON.parse(readFileSync(root + name + "/package.json", "utf8"));
      for (const other of Object.keys(dependencies))
        if (!other.includes("types") && !wanted.includes(other) && existsSync(root + other)) wanted.push(other);
    }
    console.log(wanted.join("\n"));' "$1"
}

# Without what only bundlers and people read, and without the other platforms of Dawn.
copy() {
  local from="$1/node_modules/$3" to="$2/node_modules/$3"
  mkdir -p "$to"
  case $3 in
    @tensorflow/*)
      mkdir -p "$to/dist"
      cp "$from/package.json" "$to/"
      find "$from/dist" -maxdepth 1 \( -name '*.node.js' -o -name '*.wasm' \) -exec cp {} "$to/dist/" \;
      ;;
    webgpu)
      mkdir -p "$to/dist/linux-x64"
      cp "$from/package.json" "$from/index.js" "$to/"
      cp "$from/dist/linux-x64/dawn.node" "$to/dist/linux-x64/"
      ;;
    *) (cd "$from" && tar --exclude='*.map' --exclude='*.ts' --exclude='*.md' -cf - .) | tar -xf - -C "$to" ;;
  esac
}

check() {
  local bundle="$here"
  if [[ ! -x $bundle/node ]]; then
    local file=shoal-gpu.tgz
    [[ ${1:--} == -* ]] || { file="$1"; shift; }
    [[ -f $file ]] || { echo "gpu.sh: $file (missing): bench/gpu.sh pack makes it" >&2; exit 2; }
    scratch="$(mktemp -d)"
    trap 'rm -rf "$scratch"' EXIT
    tar -xzf "$file" -C "$scratch"
    bundle="$scratch/shoal-gpu"
  fi
  export LD_LIBRARY_PATH="$bundle/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  "$bundle/node" --version >/dev/null 2>&1 || export LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$bundle/spare"
  nvidia
  nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || true
  "$bundle/node" "$bundle/dist/bench/gpu-check.js"
  "$bundle/node" "$bundle/dist/bench/compute.js" --backends "shoal webgpu,shoal wasm" "$@"
}

# Containers often have NVIDIA's libraries without the file that tells Vulkan of them.
nvidia() {
  [[ -z ${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-} ]] || return 0
  compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null && return 0
  compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null && return 0
  local library
  for library in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    if ldconfig -p | grep -q "$library"; then
      manifest="$(mktemp --suffix .json)"
      printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}' "$library" > "$manifest"
      export VK_ICD_FILENAMES="$manifest"
      return 0
    fi
  done
}

case ${1:-} in
  pack) pack "${@:2}" ;;
  -h | --help) sed -n 's/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | sed -n '2,/^VK_ICD/p' ;;
  *) check "$@" ;;
esac
