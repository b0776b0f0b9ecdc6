#include "ranks/rank_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "ranks/address.h"

namespace runner::ranks {
namespace {

Environment torchrun_like() {
  return {{"RANK", "3"},
          {"WORLD_SIZE", "4"},
          {"LOCAL_RANK", "1"},
          {"MASTER_ADDR", "10.0.0.7"},
          {"MASTER_PORT", "29511"}};
}

Environment slurm_like() {
  return {{"SLURM_JOB_ID", "77"}, {"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "2"},
          {"SLURM_NTASKS", "6"},  {"SLURM_LOCALID", "0"}, {"SLURM_JOB_NODELIST", "gpu[03-07,12],head"}};
}

std::string refusal(const Environment& environment) {
  try {
    rank_place(environment);
  } catch (const UsageError& error) {
    return error.line();
  }
  return "";
}

TEST(RankPlace, NobodyStartedRanks) {
  EXPECT_FALSE(rank_place({}));
  EXPECT_FALSE(rank_place({{"HOME", "/root"}, {"MASTER_ADDR", "here"}}));
}

TEST(RankPlace, Torchrun) {
  const auto place = rank_place(torchrun_like());
  ASSERT_TRUE(place);
  EXPECT_EQ(place->rank, 3);
  EXPECT_EQ(place->size, 4);
  EXPECT_EQ(place->local_rank, 1);
  EXPECT_EQ(place->address, "10.0.0.7");
  EXPECT_EQ(place->port, 29511);
  EXPECT_EQ(place->source, "torchrun");
}

TEST(RankPlace, TorchrunsOwnStoreKeepsItsPort) {
  Environment e = torchrun_like();
  e["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  EXPECT_EQ(rank_place(e)->port, 29512);
}

TEST(RankPlace, OneAloneTakesNoPortOfOthers) {
  Environment e = torchrun_like();
  e["RANK"] = e["LOCAL_RANK"] = "0";
  e["WORLD_SIZE"] = "1";
  for (const Environment& one : {e, Environment{{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}}) {
    const auto place = rank_place(one);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->address, "127.0.0.1");
    EXPECT_EQ(place->port, 0);
  }
}

TEST(RankPlace, SlurmTellsTheFirstHostAndEveryTaskTheSamePort) {
  Environment e = slurm_like();
  const auto place = rank_place(e);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->rank, 2);
  EXPECT_EQ(place->size, 6);
  EXPECT_EQ(place->address, "gpu03");
  e["SLURM_PROCID"] = "5";
  EXPECT_EQ(rank_place(e)->port, place->port);
  EXPECT_GT(place->port, 1024);
  e["MASTER_ADDR"] = "10.1.1.1";
  e["MASTER_PORT"] = "4000";
  EXPECT_EQ(rank_place(e)->address, "10.1.1.1");
  EXPECT_EQ(rank_place(e)->port, 4000);
}

TEST(RankPlace, ABatchScriptIsNoTask) {
  Environment e = slurm_like();
  e.erase("SLURM_STEP_ID");
  EXPECT_FALSE(rank_place(e));
}

TEST(RankPlace, TheStepsSizeGoesBeforeTheJobs) {
  Environment e = slurm_like();
  e["SLURM_STEP_NUM_TASKS"] = "3";
  EXPECT_EQ(rank_place(e)->size, 3);
}

TEST(RankPlace, OpenMpi) {
  Environment e{{"OMPI_COMM_WORLD_RANK", "1"},
                {"OMPI_COMM_WORLD_SIZE", "2"},
                {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                {"PMIX_NAMESPACE", "prterun-x-1@1"}};
  const auto place = rank_place(e);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->address, "127.0.0.1");
  EXPECT_EQ(place->local_rank, 1);
  e["OMPI_COMM_WORLD_LOCAL_SIZE"] = "1";
  EXPECT_THAT(refusal(e), testing::HasSubstr("MASTER_ADDR: is not set"));
}

TEST(RankPlace, Pmi) {
  const auto place = rank_place({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}, {"MPI_LOCALNRANKS", "2"}});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->source, "PMI");
  EXPECT_EQ(place->address, "127.0.0.1");
}

TEST(RankPlace, WhatIsPartialOrContradictsIsRefusedByName) {
  Environment e = torchrun_like();
  e.erase("WORLD_SIZE");
  EXPECT_THAT(refusal(e), testing::StartsWith("WORLD_SIZE: is not set"));
  e = torchrun_like();
  e.erase("MASTER_PORT");
  EXPECT_THAT(refusal(e), testing::StartsWith("MASTER_PORT: is not set"));
  e = torchrun_like();
  e["RANK"] = "4";
  EXPECT_THAT(refusal(e), testing::StartsWith("RANK: 4 is no rank of WORLD_SIZE=4"));
  e["RANK"] = "two";
  EXPECT_THAT(refusal(e), testing::StartsWith("RANK: expected a whole number"));
  e = torchrun_like();
  e["OMPI_COMM_WORLD_RANK"] = "1";
  e["OMPI_COMM_WORLD_SIZE"] = "4";
  EXPECT_THAT(refusal(e), testing::HasSubstr("torchrun says rank 3 of 4, Open MPI rank 1 of 4"));
  e = slurm_like();
  e["WORLD_SIZE"] = "5";
  EXPECT_THAT(refusal(e), testing::StartsWith("WORLD_SIZE: 5 contradicts Slurm"));
  e = slurm_like();
  e["PMI_RANK"] = "0";
  e["PMI_SIZE"] = "6";
  EXPECT_THAT(refusal(e), testing::HasSubstr("Slurm says rank 2 of 6, PMI rank 0 of 6"));
}

TEST(RankPlace, TorchrunInsideSlurmGoesFirst) {
  Environment e = slurm_like();
  for (const auto& [name, value] : torchrun_like()) e[name] = value;
  e["TORCHELASTIC_RUN_ID"] = "job";
  EXPECT_EQ(rank_place(e)->rank, 3);
}

TEST(RankPlace, NodeLists) {
  EXPECT_EQ(first_host("node1"), "node1");
  EXPECT_EQ(first_host("node1,node2"), "node1");
  EXPECT_EQ(first_host("node[01-10,12]"), "node01");
  EXPECT_EQ(first_host("rack[2-3]n[7,9]-ib,x"), "rack2n7-ib");
  for (const char* bad : {"", "[", "node[", "node[]", "a]"}) EXPECT_THROW(first_host(bad), UsageError) << bad;
}

TEST(RankAddress, PrivateAndPublic) {
  for (const char* host :
       {"127.0.0.1", "10.2.3.4", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"})
    EXPECT_TRUE(is_private(host)) << host;
  for (const char* host : {"8.8.8.8", "172.32.0.1", "2001:4860:4860::8888"})
    EXPECT_FALSE(is_private(host)) << host;
}

TEST(RankAddress, APortInUseIsNamed) {
  const int first = listen_on("127.0.0.1", 0);
  try {
    listen_on("127.0.0.1", port_of(first));
    FAIL() << "bound twice";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.line(), testing::HasSubstr("in use; another MASTER_PORT"));
    EXPECT_THAT(error.place(), testing::HasSubstr(std::to_string(port_of(first))));
  }
  ::close(first);
}

}  // namespace
}  // namespace runner::ranks
