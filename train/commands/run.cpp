#include <fmt/format.h>
#include <unistd.h>

#include <new>

#include "engine/core/error.h"
#include "kernels/common/check.h"
#include "train/commands/command.h"
#include "train/data/nearest.h"

namespace molten::commands {
namespace {

constexpr const char* kVersion = "0.1.0";

int report(const std::string& what, const std::string& hint, ExitCode code) {
    const bool colour = isatty(STDERR_FILENO) && !std::getenv("NO_COLOR");
    fmt::print(stderr, "{}error:{} {}\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "", what);
    if (!hint.empty()) fmt::print(stderr, "  {}\n", hint);
    return static_cast<int>(code);
}

// Flags of the command, for "did you mean".
std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> result;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) result.push_back("--" + name);
    return result;
}

int refuse_extras(const CLI::App& app) {
    const std::string extra = app.remaining().front();
    const std::string flag = extra.substr(0, extra.find('='));
    return report(fmt::format("molten {}: unknown {} '{}'.{}", app.get_name(), extra.starts_with("-") ? "flag" : "argument", extra,
                              data::did_you_mean(flag, flags_of(app))),
                  fmt::format("see `molten {} --help`", app.get_name()), ExitCode::usage);
}

}  // namespace

std::span<const Command> all() {
    static const Command commands[] = {train_command, predict_command, eval_command, featurize_command, doctor_command};
    return commands;
}

int run(int argc, char** argv) {
    CLI::App app("molten: trains, runs and explains models of molecules", "molten");
    app.set_version_flag("--version", kVersion);
    app.set_help_flag("-h,--help", "show this help");
    app.footer("Exit codes: 0 fine, 2 usage, 3 bad data, 4 resources, 5 numbers (NaN), 6 corrupt file, 75 saved and stopped by a signal.");
    app.require_subcommand(0, 1);
    app.allow_extras();
    std::vector<std::pair<CLI::App*, std::function<int()>>> commands;
    std::vector<std::string> names;
    for (const Command& command : all()) {
        CLI::App* sub = app.add_subcommand(command.name, command.summary);
        sub->footer(std::string("Examples:\n") + command.examples);
        sub->allow_extras();
        commands.emplace_back(sub, command.declare(*sub));
        names.emplace_back(command.name);
    }
    try {
        app.parse(argc, argv);
        for (auto& [sub, body] : commands) {
            if (!sub->parsed()) continue;
            if (!sub->remaining().empty()) return refuse_extras(*sub);
            return body();
        }
        if (!app.remaining().empty())
            return report(
                fmt::format("molten has no command '{}'.{}", app.remaining().front(), data::did_you_mean(app.remaining().front(), names)),
                fmt::format("the commands are {}", fmt::join(names, ", ")), ExitCode::usage);
        fmt::print("{}", app.help());
        return 0;
    } catch (const CLI::Success& asked) {  // --help, --version
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return report(error.what(), "see `molten --help`", ExitCode::usage);
    } catch (const Error& error) {
        return report(error.what(), error.hint(), error.code());
    } catch (const KernelError& error) {
        return report(error.what(), "this is a mistake in molten: please report it", ExitCode::usage);
    } catch (const std::bad_alloc&) {
        return report("out of memory", "use a smaller --batch-size or a smaller table", ExitCode::resources);
    } catch (const std::exception& error) {
        return report(error.what(), "", ExitCode::resources);
    }
}

}  // namespace molten::commands
