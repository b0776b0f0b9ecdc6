#pragma once
// Inside index/ only: how much a search has to look at to find what it shall.

#include <faiss/Index.h>

#include "index/build/build.h"
#include "index/build/row_source.h"

namespace runner::ann {

// Where the settings have a goal: measures the index with the rows that verification draws, and sets the
// least effort that reaches the goal; the most there is where none does. The index holds all rows of `input`
// under their numbers, and `input` allows random access. Throws Interrupted, what FAISS throws.
void tune(faiss::Index& index, const InputRows& input, const BuildSettings& settings);

}  // namespace runner::ann
