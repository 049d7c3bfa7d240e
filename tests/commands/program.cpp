#include "tests/commands/program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace molten::program {
namespace {

namespace fs = std::filesystem;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::vector<std::string> child_environment(const Environment& added) {
    std::vector<std::string> result;
    for (char** variable = environ; *variable; ++variable)
        if (const std::string text = *variable; !text.starts_with("MOLTEN_")) result.push_back(text);
    for (const auto& [name, value] : added) result.push_back(name + "=" + value);
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

}  // namespace

Child::Child(const Arguments& arguments, const Environment& environment) : started_(now()) {
    std::string pattern = (fs::temp_directory_path() / "molten_child_XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary directory at " + pattern);
    scratch_ = pattern;
    const std::string out = scratch_ / "out", err = scratch_ / "err";
    std::vector<std::string> words = {MOLTEN_PROGRAM}, variables = child_environment(environment);
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv = pointers(words), envp = pointers(variables);
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ > 0) return;
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
}

Child::~Child() {
    if (!ended_) {
        ::kill(process_, SIGKILL);
        collect(true);
    }
    std::error_code ignored;
    fs::remove_all(scratch_, ignored);
}

bool Child::collect(bool block) {
    if (!ended_) ended_ = ::waitpid(process_, &status_, block ? 0 : WNOHANG) == process_;
    return ended_;
}

void Child::send(int signal) {
    if (!collect(false)) ::kill(process_, signal);
}

bool Child::running() { return !collect(false); }

Ended Child::wait(double seconds) {
    Ended result;
    while (running() && now() - started_ < seconds) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (running()) {
        result.late = true;
        ::kill(process_, SIGKILL);
        collect(true);
    }
    result.seconds = now() - started_;
    if (WIFEXITED(status_)) result.code = WEXITSTATUS(status_);
    if (WIFSIGNALED(status_)) result.signal = WTERMSIG(status_);
    result.out = read_text(scratch_ / "out");
    result.err = read_text(scratch_ / "err");
    return result;
}

Ended run(const Arguments& arguments, const Environment& environment, double seconds) { return Child(arguments, environment).wait(seconds); }

Arguments tiny_training(const fs::path& data, const fs::path& out, const Arguments& more) {
    Arguments arguments = {"train",    "--data", data.string(), "--out",      out.string(), "--width",     "16",   "--layers",           "1",   "--heads",      "2",
                           "--epochs", "2",      "--ensemble",  "1",          "--baselines", "none",       "--fingerprint-bits", "256", "--batch-size", "16"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

Molecule molecule(std::size_t number) {
    static constexpr std::array<const char*, 10> heads = {"C", "CC", "CO", "CN", "C(F)", "COC", "CSC", "C1CCCCC1", "c1ccccc1", "C(Cl)C"};
    static constexpr std::array<const char*, 6> middles = {"C", "CC(C)", "C(=O)", "CCC", "CC(O)", "C(=O)NC"};
    static constexpr std::array<const char*, 8> tails = {"C", "CC", "Cc1ccncc1", "C(=O)O", "CF", "CCCl", "C#N", "C(C)(C)C"};
    number = number * 173 % (heads.size() * middles.size() * tails.size());  // neighbours in number are not neighbours in shape
    Molecule result{std::string(heads[number % heads.size()]) + middles[number / heads.size() % middles.size()] +
                        tails[number / (heads.size() * middles.size())],
                    0};
    for (const char c : result.smiles) result.heteroatoms += std::string("NOFSn").find(c) != std::string::npos;
    for (std::size_t at = 0; (at = result.smiles.find("Cl", at)) != std::string::npos; ++at) ++result.heteroatoms;
    return result;
}

std::string molecule_table(std::size_t rows, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string text = "id,smiles,y,label\n";
    for (std::size_t i = 0; i < rows; ++i) {
        const Molecule m = molecule(i);
        const double noise = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
        char line[256];
        std::snprintf(line, sizeof line, "m%zu,%s,%.4f,%s\n", i, m.smiles.c_str(), m.heteroatoms + 0.3 * noise, m.heteroatoms > 1 ? "rich" : "poor");
        text += line;
    }
    return text;
}

Home::Home() {
    const bool memory = ::access("/dev/shm", W_OK | X_OK) == 0;
    std::string pattern = ((memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "molten_home_XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary directory at " + pattern);
    path = pattern;
}

Home::~Home() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

void write_text(const fs::path& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path.string());
}

std::string read_text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    std::stringstream in(text);
    for (std::string line; std::getline(in, line);) result.push_back(line);
    return result;
}

std::map<std::string, std::string> files_below(const fs::path& root) {
    std::map<std::string, std::string> result;
    if (!fs::exists(root)) return result;
    for (const auto& entry : fs::recursive_directory_iterator(root))
        if (entry.is_regular_file()) result[fs::relative(entry.path(), root).string()] = read_text(entry.path());
    return result;
}

std::map<std::string, std::string> lasting_files(const fs::path& run) {
    std::map<std::string, std::string> result;
    for (auto& [name, bytes] : files_below(run)) {
        const std::string file = fs::path(name).filename().string();
        const bool lasting = name.find("best/") != std::string::npos || name.find("arms/") != std::string::npos || file == "metrics.jsonl" ||
                             file == "metrics.csv" || file == "metrics.json" || file == "splits.json" || file == "predictions.csv" || file == "rejected.csv";
        if (lasting) result.emplace(name, std::move(bytes));
    }
    return result;
}

void check_same_files(const std::map<std::string, std::string>& expected, const std::map<std::string, std::string>& found) {
    for (const auto& [name, bytes] : expected) {
        INFO(name);
        CHECK(found.contains(name));
        if (found.contains(name)) CHECK((found.at(name) == bytes));
    }
    for (const auto& [name, bytes] : found) {
        INFO(name);
        CHECK(expected.contains(name));
    }
}

}  // namespace molten::program
