#include "train/data/splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/core/error.h"
#include "train/data/groups.h"
#include "train/data/nearest.h"
#include "train/data/splitmix.h"
#include "train/data/text.h"

namespace molten::data {

namespace {

struct Sizes {
    std::size_t train, val, test;
};

Sizes wanted_sizes(std::size_t rows, const SplitOptions& options) {
    const double shares[] = {options.train, options.val, options.test};
    double sum = 0;
    for (const double share : shares) {
        if (!(share >= 0 && share <= 1))
            throw Error(ExitCode::usage, fmt::format("a split share of {} is not between 0 and 1", share), "give --train-share and --val-share, for example 0.8 and 0.1; the rest tests");
        sum += share;
    }
    if (std::abs(sum - 1) > 1e-6)
        throw Error(ExitCode::usage, fmt::format("the split shares add up to {}, not to 1", sum), "give --train-share and --val-share, for example 0.8 and 0.1; the rest tests");
    const auto floor_of = [&](double share) { return static_cast<std::size_t>(std::floor(share * static_cast<double>(rows) + 1e-6)); };
    const std::size_t first = std::min(floor_of(options.train), rows),
                      second = std::clamp(floor_of(options.train + options.val), first, rows);
    return {first, options.test == 0 ? rows - first : second - first, options.test == 0 ? 0 : rows - second};
}

void require_parts(const Split& split, const SplitOptions& options, std::size_t rows) {
    const auto require = [&](double share, const Group& part, const char* name) {
        if (share > 0 && part.empty())
            throw Error(ExitCode::data, fmt::format("{} rows are too few: the {} part of the split stays empty", grouped(rows), name),
                        "Add rows, change --train-share and --val-share, or use another --split.");
    };
    require(options.train, split.train, "training");
    require(options.val, split.val, "validation");
    require(options.test, split.test, "test");
}

Split sorted(Split split) {
    for (Group* part : {&split.train, &split.val, &split.test}) std::sort(part->begin(), part->end());
    return split;
}

void append(Group& to, const Group& from) { to.insert(to.end(), from.begin(), from.end()); }

Split fill_in_order(const std::vector<Group>& groups, const Sizes& sizes, bool balanced) {
    Split split;
    for (const Group& group : groups) {
        const bool in_train = split.train.size() + group.size() <= sizes.train;
        const std::size_t val_room = balanced ? sizes.val : sizes.train + sizes.val - split.train.size();
        if (in_train)
            append(split.train, group);
        else if (split.val.size() + group.size() <= val_room)
            append(split.val, group);
        else
            append(sizes.test > 0 ? split.test : split.train, group);
    }
    return sorted(std::move(split));
}

void require_same_length(std::size_t labels, std::size_t keys) {
    if (labels != keys) throw std::logic_error("a split needs one label and one key a row");
}

}  // namespace

Split random_split(Keys keys, const SplitOptions& options) {
    const Sizes sizes = wanted_sizes(keys.size(), options);
    std::vector<Group> groups = groups_of(keys);
    SplitMix64(options.seed).shuffle(groups);
    Split split;
    split.test = take(groups, sizes.test);
    split.val = take(groups, sizes.val);
    for (const Group& group : groups) append(split.train, group);
    require_parts(split, options, keys.size());
    return sorted(std::move(split));
}

Split stratified_split(std::span<const std::int64_t> classes, Keys keys, const SplitOptions& options) {
    require_same_length(classes.size(), keys.size());
    wanted_sizes(keys.size(), options);
    std::vector<Group> groups = groups_of(keys);
    SplitMix64(options.seed).shuffle(groups);
    std::map<std::int64_t, std::vector<Group>> strata;  // a group belongs to the class of its first row
    for (Group& group : groups) strata[classes[static_cast<std::size_t>(group[0])]].push_back(std::move(group));
    Split split;
    std::size_t rows = 0;
    for (auto& [label, stratum] : strata) {  // what the running total wants beyond what is taken, so that roundings do not add up
        for (const Group& group : stratum) rows += group.size();
        const Sizes wanted = wanted_sizes(rows, options);
        append(split.test, take(stratum, wanted.test - std::min(split.test.size(), wanted.test)));
        append(split.val, take(stratum, wanted.val - std::min(split.val.size(), wanted.val)));
        for (const Group& group : stratum) append(split.train, group);
    }
    require_parts(split, options, keys.size());
    return sorted(std::move(split));
}

Split scaffold_split(std::span<const std::string> scaffolds, Keys keys, const SplitOptions& options) {
    require_same_length(scaffolds.size(), keys.size());
    std::vector<Group> groups = connected_groups(scaffolds, keys);
    std::sort(groups.begin(), groups.end(),
              [](const Group& a, const Group& b) { return a.size() != b.size() ? a.size() > b.size() : a[0] > b[0]; });
    const Split split = fill_in_order(groups, wanted_sizes(keys.size(), options), false);
    require_parts(split, options, keys.size());
    return split;
}

Split scaffold_balanced_split(std::span<const std::string> scaffolds, Keys keys, const SplitOptions& options) {
    require_same_length(scaffolds.size(), keys.size());
    const Sizes sizes = wanted_sizes(keys.size(), options);
    std::vector<Group> big, small;
    for (Group& group : connected_groups(scaffolds, keys)) {
        const bool is_big = 2 * group.size() > sizes.val || 2 * group.size() > sizes.test;
        (is_big ? big : small).push_back(std::move(group));
    }
    SplitMix64 random(options.seed);
    random.shuffle(big);
    random.shuffle(small);
    big.insert(big.end(), std::make_move_iterator(small.begin()), std::make_move_iterator(small.end()));
    const Split split = fill_in_order(big, sizes, true);
    require_parts(split, options, keys.size());
    return split;
}

Split column_split(std::span<const std::string> words, std::span<const std::uint64_t> row_numbers, const std::string& where) {
    require_same_length(words.size(), row_numbers.size());
    static const std::vector<std::string> known{"train", "training", "val", "valid", "validation", "dev", "test"};
    Split split;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto found = std::find(known.begin(), known.end(), lower(trim(words[i])));
        if (found == known.end())
            throw Error(ExitCode::data,
                        fmt::format("{}:{}: '{}' names no part of a split.{}", where, row_numbers[i], excerpt(words[i]),
                                    did_you_mean(words[i], known)),
                        "Words: train, val (valid, validation, dev), test.");
        const auto index = found - known.begin();
        (index < 2 ? split.train : index < 6 ? split.val : split.test).push_back(static_cast<std::int64_t>(i));
    }
    if (split.train.empty()) throw Error(ExitCode::data, where + ": no row of the split column says train", "Is this the right column?");
    return split;
}

std::vector<Split> k_fold_split(Keys keys, std::size_t k, double val, std::uint64_t seed) {
    if (!(val >= 0 && val < 1)) throw Error(ExitCode::usage, fmt::format("a validation share of {} is not in [0, 1)", val), "Use 0.1.");
    std::vector<Group> groups = groups_of(keys);
    if (k < 2 || k > groups.size())
        throw Error(ExitCode::usage, fmt::format("{} folds of {} different molecules cannot be", k, grouped(groups.size())),
                    "Use 2 folds up, at most one a molecule.");
    SplitMix64(seed).shuffle(groups);
    std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.size() > b.size(); });
    std::vector<std::vector<Group>> folds(k);
    std::set<std::pair<std::size_t, std::size_t>> smallest;  // (rows, fold)
    for (std::size_t i = 0; i < k; ++i) smallest.emplace(0, i);
    for (Group& group : groups) {
        auto [rows, fold] = *smallest.begin();
        smallest.erase(smallest.begin());
        smallest.emplace(rows + group.size(), fold);
        folds[fold].push_back(std::move(group));
    }
    std::vector<Split> splits(k);
    SplitMix64 fold_seeds(seed);
    for (std::size_t i = 0; i < k; ++i) {
        std::vector<Group> others;
        for (std::size_t j = 0; j < k; ++j)
            for (const Group& group : folds[j]) {
                if (j == i)
                    append(splits[i].test, group);
                else
                    others.push_back(group);
            }
        SplitMix64(fold_seeds.next()).shuffle(others);
        const auto rows = static_cast<double>(keys.size() - splits[i].test.size());
        splits[i].val = take(others, static_cast<std::size_t>(std::floor(val * rows + 1e-6)));
        for (const Group& group : others) append(splits[i].train, group);
        splits[i] = sorted(std::move(splits[i]));
    }
    return splits;
}

LeakReport leak_report(const Split& split, Keys keys) {
    struct Seen {
        std::size_t rows = 0, in_train = 0;
        unsigned parts = 0;
    };
    std::map<std::string_view, Seen> seen;
    const Group* const parts[] = {&split.train, &split.val, &split.test};
    for (unsigned p = 0; p < 3; ++p)
        for (const std::int64_t row : *parts[p]) {
            Seen& entry = seen[keys[static_cast<std::size_t>(row)]];
            ++entry.rows;
            entry.in_train += p == 0;
            entry.parts |= 1u << p;
        }
    LeakReport report;
    for (const auto& [key, entry] : seen) {
        if (entry.rows < 2) continue;
        ++report.duplicate_keys;
        report.duplicate_rows += entry.rows;
        if ((entry.parts & (entry.parts - 1)) == 0) continue;
        report.straddling.emplace_back(key);
        if (entry.in_train > 0) report.leaked_rows += entry.rows - entry.in_train;
    }
    return report;
}

std::string LeakReport::text() const {
    if (duplicate_keys == 0) return "no molecule occurs twice";
    const std::string head = fmt::format("{} molecule{} occur{} more than once ({} rows)", grouped(duplicate_keys),
                                         duplicate_keys == 1 ? "" : "s", duplicate_keys == 1 ? "s" : "", grouped(duplicate_rows));
    if (straddling.empty()) return head + ", each kept in one part";
    return fmt::format("{}; LEAK: {} of them in several parts, {} rows of validation and test are trained on, for example {}", head,
                       grouped(straddling.size()), grouped(leaked_rows), excerpt(straddling.front()));
}

Split map_rows(const Split& split, std::span<const std::int64_t> rows) {
    Split mapped = split;
    for (Group* part : {&mapped.train, &mapped.val, &mapped.test})
        for (std::int64_t& row : *part) row = rows[static_cast<std::size_t>(row)];
    return sorted(std::move(mapped));
}

}  // namespace molten::data
