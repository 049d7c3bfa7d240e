#include "train/loop/run_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "engine/io/file.h"
#include "engine/io/hash.h"
#include "engine/io/json.h"
#include "kernels/common/parallel.h"

namespace molten::train {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::stringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (!line.starts_with("checkpoint_")) lines.push_back(line.substr(0, line.find("  #")));
    return lines;
}

// The settings that differ, "train.epochs: 60, now 80" a line each; how often to save is free.
std::string differences(const std::string& before, const std::string& now) {
    const auto a = lines_of(before), b = lines_of(now);
    std::string result;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        const std::string x = i < a.size() ? a[i] : "", y = i < b.size() ? b[i] : "";
        if (x != y) result += fmt::format("\n  was {}\n  now {}", x, y);
    }
    return result;
}

std::string hash_of_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    io::Hasher hasher;
    std::vector<char> buffer(1 << 20);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
        hasher.update(std::as_bytes(std::span(buffer.data(), static_cast<std::size_t>(in.gcount()))));
    return hasher.digest().hex();
}

std::string environment(const TrainOptions& options) {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    io::Json j = io::Json::object();
    j.set("molten", "0.1.0").set("compiler", __VERSION__).set("threads", thread_count()).set("host", host);
    j.set("data", options.data).set("data_hash", fs::is_regular_file(options.data) ? hash_of_file(options.data) : "");
    return j.text(true) + "\n";
}

void refuse_other_run(const fs::path& root, const std::string& config, const std::string& env) {
    if (const std::string differs = differences(read_text(root / "requested.toml"), config); !differs.empty())
        throw Error(ExitCode::usage, fmt::format("{}: cannot be resumed with another configuration:{}", root.string(), differs),
                    "give the same flags, or another --out");
    const io::Json before = io::read_json(root / "env.json"), now = io::parse_json(env, "env.json");
    if (io::JsonView(before, "env.json")["data_hash"].string() != io::JsonView(now, "env.json")["data_hash"].string())
        throw Error(ExitCode::data, fmt::format("{}: the data file has changed since the run began", root.string()),
                    "train again with another --out");
}

// The name of a file that was being written when its process was killed: ".report.html.tmp-4711-3".
bool is_leftover(const std::string& name) { return name.starts_with(".") && name.find(".tmp-") != std::string::npos; }

void remove_leftovers(const fs::path& root) {
    std::vector<fs::path> found;
    for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
        if (it->is_directory() && it->path().filename() == "checkpoints")
            it.disable_recursion_pending();  // looked after by CheckpointWriter
        else if (it->is_regular_file() && is_leftover(it->path().filename().string()))
            found.push_back(it->path());
    }
    for (const fs::path& path : found) io::remove_file(path);
}

// Killed before requested.toml, the last file of open(), was there: nothing but its other files, and best/ empty.
bool only_begun(const fs::path& root) {
    if (!fs::is_directory(root / "best") || !fs::is_empty(root / "best")) return false;
    return std::all_of(fs::directory_iterator(root), fs::directory_iterator(), [](const fs::directory_entry& entry) {
        const std::string name = entry.path().filename().string();
        return name == "best" || name == "command.txt" || name == "env.json" || is_leftover(name);
    });
}

// Empties the directory of a run. requested.toml stays to the end, so that a kill leaves a directory that is still known as a run's.
void empty_run(const fs::path& root) {
    std::vector<fs::path> entries;
    for (const fs::directory_entry& entry : fs::directory_iterator(root))
        if (entry.path().filename() != "requested.toml") entries.push_back(entry.path());
    for (const fs::path& entry : entries) fs::remove_all(entry);
}

}  // namespace

RunDirectory RunDirectory::open(const TrainOptions& options, const std::string& command) {
    RunDirectory run{options.out, false};
    const std::string config = to_toml(options), env = environment(options);
    if (fs::exists(run.root / "requested.toml") && options.resume == "auto") {
        refuse_other_run(run.root, config, env);
        remove_leftovers(run.root);
        run.resumed = true;
        return run;
    }
    // A directory where nothing has been trained yet, because the data was refused, is no obstacle.
    const bool started = fs::exists(run.root / "requested.toml"),
               trained = fs::exists(run.root / "checkpoints") || fs::exists(run.root / "replicate-0");
    if (fs::exists(run.root) && !fs::is_empty(run.root) && !only_begun(run.root)) {
        if (!options.overwrite && !(started && !trained))
            throw Error(ExitCode::usage, fmt::format("{} exists and is not empty", run.root.string()),
                        "continue it with --resume auto, replace it with --overwrite, or choose another --out");
        if (!started)
            throw Error(ExitCode::usage, fmt::format("{} is no run directory: --overwrite will not delete it", run.root.string()),
                        "choose another --out");
        empty_run(run.root);
    }
    std::error_code failed;
    fs::create_directories(run.best(), failed);
    if (failed)
        throw Error(ExitCode::resources, fmt::format("{}: cannot be created: {}", run.root.string(), failed.message()), "check --out");
    io::write_file_atomically(run.root / "command.txt", command + "\n");
    io::write_file_atomically(run.root / "env.json", env);
    io::write_file_atomically(run.root / "requested.toml", config);
    return run;
}

}  // namespace molten::train
