// The layers of the house (DESIGN: an include may only go down an arrow) and a few rules of its tidiness.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path root = MOLTEN_SOURCE_DIR;
const std::vector<std::string> kLayers = {"kernels", "engine", "models", "chem", "train"};

std::vector<fs::path> sources_of(const std::string& layer) {
    std::vector<fs::path> result;
    for (const auto& entry : fs::recursive_directory_iterator(root / layer))
        if (const auto ext = entry.path().extension(); ext == ".h" || ext == ".cpp" || ext == ".cu" || ext == ".cuh")
            result.push_back(entry.path());
    return result;
}

std::vector<std::string> lines_of(const fs::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// The path between quotes or angles of an include line, or "".
std::string included(const std::string& line) {
    const auto hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line.compare(hash, 8, "#include") != 0) return "";
    const auto open = line.find_first_of("\"<", hash + 8);
    if (open == std::string::npos) return "";
    const auto close = line.find_first_of("\">", open + 1);
    return line.substr(open + 1, close - open - 1);
}

// What a file of this layer may include of ours.
std::set<std::string> allowed(const fs::path& file, const std::string& layer) {
    const std::string inside = fs::relative(file, root).string();
    if (layer == "kernels") return {"kernels"};
    if (layer == "engine") return {"engine", "kernels"};
    if (layer == "models" && inside.starts_with("models/adapters/")) return {"models", "engine", "kernels", "chem"};
    if (layer == "models") return {"models", "engine", "kernels"};
    if (layer == "chem") return {"chem"};
    return {"train", "models", "engine", "kernels", "chem"};
}

}  // namespace

TEST_CASE("no include climbs the layers") {
    std::size_t checked = 0;
    for (const std::string& layer : kLayers)
        for (const fs::path& file : sources_of(layer))
            for (const std::string& line : lines_of(file)) {
                const std::string path = included(line);
                const std::string first = path.substr(0, path.find('/'));
                if (std::find(kLayers.begin(), kLayers.end(), first) == kLayers.end()) continue;
                ++checked;
                CHECK_MESSAGE(allowed(file, layer).contains(first), fs::relative(file, root).string(), " includes ", path);
            }
    CHECK(checked > 100);
}

TEST_CASE("includes of ours are rooted at the repository and exist") {
    for (const std::string& layer : kLayers)
        for (const fs::path& file : sources_of(layer))
            for (const std::string& line : lines_of(file)) {
                const std::string path = included(line);
                if (path.empty() || line.find('"') == std::string::npos) continue;
                CHECK_MESSAGE(fs::exists(root / path), fs::relative(file, root).string(), " includes ", path);
            }
}

TEST_CASE("RDKit's headers stay in chem's .cpp files") {
    for (const std::string& layer : kLayers)
        for (const fs::path& file : sources_of(layer))
            for (const std::string& line : lines_of(file)) {
                const std::string path = included(line);
                const bool rdkit = path.starts_with("GraphMol/") || path.starts_with("RDGeneral/") || path.starts_with("DataStructs/");
                if (rdkit)
                    CHECK_MESSAGE((layer == "chem" && file.extension() == ".cpp"), fs::relative(file, root).string(), " includes ", path);
            }
}

TEST_CASE("std::regex is nowhere: it overflows the stack") {
    for (const std::string& layer : kLayers)
        for (const fs::path& file : sources_of(layer))
            for (const std::string& line : lines_of(file)) CHECK_MESSAGE(included(line) != "regex", fs::relative(file, root).string());
}

TEST_CASE("every folder says what lives in it, and no file is everybody's") {
    std::set<fs::path> folders;
    for (const std::string& layer : kLayers)
        for (const fs::path& file : sources_of(layer)) {
            folders.insert(file.parent_path());
            const auto lines = lines_of(file);
            CHECK_MESSAGE(lines.size() <= 600, fs::relative(file, root).string(), " has ", lines.size(), " lines");
        }
    for (const fs::path& folder : folders)
        CHECK_MESSAGE(fs::exists(folder / "README.md"), fs::relative(folder, root).string(), " has no README.md");
}
