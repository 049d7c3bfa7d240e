#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/train/temporary_directory.h"
#include "train/log/progress_bar.h"
#include "train/log/run_log.h"

using namespace molten;
using namespace molten::log;

namespace {

// stderr goes to a file, which is no terminal, until the end of the scope.
class CapturedStderr {
  public:
    explicit CapturedStderr(const std::filesystem::path& file) : path_(file) {
        std::fflush(stderr);
        kept_ = ::dup(STDERR_FILENO);
        const int target = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        REQUIRE(target >= 0);
        ::dup2(target, STDERR_FILENO);
        ::close(target);
    }
    ~CapturedStderr() {
        std::fflush(stderr);
        ::dup2(kept_, STDERR_FILENO);
        ::close(kept_);
    }
    std::string text() const {
        std::fflush(stderr);
        return file_bytes(path_);
    }

  private:
    std::filesystem::path path_;
    int kept_ = -1;
};

std::size_t columns(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("progress line: by hand") {
    const std::vector<std::pair<Progress, std::string>> table = {
        {{"features", "molecules", "", 0, 200, 0, 0}, "features ░░░░░░░░░░   0 % 0/200 molecules"},
        {{"features", "molecules", "", 100, 200, 0, 50}, "features █████░░░░░  50 % 100/200 molecules  2.0/s  50.0 s left"},
        {{"features", "molecules", "x 1", 200, 200, 0, 1}, "features ██████████ 100 % 200/200 molecules  200/s  x 1"},
        {{"model", "steps", "loss 0.5", 150, 200, 100, 100},
         "model ███████░░░  75 % 150/200 steps  0.500/s  1 min 40 s left  loss 0.5"},  // resumed at 100
        {{"none", "rows", "", 0, 0, 0, 0}, "none ██████████ 100 % 0/0 rows"},
        {{"over", "rows", "", 9, 5, 0, 9}, "over ██████████ 100 % 9/5 rows  1.0/s"},
    };
    for (const auto& [progress, text] : table) {
        const std::size_t cells = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\xe2'));
        REQUIRE(cells == 10);
        CHECK(progress_line(progress, columns(text) + 1) == text);  // in just that much room the bar has ten cells
    }
}

TEST_CASE("progress line: fits every width and never splits a character") {
    const Progress progress{"Eigenschaften für α", "moléculesé", "loss 0.5 → 0.4", 30, 90, 0, 3};
    for (std::size_t width = 0; width < 200; ++width) {
        const std::string line = progress_line(progress, width);
        CAPTURE(width);
        CHECK(columns(line) <= (width ? width - 1 : 0));
        for (std::size_t i = 0; i < line.size(); ++i) {  // each lead byte has its followers
            const auto lead = static_cast<unsigned char>(line[i]);
            const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : 3;
            REQUIRE(i + length <= line.size());
            i += length - 1;
        }
    }
    CHECK(progress_line(progress, 400).ends_with("→ 0.4"));
    CHECK(columns(progress_line(progress, 400)) < 120);  // the bar does not grow without end
}

TEST_CASE("progress bar: plain lines where there is no terminal, without escapes") {
    TemporaryDirectory directory;
    CapturedStderr captured(directory.path / "stderr");
    {
        ProgressBar bar("features", 3, "molecules", {0, 0, 0});
        for (std::size_t i = 1; i <= 3; ++i) bar.update(i, "note");
        bar.finish();
        bar.finish();
        RunLog().warn("careful");
    }
    const std::string text = captured.text();
    CHECK(std::count(text.begin(), text.end(), '\n') == 5);
    CHECK(text.find('\033') == std::string::npos);
    CHECK(text.find('\r') == std::string::npos);
    CHECK(text.starts_with("features "));
    CHECK(text.find("33 % 1/3 molecules") != std::string::npos);
    CHECK(text.find("100 % 3/3 molecules") != std::string::npos);
    CHECK(text.find("\nfeatures: 3 molecules in ") != std::string::npos);
    CHECK(text.ends_with("\nwarning: careful\n"));
}

TEST_CASE("progress bar: short work says nothing, frequent news is held back") {
    TemporaryDirectory directory;
    CapturedStderr captured(directory.path / "stderr");
    {
        ProgressBar bar("features", 1000, "molecules");
        for (std::size_t i = 0; i <= 1000; ++i) bar.update(i);
    }
    CHECK(captured.text().empty());
    {
        ProgressBar bar("features", 1000, "molecules", {0, 0, 3600});  // the first line is due in an hour
        for (std::size_t i = 0; i <= 1000; ++i) bar.update(i);
    }
    CHECK(captured.text().empty());
}

TEST_CASE("progress bar: a stderr that takes nothing stops no work") {
    const int kept = ::dup(STDERR_FILENO), full = ::open("/dev/full", O_WRONLY);
    if (full < 0) {
        MESSAGE("SKIPPED: no /dev/full here");
        ::close(kept);
        return;
    }
    std::fflush(stderr);
    ::dup2(full, STDERR_FILENO);
    {
        ProgressBar bar("features", 2, "molecules", {0, 0, 0});
        CHECK_NOTHROW(bar.update(1));
        CHECK_NOTHROW(RunLog().warn("nobody hears this"));
        CHECK_NOTHROW(bar.update(2));
    }
    std::clearerr(stderr);
    ::dup2(kept, STDERR_FILENO);
    ::close(kept);
    ::close(full);
}
