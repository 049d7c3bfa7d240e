#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace molten::data {

// Row indices from 0, each list in ascending order, no index in two lists.
struct Split {
    std::vector<std::int64_t> train, val, test;
    bool operator==(const Split&) const = default;
};

// Shares of train, validation and test; they add up to 1 (within 1e-6) and none is negative. Wanted sizes for n rows: the first
// floor(train * n) rows train, those up to floor((train + val) * n) validate, the rest test.
struct SplitOptions {
    double train = 0.8, val = 0.1, test = 0.1;
    std::uint64_t seed = 0;
};

// Every function below takes one key a row, the canonical identity of its molecule: rows with equal keys always go to the same part, so
// that no molecule is trained on and tested on. A split is a function of its arguments alone, on every machine.
// Error(usage) for wrong shares, Error(data) where a part that was asked for stays empty for lack of rows.
using Keys = std::span<const std::string>;

// Seeded random order. Test, then validation, take the groups of equal keys that still fit, the rest trains. Where a part is not full then,
// some of its last groups are exchanged for others that fill it: sizes are exact where groups permit.
Split random_split(Keys keys, const SplitOptions& options);

// random_split inside each class, so that every part has each class in its share (to one row a class). classes: one a row, -1 for none.
Split stratified_split(std::span<const std::int64_t> classes, Keys keys, const SplitOptions& options);

// Bemis-Murcko scaffolds as DeepChem's ScaffoldSplitter: groups of equal scaffold, largest first (ties: the one whose first row is later
// in the file first), train until the next would not fit, then validation, then test. The seed plays no part. Groups that share a
// molecule key are one.
Split scaffold_split(std::span<const std::string> scaffolds, Keys keys, const SplitOptions& options);

// The same with chemprop's "scaffold balanced" order: groups larger than half the validation or half the test part come first, then the
// others, both in seeded random order; a group that does not fit in train goes to validation if it fits there, else to test.
Split scaffold_balanced_split(std::span<const std::string> scaffolds, Keys keys, const SplitOptions& options);

// By the words of a column: train or training; val, valid, validation or dev; test (case ignored, blanks around do not count). Error(data)
// naming the row for any other word. row_numbers are for messages. Keys are not used: ask leak_report.
Split column_split(std::span<const std::string> words, std::span<const std::uint64_t> row_numbers, const std::string& where);

// k folds over groups of equal keys, of sizes as equal as groups permit. Split i tests on fold i; `val` of the other rows, drawn anew for
// each fold from (seed, i), validate. 2 <= k <= number of groups.
std::vector<Split> k_fold_split(Keys keys, std::size_t k, double val, std::uint64_t seed);

// What straddles: molecules (keys) with rows in more than one part of a split.
struct LeakReport {
    std::size_t duplicate_keys = 0;       // keys with more than one row
    std::size_t duplicate_rows = 0;       // their rows
    std::vector<std::string> straddling;  // keys in two or three parts, sorted
    std::size_t leaked_rows = 0;          // rows of val and test whose key is in train too
    std::string text() const;             // one line for the log
};
LeakReport leak_report(const Split& split, Keys keys);

// The split of a subset as a split of the whole: index i becomes rows[i].
Split map_rows(const Split& split, std::span<const std::int64_t> rows);

// chemprop's splits.json (version 2): a list of {"train": [...], "val": [...], "test": [...]}, one a fold or replicate, with indices of the
// data rows from 0. Written atomically, lists of integers.
void write_splits(const std::filesystem::path& path, std::span<const Split> splits);
// Lists of integers, or a string of integers and inclusive ranges ("0-9,12"); "val" and "test" may be missing. Error(corrupt) for what is
// no JSON, Error(data) for another layout, for an index outside [0, rows) or in one split twice.
std::vector<Split> read_splits(const std::filesystem::path& path, std::int64_t rows);
std::vector<Split> parse_splits(std::string_view json, const std::string& name, std::int64_t rows);

}  // namespace molten::data
