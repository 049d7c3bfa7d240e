#pragma once
#include <CLI/CLI.hpp>
#include <memory>

#include "train/loop/options.h"

namespace molten::commands {

// Flags made from the table of settings. Values are kept as text until the configuration file and the environment have been
// read, so that the order is defaults < file < environment < command line.
class SettingFlags {
  public:
    explicit SettingFlags(CLI::App&);
    // Throws Error(usage) that names the flag and what is allowed.
    void apply(train::TrainOptions&) const;

  private:
    struct Given {
        const train::Setting* setting;
        std::vector<std::string> values;
        CLI::Option* option;
    };
    std::vector<std::unique_ptr<Given>> given_;
};

}  // namespace molten::commands
