#pragma once
// Figures for people: one way to write each, wherever it stands.

#include <string>
#include <utility>
#include <vector>

#include "contract/figures.h"

namespace runner::report {

// The figure of that name with so many digits behind the point; "–" where it was not computed.
std::string figure(const NamedList<double>& figures, const std::string& key, int digits);

// One row a name: cosine, margin, and what the target was ranked among; columns left out where `width` has no
// room. Missing figures are "–".
std::string figure_table(const NamedList<NamedList<double>>& rows, std::size_t width);
// The same columns for other tables: the figure's key and its heading.
const std::vector<std::pair<const char*, const char*>>& figure_columns();

// Each baseline's cosine, for a run's header.
std::vector<std::string> baseline_parts(const BaselineFigures& baselines);

// In plain words, that a model of this cosine is worse than some baseline, and what to do; "" when it is not.
// `residual`: the model has one already.
std::string shortfall(const BaselineFigures& baselines, double val_cosine, bool residual);

}  // namespace runner::report
