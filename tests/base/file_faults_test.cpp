// Every call between a file and the disk fails once, and power goes once before each: what stood there is
// there, or what was to come is, whole; and the next write leaves nothing of the last behind.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "base/append_file.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "support/memory_file_system.h"

namespace runner {
namespace {
using test::MemoryFileSystem;
using Fault = MemoryFileSystem::Fault;
using Unflushed = MemoryFileSystem::Unflushed;

constexpr const char* target = "/runs/a.json";
const std::string before = "what stood there", after = "what was to come, and is longer";

enum class Outcome { done, refused, power_cut };

// Errors name the target, whatever call it was that failed.
Outcome outcome_of(const std::function<void()>& action, const std::string& name) {
  try {
    action();
    return Outcome::done;
  } catch (const test::PowerCut&) {
    return Outcome::power_cut;
  } catch (const RunError& error) {
    EXPECT_NE(error.line().find(name.substr(0, name.rfind('/'))), std::string::npos) << error.line();
    return Outcome::refused;
  }
}

// One more call gets through each time, until there is none left to fail: how many there were.
int for_each_call(const std::function<bool(int)>& fails_at) {
  int at = 1;
  while (fails_at(at)) ++at;
  return at - 1;
}

void set_up(const std::string& contents) {
  write_file_atomically(target, contents);
}

// A file replaced while call `at` fails. False when it had fewer.
bool replace_with_an_error_at(int at, int code) {
  SCOPED_TRACE("call " + std::to_string(at) + ", errno " + std::to_string(code));
  MemoryFileSystem disk;
  set_up(before);
  disk.fail(Fault::error, at, code);
  const Outcome outcome = outcome_of([] { write_file_atomically(target, after); }, target);
  const bool failed = disk.has_failed();
  const std::string now = disk.contents(target);
  EXPECT_TRUE(now == after || (now == before && outcome == Outcome::refused)) << now;
  disk.fail(Fault::none, 0);
  set_up(after);
  EXPECT_EQ(disk.contents(target), after);
  EXPECT_EQ(disk.count(), 1u) << "something was left behind";
  return failed;
}

TEST(FileFaults, AnErrorAtAnyCallLeavesTheOldFileOrTheNew) {
  for (const int code : {ENOSPC, EIO, EDQUOT, EROFS, EACCES})
    EXPECT_GE(for_each_call([&](int at) { return replace_with_an_error_at(at, code); }), 6);
}

bool replace_with_a_power_cut_at(int at, Unflushed unflushed) {
  SCOPED_TRACE("power goes before call " + std::to_string(at));
  MemoryFileSystem disk;
  set_up(before);
  disk.fail(Fault::power_cut, at);
  const Outcome outcome = outcome_of([] { write_file_atomically(target, after); }, target);
  disk.restart(unflushed);
  const std::string now = disk.contents(target);
  EXPECT_TRUE(now == after || (now == before && outcome == Outcome::power_cut)) << '"' << now << '"';
  set_up(after);
  EXPECT_EQ(disk.contents(target), after);
  EXPECT_EQ(disk.count(), 1u) << "something was left behind";
  return outcome == Outcome::power_cut;
}

TEST(FileFaults, APowerCutAtAnyCallLeavesTheOldFileOrTheNew) {
  for (const Unflushed unflushed : {Unflushed::lost, Unflushed::kept})
    EXPECT_GE(for_each_call([&](int at) { return replace_with_a_power_cut_at(at, unflushed); }), 6);
}

// What makes the test above one that can fail.
TEST(FileFaults, WhatIsNotFlushedIsLostWithThePower) {
  MemoryFileSystem disk;
  set_up(before);
  disk.unlink(target);
  ::close(disk.create(target));
  disk.restart(Unflushed::lost);
  EXPECT_EQ(disk.contents(target), before);
  const int fd = disk.open_to_append(target);
  EXPECT_EQ(disk.write(fd, "more", 4), 4);
  ::close(fd);
  EXPECT_EQ(disk.contents(target), before + "more");
  disk.restart(Unflushed::kept);
  EXPECT_EQ(disk.contents(target), before);
}

// A name that counts on: what has the first name stays, whatever fails.
bool count_on_with(Fault fault, int at) {
  SCOPED_TRACE("call " + std::to_string(at));
  MemoryFileSystem disk;
  set_up(before);
  disk.fail(fault, at, EIO);
  outcome_of(
      [] {
        AtomicFile file(target, IfTaken::count_on);
        file.write(after);
        file.commit();
      },
      target);
  const bool failed = disk.has_failed();
  if (fault == Fault::power_cut) disk.restart(Unflushed::kept);
  EXPECT_EQ(disk.contents(target), before);
  const std::string second = disk.contents("/runs/a_2.json");
  EXPECT_TRUE(second.empty() || second == after) << second;
  return failed;
}

TEST(FileFaults, ANameThatCountsOnReplacesNothing) {
  for (const Fault fault : {Fault::error, Fault::power_cut})
    EXPECT_GE(for_each_call([&](int at) { return count_on_with(fault, at); }), 6);
}

bool replace_a_link_with(Fault fault, int at, Unflushed unflushed) {
  SCOPED_TRACE("call " + std::to_string(at));
  MemoryFileSystem disk;
  const std::string link = "/runs/latest";
  replace_symlink("first", link);
  disk.fail(fault, at, EIO);
  const Outcome outcome = outcome_of([&] { replace_symlink("second", link); }, link);
  const bool failed = disk.has_failed();
  if (fault == Fault::power_cut) disk.restart(unflushed);
  disk.fail(Fault::none, 0);
  const std::string to = disk.read_link(link);
  EXPECT_TRUE(to == "second" || (to == "first" && outcome != Outcome::done)) << '"' << to << '"';
  replace_symlink("third", link);
  EXPECT_EQ(disk.read_link(link), "third");
  EXPECT_EQ(disk.count(), 1u) << "something was left behind";
  return failed;
}

TEST(FileFaults, ALinkLeadsToTheOldOrTheNewAtEveryMoment) {
  EXPECT_GE(for_each_call([](int at) { return replace_a_link_with(Fault::error, at, Unflushed::kept); }), 4);
  for (const Unflushed unflushed : {Unflushed::lost, Unflushed::kept})
    EXPECT_GE(for_each_call([&](int at) { return replace_a_link_with(Fault::power_cut, at, unflushed); }), 4);
}

// A full disk tears no line: all of it is there or nothing.
TEST(FileFaults, ALineIsAddedWholeOrNotAtAll) {
  const std::string log = "/runs/train.log";
  const auto fails_at = [&](int at) {
    SCOPED_TRACE("call " + std::to_string(at));
    MemoryFileSystem disk;
    AppendFile(log).add("one\n");
    disk.fail(Fault::error, at, ENOSPC);
    const Outcome outcome = outcome_of([&] { AppendFile(log).add("two, which is longer\n"); }, log);
    EXPECT_EQ(disk.contents(log), outcome == Outcome::done ? "one\ntwo, which is longer\n" : "one\n");
    return disk.has_failed();
  };
  EXPECT_EQ(for_each_call(fails_at), 1);
}

}  // namespace
}  // namespace runner
