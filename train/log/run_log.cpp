#include "train/log/run_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "train/log/progress_bar.h"

namespace molten::log {
namespace {

// What the terminal cannot take is lost: run.log has it, and no training ends because its terminal did.
void put(std::FILE* stream, const std::string& text) {
    std::fputs(text.c_str(), stream);
    std::fflush(stream);
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& file) : file_(io::File::open(file, io::OpenMode::append)) {}

void RunLog::write(const char* level, const std::string& line) {
    if (!file_) return;
    const std::string head = fmt::format("{:%Y-%m-%d %H:%M:%S} {:<7} ", fmt::localtime(std::time(nullptr)), level);
    std::string text;
    for (std::size_t from = 0; from <= line.size();) {
        const std::size_t end = std::min(line.find('\n', from), line.size());
        if (end > from) text += head + line.substr(from, end - from) + '\n';
        from = end + 1;
    }
    file_->write_all(text);
}

void RunLog::say(const std::string& line) {
    ProgressBar::hide();
    put(stdout, line + '\n');
    ProgressBar::show();
    write("info", line);
}

void RunLog::warn(const std::string& line) {
    const bool colour = isatty(STDERR_FILENO) && !std::getenv("NO_COLOR");
    ProgressBar::hide();
    put(stderr, fmt::format("{}warning:{} {}\n", colour ? "\033[33m" : "", colour ? "\033[0m" : "", line));
    ProgressBar::show();
    write("warning", line);
}

void RunLog::note(const std::string& line) { write("note", line); }

std::string human_duration(double seconds) {
    if (!(seconds >= 0) || seconds > 1e12) return "?";
    if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<long long>(std::llround(seconds));
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string human_bytes(double bytes) {
    if (!std::isfinite(bytes)) return "?";
    const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    for (; unit < 4 && std::abs(bytes) >= (unit == 0 ? 1023.5 : 1023.95); ++unit) bytes /= 1024;
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string human_count(double count) {
    if (!std::isfinite(count)) return "?";
    const std::string digits = fmt::format("{:.0f}", std::abs(count));
    std::string result;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i && (digits.size() - i) % 3 == 0) result += ',';
        result += digits[i];
    }
    return count <= -0.5 ? "-" + result : result;
}

}  // namespace molten::log
