#include "train/baselines/tree.h"

#include <algorithm>
#include <array>

namespace molten::baselines {
namespace {

struct Split {
    double gain = 0;
    std::uint32_t feature = 0;
    std::uint8_t threshold = 0;
    bool found = false;
    std::size_t equals = 1;  // splits of this gain met so far
};

// Sums over the rows of a bin, a bit or a node.
struct Sums {
    std::vector<double> sum;    // [slots, outputs]
    std::vector<double> weight;  // [slots]
    std::vector<std::uint32_t> rows;
    Sums(std::size_t slots, std::size_t outputs) : sum(slots * outputs), weight(slots), rows(slots) {}
};

class Grower {
  public:
    Grower(const BinnedFeatures& f, const TreeData& data, std::vector<std::uint32_t>& samples, const TreeOptions& options, Random& random)
        : f_(f), data_(data), k_(data.outputs), samples_(samples), options_(options), random_(random), node_(1, k_), left_(1, k_),
          bins_(256, k_), bits_(f.bits, k_) {}

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
            if ((options_.max_depth == 0 || depth < options_.max_depth) && end - begin >= 2 * options_.min_leaf && !pure()) split = best_split();
            if (!split.found) {
                make_leaf(node);
                continue;
            }
            const auto middle = std::stable_partition(at(begin), at(end), [&](std::uint32_t row) {
                return !f_.right(row, split.feature, split.threshold);
            });
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

    void add(Sums& s, std::size_t slot, std::uint32_t row) const {
        for (std::size_t k = 0; k < k_; ++k) s.sum[slot * k_ + k] += sum_of(row)[k];
        s.weight[slot] += data_.weight[row];
        ++s.rows[slot];
    }
    void clear(Sums& s, std::size_t first, std::size_t last) const {
        std::fill(s.sum.begin() + static_cast<std::ptrdiff_t>(first * k_), s.sum.begin() + static_cast<std::ptrdiff_t>(last * k_), 0.0);
        std::fill(s.weight.begin() + static_cast<std::ptrdiff_t>(first), s.weight.begin() + static_cast<std::ptrdiff_t>(last), 0.0);
        std::fill(s.rows.begin() + static_cast<std::ptrdiff_t>(first), s.rows.begin() + static_cast<std::ptrdiff_t>(last), 0u);
    }

    void sum_node() {
        clear(node_, 0, 1);
        for (std::size_t i = begin_; i < end_; ++i) add(node_, 0, samples_[i]);
        node_score_ = 0;
        for (std::size_t k = 0; k < k_; ++k) node_score_ += node_.sum[k] * node_.sum[k] / (node_.weight[0] + options_.lambda);
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
            const double weight = node_.weight[0] + options_.lambda;
            tree_.values.push_back(weight > 0 ? node_.sum[k] / weight : 0);
        }
    }

    // Considers the split whose one side has the sums of s[slot]. Of equal splits each is as likely to stay: small nodes have many, and
    // taking the first would favour features for their place.
    void consider(const Sums& s, std::size_t slot, std::uint32_t feature, std::uint8_t threshold, Split& best) {
        const std::size_t rows = s.rows[slot], others = end_ - begin_ - rows;
        if (rows < options_.min_leaf || others < options_.min_leaf) return;
        const double weight = s.weight[slot] + options_.lambda, other_weight = node_.weight[0] - s.weight[slot] + options_.lambda;
        if (!(weight > 0) || !(other_weight > 0)) return;
        double score = 0;
        for (std::size_t k = 0; k < k_; ++k) {
            const double side = s.sum[slot * k_ + k], other = node_.sum[k] - side;
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
        std::uint8_t low = 255, high = 0;
        for (std::size_t i = begin_; i < end_; ++i) {
            low = std::min(low, code[samples_[i]]);
            high = std::max(high, code[samples_[i]]);
        }
        if (low == high) return;
        if (options_.random_thresholds) {
            try_random_threshold(feature, low, high, best);
        } else if (end_ - begin_ < 32 && high - low > 32) {
            try_sorted(feature, code, best);
        } else {
            clear(bins_, low, high + 1u);
            for (std::size_t i = begin_; i < end_; ++i) add(bins_, code[samples_[i]], samples_[i]);
            clear(left_, 0, 1);
            for (unsigned bin = low; bin < high; ++bin) {
                if (bins_.rows[bin] == 0) continue;
                for (std::size_t k = 0; k < k_; ++k) left_.sum[k] += bins_.sum[bin * k_ + k];
                left_.weight[0] += bins_.weight[bin];
                left_.rows[0] += bins_.rows[bin];
                consider(left_, 0, feature, static_cast<std::uint8_t>(bin), best);
            }
        }
    }

    // A few rows over many bins: sorting them is less work than walking the bins.
    void try_sorted(std::uint32_t feature, const std::uint8_t* code, Split& best) {
        std::array<std::pair<std::uint8_t, std::uint32_t>, 32> sorted;
        const std::size_t n = end_ - begin_;
        for (std::size_t i = 0; i < n; ++i) {
            const std::pair<std::uint8_t, std::uint32_t> entry{code[samples_[begin_ + i]], samples_[begin_ + i]};
            std::size_t j = i;
            for (; j > 0 && sorted[j - 1].first > entry.first; --j) sorted[j] = sorted[j - 1];
            sorted[j] = entry;
        }
        clear(left_, 0, 1);
        for (std::size_t i = 0; i + 1 < n; ++i) {
            add(left_, 0, sorted[i].second);
            if (sorted[i].first != sorted[i + 1].first) consider(left_, 0, feature, sorted[i].first, best);
        }
    }

    void try_random_threshold(std::uint32_t feature, std::uint8_t low, std::uint8_t high, Split& best) {
        const auto& value = f_.value[feature];
        const double cut = value[low] + random_.uniform() * (value[high] - value[low]);
        const auto bin = std::ranges::upper_bound(value, cut) - value.begin() - 1;  // the last bin whose value is not above the cut
        const auto threshold = static_cast<std::uint8_t>(std::clamp<std::ptrdiff_t>(bin, low, high - 1));
        const std::uint8_t* code = f_.code.data() + feature * f_.rows;
        clear(left_, 0, 1);
        for (std::size_t i = begin_; i < end_; ++i)
            if (code[samples_[i]] <= threshold) add(left_, 0, samples_[i]);
        consider(left_, 0, feature, threshold, best);
    }

    // Sums of all bits that occur in the node; touched_ lists them.
    void count_bits() {
        for (std::uint32_t bit : touched_) clear(bits_, bit, bit + 1u);
        touched_.clear();
        if (f_.bits == 0) return;
        for (std::size_t i = begin_; i < end_; ++i) {
            const std::uint32_t row = samples_[i];
            for (std::uint64_t at = f_.bit_begin[row]; at < f_.bit_begin[row + 1]; ++at) {
                const std::uint32_t bit = f_.bit_set[at];
                if (bits_.rows[bit] == 0) touched_.push_back(bit);
                add(bits_, bit, row);
            }
        }
        std::ranges::sort(touched_);
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
                consider(bits_, bit, static_cast<std::uint32_t>(f_.dense + bit), 0, best);
            else if (bits_.rows[bit] < end_ - begin_)
                skipped.push_back(f_.dense + bit);
        }
        if (best.found) return best;
        random_.shuffle(skipped);
        for (std::size_t i = 0; i < skipped.size() && !best.found; ++i) {
            const auto feature = static_cast<std::uint32_t>(skipped[i]);
            if (feature < f_.dense)
                try_dense(feature, best);
            else
                consider(bits_, feature - f_.dense, feature, 0, best);
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
