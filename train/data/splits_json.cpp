#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/core/error.h"
#include "engine/io/file.h"
#include "engine/io/json.h"
#include "train/data/splits.h"
#include "train/data/text.h"

namespace molten::data {

namespace {

constexpr io::JsonLimits limits{.bytes = 1'000'000'000, .depth = 8, .array = 100'000'000, .values = 400'000'000};

[[noreturn]] void bad(const std::string& path, const std::string& why) {
    throw Error(ExitCode::data, path + ": " + why, "Expected [{\"train\": [0, 1], \"val\": [2], \"test\": \"3-9\"}]; rows count from 0.");
}

std::int64_t checked(std::int64_t index, std::int64_t rows, const std::string& path) {
    if (index < 0 || index >= rows)
        bad(path, fmt::format("row {} is not among the {} rows of the data", index, grouped(static_cast<std::uint64_t>(rows))));
    return index;
}

// "0-9,12"
std::vector<std::int64_t> expand(std::string_view text, std::int64_t rows, const std::string& path) {
    std::vector<std::int64_t> indices;
    const auto number = [&](std::string_view word) {
        word = trim(word);
        std::int64_t value = -1;
        const auto [stop, code] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (code != std::errc() || stop != word.data() + word.size() || value < 0)
            bad(path, fmt::format("'{}' is no row number or range", excerpt(word)));
        return checked(value, rows, path);
    };
    while (!trim(text).empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view item = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const std::size_t dash = item.find('-');
        const std::int64_t first = number(item.substr(0, dash));
        const std::int64_t last = dash == std::string_view::npos ? first : number(item.substr(dash + 1));
        if (last < first) bad(path, fmt::format("the range '{}' runs backwards", excerpt(item)));
        if (static_cast<std::int64_t>(indices.size()) + last - first >= rows) bad(path, "more indices than rows");
        for (std::int64_t row = first; row <= last; ++row) indices.push_back(row);
    }
    return indices;
}

std::vector<std::int64_t> read_part(const io::JsonView& part, std::int64_t rows) {
    if (!part.exists() || part.is_null()) return {};
    std::vector<std::int64_t> indices;
    if (const std::string* text = part.value().as_string()) {
        indices = expand(*text, rows, part.path());
    } else {
        const std::size_t count = part.array().size();
        for (std::size_t i = 0; i < count; ++i) indices.push_back(checked(part[i].integer(), rows, part.path()));
    }
    std::sort(indices.begin(), indices.end());
    return indices;
}

}  // namespace

std::vector<Split> parse_splits(std::string_view json, const std::string& name, std::int64_t rows) {
    const io::Json document = io::parse_json(json, name, limits);
    const io::JsonView view(document, name);
    std::vector<Split> splits;
    for (std::size_t i = 0; i < view.array().size(); ++i) {
        const io::JsonView entry = view[i];
        for (const auto& [key, value] : entry.object().members())
            if (key != "train" && key != "val" && key != "test") bad(entry.path(), fmt::format("unknown part '{}'", excerpt(key)));
        Split split{read_part(entry["train"], rows), read_part(entry["val"], rows), read_part(entry["test"], rows)};
        std::vector<std::int64_t> all;
        for (const auto* part : {&split.train, &split.val, &split.test}) all.insert(all.end(), part->begin(), part->end());
        std::sort(all.begin(), all.end());
        const auto twice = std::adjacent_find(all.begin(), all.end());
        if (twice != all.end()) bad(entry.path(), fmt::format("row {} occurs twice", *twice));
        if (split.train.empty()) bad(entry.path(), "no training rows");
        splits.push_back(std::move(split));
    }
    if (splits.empty()) bad(name, "no split");
    return splits;
}

std::vector<Split> read_splits(const std::filesystem::path& path, std::int64_t rows) {
    return parse_splits(io::read_file(path, limits.bytes), path.string(), rows);
}

void write_splits(const std::filesystem::path& path, std::span<const Split> splits) {
    io::Json document = io::Json::array();
    for (const Split& split : splits) {
        io::Json entry;
        const auto put = [&](const char* name, const std::vector<std::int64_t>& part) {
            entry.set(name, io::JsonArray(part.begin(), part.end()));
        };
        put("train", split.train);
        put("val", split.val);
        put("test", split.test);
        document.push_back(std::move(entry));
    }
    io::write_file_atomically(path, document.text() + "\n");
}

}  // namespace molten::data
