#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <memory>

#include "train/commands/command.h"
#include "train/commands/settings_flags.h"
#include "train/loop/run.h"

namespace molten::commands {
namespace {

struct State {
    std::unique_ptr<SettingFlags> settings;
    std::string config, out = "run", resume, command;
    bool overwrite = false, dry_run = false;
};

// An argument as a shell would have to read it.
std::string shell_quoted(const std::string& argument) {
    const bool plain = !argument.empty() && std::all_of(argument.begin(), argument.end(),
                                                        [](unsigned char c) { return std::isalnum(c) || std::strchr("-_./=,:+@%", c); });
    if (plain) return argument;
    std::string result = "'";
    for (const char c : argument) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

// The command line as it was typed, for command.txt and messages.
std::string typed() {
    std::ifstream in("/proc/self/cmdline", std::ios::binary);
    std::string result;
    for (std::string argument; std::getline(in, argument, '\0');) result += (result.empty() ? "" : " ") + shell_quoted(argument);
    return result.empty() ? "molten train" : result;
}

std::function<int()> declare(CLI::App& app) {
    auto state = std::make_shared<State>();
    state->settings = std::make_unique<SettingFlags>(app);
    app.add_option("--config", state->config, "TOML file of settings; flags and MOLTEN_<SECTION>_<NAME> variables go before it");
    app.add_option("--out", state->out, "directory of the run [run]");
    app.add_option("--resume", state->resume, "auto: go on with the run in --out from its newest good checkpoint");
    app.add_flag("--overwrite", state->overwrite, "replace the run in --out");
    app.add_flag("--dry-run", state->dry_run, "say parameters, memory and steps, and write nothing");
    return [state] {
        train::TrainOptions options;
        if (!state->config.empty()) train::read_config(options, state->config);
        train::read_environment(options);
        state->settings->apply(options);
        options.out = state->out;
        options.overwrite = state->overwrite;
        options.dry_run = state->dry_run;
        if (!state->resume.empty() && state->resume != "auto") throw Error(ExitCode::usage, "--resume '" + state->resume + "' is not auto");
        options.resume = state->resume;
        return train::run_training(options, typed());
    };
}

}  // namespace

const Command train_command = {"train", "learn properties from a table of molecules",
                               "  molten train --data molecules.csv --target Tg --out run\n"
                               "  molten train --data tox21.csv.gz --target NR-AR --target NR-ER --split scaffold --out tox\n"
                               "  molten train --data molecules.csv --target Tg --out run --resume auto\n"
                               "  molten train --data molecules.csv --target Tg --ablations graph_only,no_gate --replicates 3 --out study",
                               declare};

}  // namespace molten::commands
