#include "chem/featurize/crew.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace molten::chem {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t rows_in_flight = 16;  // per worker: enough that none waits for the pool
constexpr std::size_t rows_ahead = 4096;    // finished rows that may wait for an unfinished one before them
constexpr int watch_milliseconds = 50;      // how often the watchdog looks at least
constexpr double waiting_allowance = 0.3;   // seconds beyond the processor time cap that a row may spend not running
constexpr double longest_tick = 0.1;        // a longer gap means that this process was stopped: no row is to blame

Features refused(Reason reason, std::string message) {
    Features features;
    features.reason = reason;
    features.message = std::move(message);
    return features;
}

Verdict check(std::string_view text, const FeatureRequest& request) {
    return request.format == InputFormat::smiles ? check_smiles(text, request.limits) : check_molblock(text, request.limits);
}

}  // namespace

Crew::Crew(const FeatureRequest& request, const PoolOptions& options, int workers)
    : request_(request), options_(options), seats_(static_cast<std::size_t>(workers)) {
    for (Seat& seat : seats_) seat.worker = std::make_unique<Worker>(request_, options_);
}

void Crew::run(std::span<const std::string> texts, const FeatureSink& sink, const Progress& progress) {
    start(texts);
    auto last = Clock::now();
    while (delivered_ < texts_.size()) {
        hand_out();
        exchange();
        const auto now = Clock::now();
        watch(std::min(longest_tick, std::chrono::duration<double>(now - last).count()));
        last = now;
        if (deliver(sink) > 0 && progress) progress(delivered_, texts_.size());
    }
}

// A sink that threw may have left the last run unfinished: its workers still owe answers that nobody wants.
void Crew::start(std::span<const std::string> texts) {
    for (Seat& seat : seats_) {
        if (!seat.rows.empty()) replace(seat);
    }
    texts_ = texts;
    next_row_ = 0;
    delivered_ = 0;
    returned_.clear();
    finished_.clear();
}

// Rows that fail the text checks never reach a worker.
void Crew::hand_out() {
    for (Seat& seat : seats_) {
        while (seat.rows.size() < rows_in_flight) {
            std::size_t row;
            if (!returned_.empty()) {
                row = returned_.front();
                returned_.pop_front();
            } else if (next_row_ < texts_.size() && next_row_ < delivered_ + rows_ahead) {
                row = next_row_++;
                if (Verdict verdict = check(texts_[row], request_); !verdict.usable()) {
                    finished_.emplace(row, refused(verdict.reason, std::move(verdict.message)));
                    continue;
                }
            } else {
                break;
            }
            if (seat.rows.empty()) seat.waited = 0;
            seat.rows.push_back(row);
            append_text_frame(seat.outgoing, texts_[row]);
        }
    }
}

// Sends what the sockets take, waits for answers at most until the watchdog is due, and reads them.
void Crew::exchange() {
    std::vector<pollfd> waits;
    for (Seat& seat : seats_) {
        send(seat);
        if (seat.rows.empty()) continue;
        const short events = seat.outgoing.empty() ? POLLIN : POLLIN | POLLOUT;
        waits.push_back({seat.worker->socket(), events, 0});
    }
    if (waits.empty()) return;
    if (poll(waits.data(), waits.size(), watch_milliseconds) < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "poll of the molecule workers");
    }
    std::size_t i = 0;
    for (Seat& seat : seats_) {
        if (seat.rows.empty()) continue;
        if ((waits[i++].revents & (POLLIN | POLLHUP | POLLERR)) && !receive(seat)) ended(seat);
    }
}

// A send that fails because the worker is gone is noticed when its socket is read.
void Crew::send(Seat& seat) {
    while (!seat.outgoing.empty()) {
        const ssize_t count = ::send(seat.worker->socket(), seat.outgoing.data(), seat.outgoing.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        seat.outgoing.erase(0, static_cast<std::size_t>(count));
    }
}

// Reads what is there; false at the end of the stream or when what came is not a message.
bool Crew::receive(Seat& seat) {
    char buffer[1 << 16];
    for (;;) {
        const ssize_t count = ::read(seat.worker->socket(), buffer, sizeof(buffer));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return true;
        if (count <= 0) return false;
        seat.incoming.append({buffer, static_cast<std::size_t>(count)});
        if (!take_frames(seat)) return false;
        if (static_cast<std::size_t>(count) < sizeof(buffer)) return true;
    }
}

bool Crew::take_frames(Seat& seat) try {
    std::string payload;
    while (seat.incoming.next(payload)) {
        if (seat.rows.empty()) return false;
        finished_.emplace(seat.rows.front(), decode_features(payload));
        seat.rows.pop_front();
        seat.waited = 0;
    }
    return true;
} catch (const std::runtime_error&) {
    return false;
}

void Crew::watch(double elapsed) {
    const double allowed = request_.limits.seconds + waiting_allowance;
    for (Seat& seat : seats_) {
        if (seat.rows.empty()) continue;
        seat.waited += elapsed;
        if (seat.waited > allowed) lose(seat, Reason::timeout, fmt::format("no answer within seconds = {}", request_.limits.seconds));
    }
}

void Crew::replace(Seat& seat) {
    seat = Seat{};
    seat.worker = std::make_unique<Worker>(request_, options_);
    ++replacements_;
}

// The row that the worker was at is refused; those behind it go to others.
void Crew::lose(Seat& seat, Reason reason, std::string message) {
    finished_.emplace(seat.rows.front(), refused(reason, std::move(message)));
    returned_.insert(returned_.end(), seat.rows.begin() + 1, seat.rows.end());
    replace(seat);
}

// The stream of a worker is over: by its own decision after an answer, by the clock, or because it died.
void Crew::ended(Seat& seat) {
    const int status = seat.worker->finish();
    if (WIFEXITED(status) && WEXITSTATUS(status) == worker_left) {
        returned_.insert(returned_.end(), seat.rows.begin(), seat.rows.end());
        replace(seat);
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF) {
        lose(seat, Reason::timeout, fmt::format("more processor time than seconds = {}", request_.limits.seconds));
    } else if (WIFSIGNALED(status)) {
        lose(seat, Reason::crashed, fmt::format("the worker process died of signal {}", WTERMSIG(status)));
    } else {
        lose(seat, Reason::crashed, "the worker process gave up");
    }
}

std::size_t Crew::deliver(const FeatureSink& sink) {
    std::size_t count = 0;
    for (auto first = finished_.begin(); first != finished_.end() && first->first == delivered_; first = finished_.begin()) {
        Features features = std::move(first->second);
        finished_.erase(first);
        sink(delivered_++, std::move(features));
        ++count;
    }
    return count;
}

}  // namespace molten::chem
