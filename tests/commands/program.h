#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

// Runs the built `molten` as a child process, and makes the small tables it is run on.
namespace molten::program {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

struct Ended {
    int code = -1;   // exit code, -1 if a signal ended it
    int signal = 0;
    bool late = false;  // it had to be killed at the end of its time
    std::string out, err;
    double seconds = 0;
    std::string all() const { return out + err; }
};

// A running molten. Variables of this process that steer molten are hidden from it; `environment` is added. The destructor kills it.
class Child {
  public:
    explicit Child(const Arguments& arguments, const Environment& environment = {});
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();
    void send(int signal);
    bool running();
    Ended wait(double seconds = 120);

  private:
    bool collect(bool block);
    pid_t process_ = -1;
    int status_ = 0;
    bool ended_ = false;
    double started_ = 0;
    std::filesystem::path scratch_;
};

Ended run(const Arguments& arguments, const Environment& environment = {}, double seconds = 120);

// `molten train` on `data` into `out` with settings that take a fraction of a second: width 16, one layer, two epochs, one member, no
// baselines. `more` comes last, so it wins.
Arguments tiny_training(const std::filesystem::path& data, const std::filesystem::path& out, const Arguments& more = {});

// A valid molecule of number 0 to 479 (few are the same under another spelling), with its number of atoms that are not carbon or hydrogen.
struct Molecule {
    std::string smiles;
    double heteroatoms = 0;
};
Molecule molecule(std::size_t number);

// id,smiles,y,label: y is the number of heteroatoms with seeded noise, label says whether there is more than one.
std::string molecule_table(std::size_t rows, std::uint64_t seed = 1);

// An empty directory of its own, in memory where there is one: fsync on a disk is not what these tests look at.
struct Home {
    std::filesystem::path path;
    Home();
    ~Home();
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
};

void write_text(const std::filesystem::path& path, const std::string& text);
std::string read_text(const std::filesystem::path& path);
std::vector<std::string> lines(const std::string& text);

// All files below `root` by their relative path; empty without the directory.
std::map<std::string, std::string> files_below(const std::filesystem::path& root);

// Those of them that may not depend on when, where, how often or in how many goes a run was computed: weights, pipeline, metrics,
// splits, predictions, rejected rows.
std::map<std::string, std::string> lasting_files(const std::filesystem::path& run);

// Checks that both hold the same names with the same bytes; says which differ.
void check_same_files(const std::map<std::string, std::string>& expected, const std::map<std::string, std::string>& found);

}  // namespace molten::program
