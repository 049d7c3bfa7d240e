#pragma once
#include "train/data/rejects.h"
#include "train/loop/experiment.h"

namespace molten::train {

// What a finished experiment came to, in three forms: numbers for programs, the page for people, the table over several seeds.
io::Json metrics_json(const TrainOptions&, const Outcome&);
report::ReportData report_data(const TrainOptions&, const Material&, const data::Rejects&, const Outcome&, const RunDirectory&, const std::string& command);
report::MetricsTable replicates_table(const std::vector<Outcome>&);

}  // namespace molten::train
