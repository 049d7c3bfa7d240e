#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace molten::log {

// One line that is redrawn on a terminal (at most ten times a second), a plain line every five seconds elsewhere, nothing for work
// that ends within two seconds. Goes to stderr.
class ProgressBar {
  public:
    ProgressBar(std::string title, std::size_t total, std::string unit);  // "features", 1017, "molecules"
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    // `detail` stands behind the rate: "loss 0.123  val 0.234  12 MiB".
    void update(std::size_t done, const std::string& detail = {});
    void finish();  // clears the line; says how long it took if it was drawn

    // The bar on the screen, if any: log lines take it away before they are written and bring it back after.
    static void hide();
    static void show();

  private:
    std::string line(std::size_t width) const;
    std::string title_, unit_, detail_;
    std::size_t total_ = 0, done_ = 0;
    std::chrono::steady_clock::time_point start_, drawn_;
    bool terminal_ = false, colour_ = false, visible_ = false, finished_ = false;
};

}  // namespace molten::log
