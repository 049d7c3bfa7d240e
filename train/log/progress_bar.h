#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace molten::log {

// Where a piece of work stands.
struct Progress {
    std::string title, unit, detail;
    std::size_t done = 0, total = 0;
    std::size_t first = 0;  // done already when the clock was started: by the first report, or before a resumed run
    double seconds = 0;     // since then; the rate is (done - first) / seconds
};
// "features ██████░░░░  60 % 610/1017 molecules  305.0/s  1.3 s left  detail", never wider than `width` - 1 columns; the bar goes first
// where the room is too small, then the end of the text.
std::string progress_line(const Progress&, std::size_t width);

// Seconds before anything is shown, between two drawings on a terminal, between two plain lines elsewhere.
struct ProgressPace {
    double quiet = 2, redraw = 0.1, plain = 5;
};

// One line that is redrawn on a terminal (at most ten times a second), a plain line every five seconds elsewhere, nothing for work
// that ends within two seconds. Goes to stderr; a stderr that cannot be written to stops no work.
class ProgressBar {
  public:
    ProgressBar(std::string title, std::size_t total, std::string unit, ProgressPace pace = {});  // "features", 1017, "molecules"
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    // `detail` stands behind the rate: "loss 0.123  val 0.234  12 MiB". Rate and time left count from the first call on.
    void update(std::size_t done, const std::string& detail = {});
    void finish();  // clears the line; says how long it took if it was drawn

    // The bar on the screen, if any: log lines take it away before they are written and bring it back after.
    static void hide();
    static void show();

  private:
    using Clock = std::chrono::steady_clock;

    Progress progress_;
    ProgressPace pace_;
    Clock::time_point start_, drawn_, counted_;
    bool terminal_ = false, colour_ = false, started_ = false, visible_ = false, finished_ = false;
};

}  // namespace molten::log
