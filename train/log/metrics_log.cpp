#include "train/log/metrics_log.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "engine/io/json.h"

namespace molten::log {
namespace {

io::File open_at(const std::filesystem::path& path, std::uint64_t bytes) {
    io::File file = io::File::open(path, io::OpenMode::append);
    if (file.size() < bytes)
        throw Error(ExitCode::corrupt,
                    fmt::format("{}: has {} bytes, but the checkpoint was saved when it had {}", path.string(), file.size(), bytes),
                    "the file was changed by hand: train again with --overwrite");
    file.truncate(bytes);
    return file;
}

std::string first_line(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string result = "\"";
    for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + '"';
}

}  // namespace

MetricsLog::MetricsLog(const std::filesystem::path& directory, const MetricsPosition& position)
    : jsonl_(open_at(directory / "metrics.jsonl", position.jsonl_bytes)),
      csv_(open_at(directory / "metrics.csv", position.csv_bytes)),
      position_(position) {
    if (position.csv_bytes > 0) header_ = first_line(directory / "metrics.csv");
}

void MetricsLog::write(const MetricsRecord& record) {
    io::Json j = io::Json::object();
    std::string header, row;
    const auto cell = [&](const std::string& name, const std::string& value) {
        header += (header.empty() ? "" : ",") + quoted(name);
        row += (header.size() == quoted(name).size() ? "" : ",") + quoted(value);
    };
    for (const auto& [name, value] : record.texts) {
        j.set(name, value);
        cell(name, value);
    }
    for (const auto& [name, value] : record.integers) {
        j.set(name, value);
        cell(name, std::to_string(value));
    }
    for (const auto& [name, value] : record.numbers) {
        j.set(name, std::isfinite(value) ? io::Json(value) : io::Json());
        cell(name, std::isfinite(value) ? fmt::format("{}", value) : "");
    }
    if (header_.empty()) {
        csv_.write_all(header + "\n");
        position_.csv_bytes += header.size() + 1;
        header_ = header;
    }
    if (header != header_) throw Error(ExitCode::usage, "metrics: a record of other columns than the first: " + header);
    const std::string line = j.text() + "\n";
    jsonl_.write_all(line);
    csv_.write_all(row + "\n");
    position_.jsonl_bytes += line.size();
    position_.csv_bytes += row.size() + 1;
}

void MetricsLog::sync() {
    jsonl_.sync();
    csv_.sync();
}

}  // namespace molten::log
