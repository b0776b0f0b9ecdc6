#!/usr/bin/env bash
# Builds the runner for macOS 14 on arm64, on a Debian without a Mac, and looks over what came out. Nothing of it is run here.
# Compiler and linker are zig's (clang inside, from PyPI), libtorch is PyTorch's newest wheel for macOS, the other libraries are built
# from Debian 12's sources, and what a Mac's system brings are text stubs. docs/macos.md says what that shows, and what not.
#
#   scripts/cross_macos.sh [--without-tests] [--archive] [--folder DIR] [--runner FILE]
#   scripts/cross_macos.sh --inspect TREE [--folder DIR] [--runner FILE]
#
#   --without-tests   the program and its plug-ins, not the tests' programs
#   --archive         also runner-macos-arm64.tar.gz beside the tree, to take to a Mac
#   --folder DIR      downloads, built libraries, build tree and tree/, what would be installed; kept for the next run
#                     (build/cross_macos)
#   --runner FILE     the runner for this machine whose doctor looks (else $RUNNER, this tree's, or an installed one)
#   --inspect TREE    builds nothing, looks over TREE, which a run before has built
#
# Needed: python3 with pip, apt-get, dpkg-dev, cmake, ninja, LLVM's otool, nm and install_name_tool (Debian: llvm), a runner.
# Exit codes: 0 built and nothing found, 1 the build failed or something was found, 2 wrong argument, 4 skipped, with the
# reason: a tool or a download is not to be had.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"
readonly ZIG_WHEEL="ziglang==0.17.*" LLVM_SOURCE=llvm-toolchain-16 # macOS 14's libc++ is LLVM 16's
readonly SOURCES=(libzip yaml-cpp fmtlib spdlog nlohmann-json3 cli11 googletest faiss zlib "$LLVM_SOURCE")

folder=$RUNNER_ROOT/build/cross_macos with_tests=ON with_archive=no tree=''
while [ $# -gt 0 ]; do
  case $1 in
    --without-tests) with_tests=OFF ;;
    --archive) with_archive=yes ;;
    --folder | --runner | --inspect)
      [ $# -ge 2 ] || die "$EXIT_USAGE" "$1 needs a value"
      case $1 in
        --folder) folder=$(absolute "$2") ;;
        --runner) RUNNER=$(absolute "$2") ;;
        --inspect) tree=$(absolute "$2") ;;
      esac
      shift
      ;;
    -h | --help) script_help; exit 0 ;;
    *) die "$EXIT_USAGE" "unknown argument $1 (expected --without-tests, --archive, --folder, --runner or --inspect)" ;;
  esac
  shift
done

skip() { die "$EXIT_ENVIRONMENT" "skipped: $*"; }

# A tool of LLVM's, by its plain name or the newest of Debian's.
llvm_tool() {
  command -v "llvm-$1" || find /usr/lib/llvm-*/bin -name "llvm-$1" 2>/dev/null | sort -V | tail -n 1
}

look_for_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || skip "no $tool here"
  done
  otool=$(llvm_tool otool) nm=$(llvm_tool nm) install_name_tool=$(llvm_tool install-name-tool)
  if [ -z "$otool" ] || [ -z "$nm" ] || [ -z "$install_name_tool" ]; then
    skip "no llvm-otool, llvm-nm and llvm-install-name-tool here (apt-get install llvm)"
  fi
}

inspect() {
  local runner
  runner=$(find_runner)
  python3 "$RUNNER_ROOT/scripts/macos/inspect_tree.py" "$tree" --runner "$runner" \
    --stubs "$folder/stubs" --stubs "$folder/zig/ziglang/lib/libc/darwin" --otool "$otool" --nm "$nm" --install-name-tool "$install_name_tool"
}

# wheel NAME FOLDER REQUIREMENT [pip argument]...: unpacked once.
wheel() {
  local name=$1 to=$2 requirement=$3
  shift 3
  [ ! -d "$to" ] || return 0
  note "cross_macos: $requirement"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$folder/downloads" "$requirement" "$@" >>"$log" 2>&1 ||
    skip "pip could not download $requirement ($log)"
  rm -rf "$to.part"
  python3 -m zipfile -e "$(find "$folder/downloads" -name "$name-*.whl" | sort -V | tail -n 1)" "$to.part"
  mv "$to.part" "$to"
}

# Debian 12's sources by an apt of our own, which leaves the system's lists alone. Of LLVM only the lists of symbols are unpacked.
sources() {
  local mirror apt package
  [ ! -f "$folder/sources/complete" ] || return 0
  mirror=$(host_mirror)
  [ -n "$mirror" ] || skip "apt knows no Debian mirror (apt-get update)"
  note "cross_macos: Debian's sources: ${SOURCES[*]}"
  rm -rf "$folder/sources"
  mkdir -p "$folder/sources" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bookworm main\n' "$mirror" >"$folder/apt/sources.list"
  apt=(-qq -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$folder/apt/lists"
    -o "Dir::Cache=$folder/apt/cache" -o APT::Sandbox::User=root -o Acquire::Retries=3)
  cd "$folder/sources"
  if ! apt-get "${apt[@]}" update >>"$log" 2>&1 || ! apt-get "${apt[@]}" --download-only source "${SOURCES[@]}" >>"$log" 2>&1; then
    skip "apt-get could not download Debian's sources from $mirror ($log)"
  fi
  for package in "${SOURCES[@]}"; do
    if [ "$package" = "$LLVM_SOURCE" ]; then
      mkdir llvm
      tar -xJf "$package"_*.orig.tar.xz -C llvm --strip-components 1 --wildcards '*/libcxx/lib/abi/*' '*/libcxxabi/lib/*'
    else
      dpkg-source --no-check -x "$package"_*.dsc "$package" >>"$log" 2>&1
    fi
  done
  cd "$RUNNER_ROOT"
  touch "$folder/sources/complete"
}

# Compilers as CMake knows them. Links are zig's to do (its linker writes no bundles; dlopen takes a library as well). What they
# are is their text, which ccache is told to compare: they are written anew by each run.
compilers() {
  local zig=$folder/zig/ziglang lib=$folder/zig/ziglang/lib name mode link headers tool
  chmod +x "$zig/zig"
  mkdir -p "$folder/bin"
  for name in clang clang++; do
    mode=gcc link=cc headers=''
    [ $name = clang ] || {
      mode=g++ link=c++
      headers="-nostdinc++ -isystem $lib/libcxx/include -isystem $lib/libcxxabi/include -include $RUNNER_ROOT/scripts/macos/libcxx_site.h"
    }
    cat >"$folder/bin/arm64-macos-$name" <<END
#!/usr/bin/env bash
# $(cd "$folder/zig" && echo ziglang-*)
[ "\$*" != -v ] || set -- --version
for word; do
  case \$word in
    -c | -E | -S | -M | -MM | -fsyntax-only | --version | -dump* | -print-*)
      exec "$zig/zig" clang --driver-mode=$mode -target arm64-apple-macos14.0 -resource-dir $lib $headers \\
        -nostdlibinc -isystem $lib/include -isystem $lib/libc/include/any-darwin-any "\$@" ;;
  esac
done
words=()
for word; do
  [ "\$word" != -bundle ] || word=-dynamiclib
  words+=("\$word")
done
export ZIG_GLOBAL_CACHE_DIR=$folder/zig_cache ZIG_LOCAL_CACHE_DIR=$folder/zig_cache
exec "$zig/zig" $link -target aarch64-macos.14.0 -nostdlib++ "\${words[@]}" -F$folder/stubs -L$folder/stubs -lsystem_cxx
END
  done
  # The completion scripts and the man page are what this machine's runner prints in the place of the one that was built.
  printf '#!/usr/bin/env bash\nshift\nexec "%s" "$@"\n' "$(absolute "$(find_runner)")" >"$folder/bin/instead"
  for tool in ar ranlib; do
    printf '#!/usr/bin/env bash\nexec "%s/zig" %s "$@"\n' "$zig" "$tool" >"$folder/bin/arm64-macos-$tool"
  done
  chmod +x "$folder"/bin/*
}

stubs() {
  python3 "$RUNNER_ROOT/scripts/macos/stubs.py" "$folder/stubs" --wheel "$folder/wheel" --llvm "$folder/sources/llvm" \
    --zlib "$folder/sources/zlib" --nm "$nm"
  mkdir -p "$folder/prefix/include"
  cp -p "$folder/sources/zlib/"{zlib,zconf}.h "$folder/prefix/include"
}

# configure SOURCE BUILD [argument]...: nothing of it is run, so that nothing is optimized; CMake knows no build type of this name.
configure() {
  local source=$1 build=$2
  shift 2
  cmake -S "$source" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$RUNNER_ROOT/scripts/macos/toolchain.cmake" \
    -DRUNNER_CROSS="$folder" -DCMAKE_BUILD_TYPE=Plain -DCMAKE_C_FLAGS_PLAIN="-O0 -DNDEBUG" \
    -DCMAKE_CXX_FLAGS_PLAIN="-O0 -DNDEBUG" "$@" >>"$log" 2>&1 || fail "cmake could not configure $source"
}

fail() {
  grep -E 'error:|FAILED|CMake Error' "$log" | tail -n 20 >&2 || true
  die 1 "$* (the whole output is in $log)"
}

# library SOURCE [argument]...: built into prefix/ once, as Homebrew's are: a .dylib that run paths find.
library() {
  local source=$1 build=$folder/build/$1
  shift
  [ ! -f "$build/installed" ] || return 0
  note "cross_macos: $source"
  configure "$folder/sources/$source" "$build" -DCMAKE_INSTALL_PREFIX="$folder/prefix" -DBUILD_SHARED_LIBS=ON \
    -DCMAKE_INSTALL_RPATH=@loader_path -DBUILD_TESTING=OFF "${launcher[@]}" "$@"
  if ! cmake --build "$build" --parallel "$jobs" >>"$log" 2>&1 || ! cmake --install "$build" >>"$log" 2>&1; then
    fail "$source could not be built"
  fi
  touch "$build/installed"
}

libraries() {
  local feature off=()
  for feature in ENABLE_COMMONCRYPTO ENABLE_GNUTLS ENABLE_MBEDTLS ENABLE_OPENSSL ENABLE_BZIP2 ENABLE_LZMA ENABLE_ZSTD BUILD_TOOLS \
    BUILD_REGRESS BUILD_EXAMPLES BUILD_DOC; do
    off+=("-D$feature=OFF")
  done
  library libzip "${off[@]}"
  library yaml-cpp -DYAML_CPP_BUILD_TOOLS=OFF -DYAML_BUILD_SHARED_LIBS=ON -DYAML_CPP_BUILD_TESTS=OFF
  library fmtlib -DFMT_TEST=OFF -DFMT_DOC=OFF
  library spdlog -DSPDLOG_FMT_EXTERNAL=ON -DSPDLOG_BUILD_SHARED=ON -DSPDLOG_BUILD_EXAMPLE=OFF
  library nlohmann-json3 -DJSON_BuildTests=OFF
  library cli11 -DCLI11_BUILD_TESTS=OFF -DCLI11_BUILD_EXAMPLES=OFF -DCLI11_BUILD_DOCS=OFF -DCLI11_SINGLE_FILE=OFF
  [ "$with_tests" = OFF ] || library googletest -DBUILD_SHARED_LIBS=OFF
  # It asks for OpenMP as the runner does.
  library faiss -DFAISS_ENABLE_GPU=OFF -DFAISS_ENABLE_PYTHON=OFF -DCMAKE_CXX_STANDARD=17 "${libomp[@]}" \
    -DCMAKE_PROJECT_faiss_INCLUDE="$RUNNER_ROOT/cmake/AppleOpenMP.cmake"
}

# The tree that is installed, with the libraries that it needs and the tests' programs, which lie below lib/runner as they lie
# below the build tree.
build_runner() {
  local build=$folder/build/runner
  note "cross_macos: the runner"
  configure "$RUNNER_ROOT" "$build" -DCMAKE_INSTALL_PREFIX="$folder/tree" -DRUNNER_TESTS=$with_tests "${libomp[@]}"
  cmake --build "$build" --parallel "$jobs" -- -k 0 >>"$log" 2>&1 || fail "the runner could not be built"
  rm -rf "$folder/tree"
  cmake --install "$build" >>"$log" 2>&1 || fail "the runner could not be installed"
  cp -a "$folder"/prefix/lib/*.dylib "$folder"/wheel/torch/lib/{libtorch,libtorch_cpu,libc10,libomp}.dylib "$folder/tree/lib/runner"
  [ "$with_tests" = OFF ] || find "$build/tests" -maxdepth 1 -type f -perm -u+x -exec install -D -t "$folder/tree/lib/runner/tests" {} +
  [ "$with_archive" = no ] || tar -czf "$folder/runner-macos-arm64.tar.gz" -C "$folder/tree" .
  say "cross_macos: built $folder/tree in $((SECONDS / 60)) min $((SECONDS % 60)) s"
}

# One function, so that this file may be edited while it runs.
main() {
  log=$folder/log jobs=$(build_jobs) launcher=() libomp=(-DOpenMP_ROOT="$folder/stubs/libomp")
  if [ -n "$tree" ]; then
    [ -d "$tree" ] || die "$EXIT_USAGE" "no such folder: $tree"
    look_for_tools python3
    inspect
    return
  fi
  look_for_tools python3 cmake ninja apt-get dpkg-source
  find_runner >/dev/null
  mkdir -p "$folder/downloads"
  : >"$log"
  python3 -m pip --version >/dev/null 2>&1 || skip "this python3 has no pip (Debian: python3-pip)"
  export CCACHE_COMPILERCHECK=content
  ! command -v ccache >/dev/null 2>&1 || launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  wheel ziglang "$folder/zig" "$ZIG_WHEEL"
  wheel torch "$folder/wheel" torch --python-version 3.12 --platform macosx_14_0_arm64 --platform macosx_11_0_arm64
  sources
  compilers
  stubs
  libraries
  build_runner
  tree=$folder/tree
  inspect
}

main
exit
