#pragma once
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

// Shared by the tests of engine/io.
namespace molten::test {

// A directory of its own below `parent` (default: the system's temporary directory), removed at the end.
class TemporaryDirectory {
  public:
    explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

// A directory in memory where there is one: fault tests run the same calls hundreds of times, and fsync is not what they look at.
std::filesystem::path fast_parent();

struct ChildResult {
    int exit_code = -1;  // -1 if a signal ended it
    int signal = 0;
    std::string output;  // stdout and stderr
};

// Runs one test case of this very program, a skipped one included, in a process of its own with `environment` added, and waits for it.
ChildResult run_child(const std::string& test_case, const std::map<std::string, std::string>& environment);

// True where memory figures of the process belong to a sanitizer.
bool under_sanitizer();

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, std::string_view text);

// MOLTEN_<NAME>, else ../shared/<name> if it is there, else empty.
std::filesystem::path shared_folder(const std::string& name);

}  // namespace molten::test
