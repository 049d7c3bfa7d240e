#include "chem/featurize/pool.h"

#include <sched.h>

#include <algorithm>

#include "chem/featurize/crew.h"

namespace molten::chem {
namespace {

constexpr std::size_t rows_a_worker = 16;  // fewer are not worth a second process

int processors() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

}  // namespace

struct Pool::State {
    FeatureRequest request;
    PoolOptions options;
    std::unique_ptr<Crew> crew;  // null without isolation
};

// One molecule goes through before the fork: it finds a bad request, and what RDKit sets up on first use is there for every worker.
Pool::Pool(FeatureRequest request, PoolOptions options) : state_(std::make_unique<State>()) {
    FeatureRequest probe = request;
    probe.format = InputFormat::smiles;
    probe.limits = {};
    featurize("C", probe);
    state_->request = std::move(request);
    state_->options = std::move(options);
    const int workers = state_->options.workers > 0 ? state_->options.workers : processors();
    if (state_->options.isolate) state_->crew = std::make_unique<Crew>(state_->request, state_->options, workers);
}

Pool::~Pool() = default;
Pool::Pool(Pool&&) noexcept = default;
Pool& Pool::operator=(Pool&&) noexcept = default;

void Pool::run(std::span<const std::string> texts, const FeatureSink& sink, const Progress& progress) {
    if (texts.empty()) {
        if (progress) progress(0, 0);
        return;
    }
    if (state_->crew) {
        state_->crew->run(texts, sink, progress);
        return;
    }
    for (std::size_t row = 0; row < texts.size(); ++row) {
        if (state_->options.before_each) state_->options.before_each(texts[row]);
        sink(row, featurize(texts[row], state_->request));
        if (progress) progress(row + 1, texts.size());
    }
}

std::vector<Features> Pool::run(std::span<const std::string> texts, const Progress& progress) {
    std::vector<Features> result(texts.size());
    run(
        texts, [&](std::size_t row, Features&& features) { result[row] = std::move(features); }, progress);
    return result;
}

int Pool::workers() const { return state_->crew ? state_->crew->workers() : 0; }

int Pool::replacements() const { return state_->crew ? state_->crew->replacements() : 0; }

std::vector<Features> featurize_all(std::span<const std::string> texts, const FeatureRequest& request, PoolOptions options,
                                    const Progress& progress) {
    const auto enough = static_cast<int>(std::min<std::size_t>(texts.size() / rows_a_worker + 1, 1024));
    options.workers = std::min(options.workers > 0 ? options.workers : processors(), enough);
    Pool pool(request, std::move(options));
    return pool.run(texts, progress);
}

}  // namespace molten::chem
