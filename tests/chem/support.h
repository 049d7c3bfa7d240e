#pragma once
// Reading golden tables and public data for the chem tests.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "chem/molecule/molecule.h"

namespace chem_test {

inline std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> fields(1);
    for (char c : line) {
        if (c == separator) {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    return fields;
}

// Rows of tests/chem/golden/<name>, split at tabs. The runner's working directory is the root of the project.
inline std::vector<std::vector<std::string>> golden(const std::string& name) {
    std::ifstream file("tests/chem/golden/" + name);
    if (!file) throw std::runtime_error("cannot open tests/chem/golden/" + name);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(file, line);) rows.push_back(split(line, '\t'));
    return rows;
}

// Golden values are those of one release of RDKit; with another one a line makes the runner count the test as skipped.
inline bool golden_release() {
    constexpr const char* release = "2022.09.3";
    const std::string here = molten::chem::rdkit_version();
    if (here != release) std::printf("SKIPPED: golden values are of RDKit %s, this is %s\n", release, here.c_str());
    return here == release;
}

// "3:1 17:2.5" as pairs.
inline std::vector<std::pair<int, double>> sparse(const std::string& text) {
    std::vector<std::pair<int, double>> entries;
    std::istringstream in(text);
    int index;
    char colon;
    for (double value; in >> index >> colon >> value;) entries.emplace_back(index, value);
    return entries;
}

inline bool exists(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0;
}

// MOLTEN_DATA, then ../shared/data; "" with a line that makes the runner count the test as skipped.
inline std::string data_folder() {
    const char* from_environment = std::getenv("MOLTEN_DATA");
    const std::string folder = from_environment ? from_environment : "../shared/data";
    if (exists(folder)) return folder;
    std::printf("SKIPPED: no data in %s (set MOLTEN_DATA)\n", folder.c_str());
    return "";
}

// A gzip file's bytes, by the gzip program.
inline std::string gzip_text(const std::string& path) {
    FILE* pipe = popen(("gzip -dc '" + path + "'").c_str(), "r");
    if (!pipe) throw std::runtime_error("cannot run gzip");
    std::string text;
    char buffer[65536];
    for (std::size_t count; (count = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) text.append(buffer, count);
    if (pclose(pipe) != 0) throw std::runtime_error("gzip failed on " + path);
    return text;
}

// Rows of a CSV; a quoted field may hold commas and line breaks.
inline std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
    std::vector<std::vector<std::string>> rows = {{""}};
    bool quoted = false;
    for (char c : text) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            rows.back().emplace_back();
        } else if (c == '\n' && !quoted) {
            rows.push_back({""});
        } else if (c != '\r') {
            rows.back().back() += c;
        }
    }
    if (rows.back() == std::vector<std::string>{""}) rows.pop_back();
    return rows;
}

// One column of a gzipped CSV, by its name in the first line.
inline std::vector<std::string> csv_column(const std::string& path, const std::string& column) {
    const auto rows = csv_rows(gzip_text(path));
    std::size_t wanted = 0;
    while (wanted < rows.at(0).size() && rows[0][wanted] != column) ++wanted;
    if (wanted == rows[0].size()) throw std::runtime_error("no column " + column + " in " + path);
    std::vector<std::string> values;
    for (std::size_t i = 1; i < rows.size(); ++i) values.push_back(rows[i].at(wanted));
    return values;
}

}  // namespace chem_test
