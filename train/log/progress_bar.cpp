#include "train/log/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "train/log/run_log.h"

namespace molten::log {
namespace {

ProgressBar* on_screen = nullptr;

using Seconds = std::chrono::duration<double>;

constexpr double kQuiet = 2;          // seconds before anything is shown
constexpr double kRedraw = 0.1, kPlain = 5;

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

ProgressBar::ProgressBar(std::string title, std::size_t total, std::string unit)
    : title_(std::move(title)), unit_(std::move(unit)), total_(total), start_(std::chrono::steady_clock::now()), drawn_(start_),
      terminal_(isatty(STDERR_FILENO)), colour_(terminal_ && !std::getenv("NO_COLOR")) {}

ProgressBar::~ProgressBar() { finish(); }

std::string ProgressBar::line(std::size_t width) const {
    const double elapsed = Seconds(std::chrono::steady_clock::now() - start_).count();
    const double share = total_ ? static_cast<double>(done_) / static_cast<double>(total_) : 1, rate = static_cast<double>(done_) / std::max(elapsed, 1e-9);
    const std::string left = done_ ? human_duration(static_cast<double>(total_ - std::min(done_, total_)) / rate) + " left" : "";
    const std::string text = fmt::format("{:>3.0f} % {}/{} {}  {:.1f}/s  {}  {}", 100 * share, done_, total_, unit_, rate, left, detail_);
    std::string result = title_ + " ";
    if (const std::size_t used = result.size() + text.size() + 1; used + 8 < width) {
        const std::size_t cells = std::min<std::size_t>(width - used - 1, 30), full = static_cast<std::size_t>(share * static_cast<double>(cells));
        for (std::size_t i = 0; i < cells; ++i) result += i < full ? "█" : "░";
        result += ' ';
        return result + text;
    }
    return (result + text).substr(0, width - 1);
}

void ProgressBar::update(std::size_t done, const std::string& detail) {
    done_ = done;
    detail_ = detail;
    const auto now = std::chrono::steady_clock::now();
    if (Seconds(now - start_).count() < kQuiet || Seconds(now - drawn_).count() < (terminal_ ? kRedraw : kPlain)) return;
    drawn_ = now;
    if (terminal_) {
        visible_ = true;
        on_screen = this;
        show();
    } else {
        visible_ = true;
        fmt::print(stderr, "{}\n", line(200));
    }
}

void ProgressBar::finish() {
    if (finished_) return;
    finished_ = true;
    if (on_screen == this) {
        hide();
        on_screen = nullptr;
    }
    if (!visible_) return;
    const double elapsed = Seconds(std::chrono::steady_clock::now() - start_).count();
    fmt::print(stderr, "{}: {} {} in {}{}{}\n", title_, done_, unit_, human_duration(elapsed), detail_.empty() ? "" : "  ", detail_);
}

void ProgressBar::hide() {
    if (on_screen) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show() {
    if (!on_screen) return;
    const std::string text = on_screen->line(terminal_width());
    fmt::print(stderr, "\r\033[K{}{}{}", on_screen->colour_ ? "\033[36m" : "", text, on_screen->colour_ ? "\033[0m" : "");
    std::fflush(stderr);
}

}  // namespace molten::log
