# For a tap of your own: copy it to Formula/runner.rb there, set url and sha256 of a released archive, and `brew install`.
# From a clone, without a release: brew install --HEAD ./packaging/homebrew/runner.rb
# Nobody has run this on a Mac yet; docs/macos.md says what has been checked and how.
class Runner < Formula
  desc "Builds FAISS indexes and trains LVM transformers, free of OpenMP conflicts"
  homepage "https://example.org/runner"
  license "MIT"
  head "file://#{File.expand_path("../..", __dir__)}", using: :git, branch: "main"

  depends_on "cli11" => :build
  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "nlohmann-json" => :build
  depends_on "pkgconf" => :build
  depends_on arch: :arm64
  depends_on "faiss"
  depends_on "fmt"
  depends_on "libomp"
  depends_on "libzip"
  depends_on macos: :sonoma
  depends_on "pytorch"
  depends_on "spdlog"
  depends_on "yaml-cpp"

  def install
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DRUNNER_TESTS=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/runner --version") unless build.head?
    assert_match "one OpenMP runtime", shell_output("#{bin}/runner doctor --strict")
    system bin/"runner", "smoke", "--device", "cpu"
  end
end
