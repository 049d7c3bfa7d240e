#pragma once
// Private to chem/featurize: the workers of a pool and who computes which row.
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chem/featurize/message.h"
#include "chem/featurize/pool.h"
#include "chem/featurize/worker.h"

namespace molten::chem {

// Hands rows to workers, keeps a watch on them and puts the answers back in order.
class Crew {
  public:
    Crew(const FeatureRequest& request, const PoolOptions& options, int workers);

    void run(std::span<const std::string> texts, const FeatureSink& sink, const Progress& progress);
    int workers() const { return static_cast<int>(seats_.size()); }
    int replacements() const { return replacements_; }

  private:
    // A worker and the rows it has been given; the first of them is the one it is at.
    struct Seat {
        std::unique_ptr<Worker> worker;
        std::deque<std::size_t> rows;
        std::string outgoing;
        FrameReader incoming;
        double waited = 0;  // seconds since the first row became the first
    };

    void start(std::span<const std::string> texts);
    void hand_out();
    void exchange();
    void send(Seat& seat);
    bool receive(Seat& seat);
    bool take_frames(Seat& seat);
    void watch(double elapsed);
    void replace(Seat& seat);
    void lose(Seat& seat, Reason reason, std::string message);
    void ended(Seat& seat);
    std::size_t deliver(const FeatureSink& sink);

    FeatureRequest request_;
    PoolOptions options_;
    std::vector<Seat> seats_;
    int replacements_ = 0;

    // Of the run in progress.
    std::span<const std::string> texts_;
    std::size_t next_row_ = 0;
    std::size_t delivered_ = 0;
    std::deque<std::size_t> returned_;          // rows that a lost worker had not begun
    std::map<std::size_t, Features> finished_;  // waiting for their turn
};

}  // namespace molten::chem
