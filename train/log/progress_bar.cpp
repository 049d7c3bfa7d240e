#include "train/log/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "train/log/run_log.h"

namespace molten::log {
namespace {

ProgressBar* on_screen = nullptr;

using Seconds = std::chrono::duration<double>;

constexpr std::size_t kNarrowestBar = 8, kWidestBar = 30;

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

bool starts_character(char byte) { return (byte & 0xC0) != 0x80; }

std::size_t columns(const std::string& text) { return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character)); }

std::string cut(const std::string& text, std::size_t width) {
    std::size_t end = 0;
    for (std::size_t seen = 0; end < text.size(); ++end)
        if (starts_character(text[end]) && seen++ == width) break;
    return text.substr(0, end);
}

std::string rate_text(double rate) {
    return rate >= 100 ? fmt::format("{:.0f}/s", rate) : fmt::format("{:.{}f}/s", rate, rate >= 1 ? 1 : 3);
}

void put(const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
}

}  // namespace

std::string progress_line(const Progress& p, std::size_t width) {
    const double share = p.total ? std::min(1.0, static_cast<double>(p.done) / static_cast<double>(p.total)) : 1;
    std::string text = fmt::format("{:>3.0f} % {}/{} {}", 100 * share, p.done, p.total, p.unit);
    if (p.done > p.first && p.seconds > 0) {
        const double rate = static_cast<double>(p.done - p.first) / p.seconds;
        text += "  " + rate_text(rate);
        if (p.done < p.total) text += "  " + human_duration(static_cast<double>(p.total - p.done) / rate) + " left";
    }
    if (!p.detail.empty()) text += "  " + p.detail;
    std::string line = p.title + " ";
    if (const std::size_t used = columns(line) + columns(text) + 2; used + kNarrowestBar <= width) {
        const std::size_t cells = std::min(width - used, kWidestBar), full = static_cast<std::size_t>(share * static_cast<double>(cells));
        for (std::size_t i = 0; i < cells; ++i) line += i < full ? "█" : "░";
        line += ' ';
    }
    return cut(line + text, width > 0 ? width - 1 : 0);
}

ProgressBar::ProgressBar(std::string title, std::size_t total, std::string unit, ProgressPace pace)
    : progress_{std::move(title), std::move(unit), {}, 0, total, 0, 0},
      pace_(pace),
      start_(Clock::now()),
      drawn_(start_),
      terminal_(isatty(STDERR_FILENO)),
      colour_(terminal_ && !std::getenv("NO_COLOR")) {}

ProgressBar::~ProgressBar() { finish(); }

void ProgressBar::update(std::size_t done, const std::string& detail) {
    const auto now = Clock::now();
    if (!started_) {
        started_ = true;
        progress_.first = done;
        counted_ = now;
    }
    progress_.done = done;
    progress_.detail = detail;
    progress_.seconds = Seconds(now - counted_).count();
    if (Seconds(now - start_).count() < pace_.quiet || Seconds(now - drawn_).count() < (terminal_ ? pace_.redraw : pace_.plain)) return;
    drawn_ = now;
    visible_ = true;
    if (!terminal_) return put(progress_line(progress_, 200) + "\n");
    on_screen = this;
    show();
}

void ProgressBar::finish() {
    if (finished_) return;
    finished_ = true;
    if (on_screen == this) {
        hide();
        on_screen = nullptr;
    }
    if (!visible_) return;
    const Progress& p = progress_;
    const double seconds = Seconds(Clock::now() - start_).count();
    put(fmt::format("{}: {} {} in {}{}{}\n", p.title, p.done, p.unit, human_duration(seconds), p.detail.empty() ? "" : "  ", p.detail));
}

void ProgressBar::hide() {
    if (on_screen) put("\r\033[K");
}

void ProgressBar::show() {
    if (!on_screen) return;
    const std::string text = progress_line(on_screen->progress_, terminal_width());
    put(fmt::format("\r\033[K{}{}{}", on_screen->colour_ ? "\033[36m" : "", text, on_screen->colour_ ? "\033[0m" : ""));
}

}  // namespace molten::log
