#include "train/baselines/tree.h"

#include <algorithm>
#include <array>

namespace molten::baselines {
namespace {

constexpr std::size_t few_rows = 32;

struct Split {
    double gain = 0;
    std::uint32_t feature = 0;
    std::uint8_t threshold = 0;
    bool found = false;
    std::size_t equals = 1;  // splits of this gain met so far
};

// Sums over the rows of bins, bits or a node, a slot each: rows, weight, then a sum per output. One slot is one cache line or little more.
struct Sums {
    std::size_t stride;
    std::vector<double> cells;  // [slots, stride]
    Sums(std::size_t slots, std::size_t outputs) : stride(outputs + 2), cells(slots * stride) {}
    double* at(std::size_t slot) { return cells.data() + slot * stride; }
    void clear(std::size_t first, std::size_t last) { std::fill(at(first), at(last), 0.0); }
};

class Grower {
  public:
    Grower(const BinnedFeatures& f, const TreeData& data, std::vector<std::uint32_t>& samples, const TreeOptions& options, Random& random)
        : f_(f),
          data_(data),
          k_(data.outputs),
          samples_(samples),
          options_(options),
          random_(random),
          node_(1, k_),
          left_(1, k_),
          bins_(256, k_),
          bits_(f.bits, k_) {}

    Tree grow() {
        struct Work {
            std::size_t begin, end;
            int depth;
            std::size_t node;
        };
        tree_.nodes.emplace_back();
        std::vector<Work> stack{{0, samples_.size(), 0, 0}};
        while (!stack.empty()) {
            const auto [begin, end, depth, node] = stack.back();
            stack.pop_back();
            begin_ = begin;
            end_ = end;
            sum_node();
            Split split;
            if ((options_.max_depth == 0 || depth < options_.max_depth) && end - begin >= 2 * options_.min_leaf && !pure())
                split = best_split();
            if (!split.found) {
                make_leaf(node);
                continue;
            }
            const auto middle = std::stable_partition(at(begin), at(end),
                                                      [&](std::uint32_t row) { return !f_.right(row, split.feature, split.threshold); });
            const auto cut = static_cast<std::size_t>(middle - samples_.begin());
            const auto left = tree_.nodes.size();
            tree_.nodes.resize(left + 2);
            tree_.nodes[node] = {split.feature, split.threshold, static_cast<std::int32_t>(left), static_cast<std::int32_t>(left + 1), 0};
            stack.push_back({cut, end, depth + 1, left + 1});
            stack.push_back({begin, cut, depth + 1, left});
        }
        return std::move(tree_);
    }

  private:
    std::vector<std::uint32_t>::iterator at(std::size_t i) { return samples_.begin() + static_cast<std::ptrdiff_t>(i); }
    const double* sum_of(std::uint32_t row) const { return data_.sum.data() + row * k_; }

    void add(double* slot, std::uint32_t row) const {
        const double* sum = sum_of(row);
        slot[0] += 1;
        slot[1] += data_.weight[row];
        slot[2] += sum[0];
        for (std::size_t k = 1; k < k_; ++k) slot[2 + k] += sum[k];
    }

    void sum_node() {
        node_.clear(0, 1);
        for (std::size_t i = begin_; i < end_; ++i) add(node_.at(0), samples_[i]);
        node_score_ = 0;
        for (std::size_t k = 0; k < k_; ++k) node_score_ += node_.cells[2 + k] * node_.cells[2 + k] / (node_.cells[1] + options_.lambda);
    }

    // All rows ask for the same leaf value, so no split can help.
    bool pure() const {
        const std::uint32_t first = samples_[begin_];
        for (std::size_t i = begin_ + 1; i < end_; ++i)
            for (std::size_t k = 0; k < k_; ++k)
                if (sum_of(samples_[i])[k] * data_.weight[first] != sum_of(first)[k] * data_.weight[samples_[i]]) return false;
        return true;
    }

    void make_leaf(std::size_t node) {
        tree_.nodes[node].leaf = tree_.values.size() / k_;
        for (std::size_t k = 0; k < k_; ++k) {
            const double weight = node_.cells[1] + options_.lambda;
            tree_.values.push_back(weight > 0 ? node_.cells[2 + k] / weight : 0);
        }
    }

    // Considers the split whose one side has the sums of the slot. Of equal splits each is as likely to stay: small nodes have many, and
    // taking the first would favour features for their place.
    void consider(const double* slot, std::uint32_t feature, std::uint8_t threshold, Split& best) {
        const auto min_leaf = static_cast<double>(options_.min_leaf);
        if (slot[0] < min_leaf || node_.cells[0] - slot[0] < min_leaf) return;
        const double weight = slot[1] + options_.lambda, other_weight = node_.cells[1] - slot[1] + options_.lambda;
        if (!(weight > 0) || !(other_weight > 0)) return;
        double score = 0;
        for (std::size_t k = 0; k < k_; ++k) {
            const double side = slot[2 + k], other = node_.cells[2 + k] - side;
            score += side * side / weight + other * other / other_weight;
        }
        const double gain = score - node_score_;
        // Without a penalty any split of an impure node is worth taking (XOR-like nodes gain only one level deeper).
        const bool enough = options_.lambda > 0 ? gain > 1e-12 : gain > -1e-9 * node_score_;
        if (!enough) return;
        if (!best.found || gain > best.gain)
            best = {gain, feature, threshold, true, 1};
        else if (gain == best.gain && random_.below(++best.equals) == 0)
            best = {gain, feature, threshold, true, best.equals};
    }

    void try_dense(std::uint32_t feature, Split& best) {
        const std::uint8_t* code = f_.code.data() + feature * f_.rows;
        const auto last_bin = static_cast<unsigned>(f_.value[feature].size() - 1);
        if (!options_.random_thresholds && end_ - begin_ >= last_bin) {
            try_bins(feature, code, 0, last_bin, best);
            return;
        }
        unsigned low = 255, high = 0;
        for (std::size_t i = begin_; i < end_; ++i) {
            low = std::min<unsigned>(low, code[samples_[i]]);
            high = std::max<unsigned>(high, code[samples_[i]]);
        }
        if (low == high) return;
        if (options_.random_thresholds)
            try_random_threshold(feature, code, low, high, best);
        else if (end_ - begin_ <= few_rows && high - low > few_rows)
            try_sorted(feature, code, best);
        else
            try_bins(feature, code, low, high, best);
    }

    // Every threshold between the bins low and high, which hold all rows of the node.
    void try_bins(std::uint32_t feature, const std::uint8_t* code, unsigned low, unsigned high, Split& best) {
        bins_.clear(low, high + 1);
        for (std::size_t i = begin_; i < end_; ++i) add(bins_.at(code[samples_[i]]), samples_[i]);
        left_.clear(0, 1);
        for (unsigned bin = low; bin < high; ++bin) {
            const double* slot = bins_.at(bin);
            if (slot[0] == 0) continue;
            for (std::size_t k = 0; k < k_ + 2; ++k) left_.cells[k] += slot[k];
            if (left_.cells[0] == node_.cells[0]) return;
            consider(left_.at(0), feature, static_cast<std::uint8_t>(bin), best);
        }
    }

    // A few rows over many bins: sorting them is less work than walking the bins.
    void try_sorted(std::uint32_t feature, const std::uint8_t* code, Split& best) {
        std::array<std::pair<std::uint8_t, std::uint32_t>, few_rows> sorted;
        const std::size_t n = end_ - begin_;
        for (std::size_t i = 0; i < n; ++i) {
            const std::pair<std::uint8_t, std::uint32_t> entry{code[samples_[begin_ + i]], samples_[begin_ + i]};
            std::size_t j = i;
            for (; j > 0 && sorted[j - 1].first > entry.first; --j) sorted[j] = sorted[j - 1];
            sorted[j] = entry;
        }
        left_.clear(0, 1);
        for (std::size_t i = 0; i + 1 < n; ++i) {
            add(left_.at(0), sorted[i].second);
            if (sorted[i].first != sorted[i + 1].first) consider(left_.at(0), feature, sorted[i].first, best);
        }
    }

    void try_random_threshold(std::uint32_t feature, const std::uint8_t* code, unsigned low, unsigned high, Split& best) {
        const auto& value = f_.value[feature];
        const double cut = value[low] + random_.uniform() * (value[high] - value[low]);
        const auto bin = std::ranges::upper_bound(value, cut) - value.begin() - 1;  // the last bin whose value is not above the cut
        const auto threshold = static_cast<std::uint8_t>(std::clamp<std::ptrdiff_t>(bin, low, high - 1));
        left_.clear(0, 1);
        for (std::size_t i = begin_; i < end_; ++i)
            if (code[samples_[i]] <= threshold) add(left_.at(0), samples_[i]);
        consider(left_.at(0), feature, threshold, best);
    }

    // Sums of all bits that occur in the node; touched_ lists them.
    void count_bits() {
        for (std::uint32_t bit : touched_) bits_.clear(bit, bit + 1u);
        touched_.clear();
        if (f_.bits == 0) return;
        for (std::size_t i = begin_; i < end_; ++i) {
            const std::uint32_t row = samples_[i];
            for (std::uint64_t at = f_.bit_begin[row]; at < f_.bit_begin[row + 1]; ++at) {
                double* slot = bits_.at(f_.bit_set[at]);
                if (slot[0] == 0) touched_.push_back(f_.bit_set[at]);
                add(slot, row);
            }
        }
    }

    // Draws without replacement (Knuth's algorithm S); the bits that no row of the node has are part of the draw, being constant there.
    // If no feature drawn can split the node, looks at the others in random order until one can.
    Split best_split() {
        Split best;
        std::vector<std::size_t> skipped;
        std::size_t wanted = options_.features_per_node == 0 ? f_.count() : std::min(options_.features_per_node, f_.count());
        std::size_t left = f_.count();
        const auto drawn = [&] {
            const bool yes = wanted == left || random_.below(left) < wanted;
            --left;
            wanted -= yes;
            return yes;
        };
        for (std::uint32_t feature = 0; feature < f_.dense; ++feature) {
            if (drawn())
                try_dense(feature, best);
            else
                skipped.push_back(feature);
        }
        count_bits();
        for (std::uint32_t bit : touched_) {
            if (drawn())
                consider(bits_.at(bit), static_cast<std::uint32_t>(f_.dense + bit), 0, best);
            else if (*bits_.at(bit) < node_.cells[0])
                skipped.push_back(f_.dense + bit);
        }
        if (best.found) return best;
        random_.shuffle(skipped);
        for (std::size_t i = 0; i < skipped.size() && !best.found; ++i) {
            const auto feature = static_cast<std::uint32_t>(skipped[i]);
            if (feature < f_.dense)
                try_dense(feature, best);
            else
                consider(bits_.at(feature - f_.dense), feature, 0, best);
        }
        return best;
    }

    const BinnedFeatures& f_;
    const TreeData& data_;
    std::size_t k_;
    std::vector<std::uint32_t>& samples_;
    const TreeOptions& options_;
    Random& random_;
    Sums node_, left_, bins_, bits_;
    std::vector<std::uint32_t> touched_;
    std::size_t begin_ = 0, end_ = 0;
    double node_score_ = 0;
    Tree tree_;
};

}  // namespace

const double* Tree::leaf_values(const BinnedFeatures& f, std::size_t row, std::size_t outputs) const {
    std::size_t node = 0;
    while (nodes[node].left >= 0)
        node = static_cast<std::size_t>(f.right(row, nodes[node].feature, nodes[node].threshold) ? nodes[node].right : nodes[node].left);
    return values.data() + nodes[node].leaf * outputs;
}

Tree grow_tree(const BinnedFeatures& f, const TreeData& data, std::vector<std::uint32_t>& samples, const TreeOptions& options,
               Random& random) {
    return Grower(f, data, samples, options, random).grow();
}

}  // namespace molten::baselines
