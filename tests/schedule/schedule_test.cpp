#include <gmock/gmock.h>

#include <cstdlib>

#include "base/error.h"
#include "base/time.h"
#include "schedule/crontab.h"
#include "schedule/launchd_plist.h"
#include "schedule/scheduler.h"
#include "schedule/systemd_units.h"
#include "support/temporary_folder.h"

namespace runner::runtime {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "2026-11-21 06:55" UTC, a Saturday.
std::time_t utc(const char* text) {
  std::tm parts{};
  ::strptime(text, "%Y-%m-%d %H:%M", &parts);
  return ::timegm(&parts);
}

class ScheduleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  std::string next(const std::string& when, const char* now) {
    const auto time = next_match(*parse_when(when, false).cron, utc(now));
    return time ? iso_time(*time).substr(0, 16) : "never";
  }

  ScheduleEntry entry(const std::string& scheduler) {
    ScheduleEntry e;
    e.id = "index_flat-1a2b3c4d";
    e.scheduler = scheduler;
    e.config = "/data/100% mine/it's $HOME/index_flat.yaml";
    e.runner = "/bin/true";
    e.folder = "/tmp";
    e.state = "/home/me/state/index_flat-1a2b3c4d";
    e.environment = {{"KMP_DUPLICATE_LIB_OK", "TRUE"}, {"PATH", "/usr/bin:/opt/a b"}};
    e.timeout = 3600;
    return e;
  }
};

TEST_F(ScheduleTest, TheNextRunFollowsTheWords) {
  EXPECT_EQ(next("hourly", "2026-11-21 06:55"), "2026-11-21T07:00");
  EXPECT_EQ(next("daily 03:00", "2026-11-21 06:55"), "2026-11-22T03:00");
  EXPECT_EQ(next("weekly Sun 22:15", "2026-11-21 06:55"), "2026-11-22T22:15");
  EXPECT_EQ(next("weekly saturday 6:55", "2026-11-21 06:55"), "2026-11-28T06:55");
}

TEST_F(ScheduleTest, TheNextRunFollowsCronExpressions) {
  EXPECT_EQ(next("* * * * *", "2026-11-21 06:55"), "2026-11-21T06:56");
  EXPECT_EQ(next("*/20 8-18 * * mon-fri", "2026-11-21 06:55"), "2026-11-23T08:00");
  EXPECT_EQ(next("0 0 29 2 *", "2026-11-21 06:55"), "2028-02-29T00:00");
  // Both days given: either one (crontab(5)); a field that begins with '*' does not count.
  EXPECT_EQ(next("0 12 1 * 7", "2026-11-21 06:55"), "2026-11-22T12:00");
  EXPECT_EQ(next("0 12 */2 * 0", "2026-11-21 06:55"), "2026-11-29T12:00");
}

TEST_F(ScheduleTest, WrongTimesAreRefusedWithTheGrammar) {
  for (const char* wrong :
       {"", "sometimes", "daily", "daily 24:00", "daily 3", "weekly Fri", "weekly Foo 03:00", "60 * * * *",
        "* * 0 * *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "5/15 * * * *", "1,,2 * * * *", "* * * *",
        "a * * * *", "0 0 30 2 *", "* * * * * *"}) {
    try {
      parse_when(wrong, false);
      ADD_FAILURE() << "taken: " << wrong;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("weekly DAY HH:MM")) << wrong;
    }
  }
}

TEST_F(ScheduleTest, SystemdGetsCalendarExpressionsOfTheSameMeaning) {
  const auto of = [](const char* text) { return calendar_expressions(parse_when(text, true)); };
  EXPECT_THAT(of("daily 03:05"), ElementsAre("*-*-* 03:05:00"));
  EXPECT_THAT(of("*/15 8-10 * 1,6 mon-fri"),
              ElementsAre("Mon,Tue,Wed,Thu,Fri *-01,06-* 08..10:00,15,30,45:00"));
  EXPECT_THAT(of("0 12 1 * 7"), ElementsAre("*-*-01 12:00:00", "Sun *-*-* 12:00:00"));
  EXPECT_THAT(of("Mon..Fri *-*-* 03:30"), ElementsAre("Mon..Fri *-*-* 03:30"));
}

// The real systemd-analyze, which needs no running systemd.
TEST_F(ScheduleTest, SystemdAcceptsTheUnitsAndTheirTimes) {
  if (run_command({"systemd-analyze", "--version"}, "").exit_code != 0)
    GTEST_SKIP() << "no systemd-analyze on this machine";
  for (const char* text : {"hourly", "weekly Sat 22:00", "*/7 1-3,5 1 * 2", "0 0 29 2 *"}) {
    const When when = parse_when(text, true);
    for (const std::string& expression : calendar_expressions(when)) {
      const CommandResult result = run_command({"systemd-analyze", "calendar", "--", expression}, "");
      EXPECT_EQ(result.exit_code, 0) << expression << result.err;
    }
    test::TemporaryFolder folder;
    ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);  // --user wants one
    const ScheduleEntry e = entry("systemd");
    const auto service = folder.write(unit_name(e) + ".service", service_unit(e));
    const auto timer = folder.write(unit_name(e) + ".timer", timer_unit(e, when));
    for (const char* mode : {"--system", "--user"}) {
      const CommandResult result =
          run_command({"systemd-analyze", mode, "verify", service.string(), timer.string()}, "");
      EXPECT_EQ(result.exit_code, 0) << mode << result.err;
      EXPECT_EQ(result.err.find(unit_name(e)), std::string::npos) << mode << result.err;
    }
  }
}

// A value of the environment is somebody's text: it must not become a line of the unit.
TEST_F(ScheduleTest, ALineBreakInAValueWritesNoLine) {
  ScheduleEntry e = entry("systemd");
  const std::string clean = service_unit(e), plist = launchd_plist(e, parse_when("hourly", false));
  for (const char* value :
       {"x\nExecStartPre=/bin/evil", "x\r\n[Service]", "x\x1b[2J", "\xFF", "x\xE2\x80\xA8y"}) {
    e.environment["NOTE"] = value;
    EXPECT_EQ(service_unit(e), clean) << value;
    EXPECT_EQ(launchd_plist(e, parse_when("hourly", false)), plist) << value;
  }
  e.environment["NOTE"] = "a \\ \"b\" %h $HOME <&>";
  EXPECT_THAT(service_unit(e), HasSubstr("Environment=\"NOTE=a \\\\ \\\"b\\\" %%h $HOME <&>\"\n"));
  EXPECT_THAT(launchd_plist(e, parse_when("hourly", false)), HasSubstr("$HOME &lt;&amp;&gt;</string>"));
}

TEST_F(ScheduleTest, PathsThatNoLineHoldsAreRefused) {
  for (const char* scheduler : {"systemd", "launchd", "cron"})
    for (const char* name : {"a\nb", "a\x1b[2J", "a\\", "a ", "a\rb", "tab\there", "\xFF"})
      for (fs::path ScheduleEntry::*which :
           {&ScheduleEntry::config, &ScheduleEntry::folder, &ScheduleEntry::state}) {
        ScheduleEntry e = entry(scheduler);
        check_schedulable(e);
        e.*which = fs::path("/data") / name;
        if (scheduler == std::string("cron") && name == std::string("\xFF"))
          EXPECT_NO_THROW(check_schedulable(e));  // cron takes bytes as they are
        else
          EXPECT_THROW(check_schedulable(e), UsageError) << scheduler << " " << name;
      }
}

// Berlin: 02:00 to 03:00 comes twice on 2026-10-25 (00:00 and 01:00 UTC), and not at all on 2026-03-29.
TEST_F(ScheduleTest, AChangeOfTheClockIsFollowed) {
  ::setenv("TZ", "Europe/Berlin", 1);
  ::tzset();
  const auto after = [](const char* when, const char* now) {
    const auto time = next_match(*parse_when(when, false).cron, utc(now));
    return time ? iso_time(*time) : "never";
  };
  EXPECT_EQ(after("daily 02:30", "2026-10-24 12:00"), "2026-10-25T02:30:00+0200");
  EXPECT_EQ(after("daily 02:30", "2026-10-25 00:45"), "2026-10-26T02:30:00+0100");
  EXPECT_EQ(after("daily 03:00", "2026-10-24 12:00"), "2026-10-25T03:00:00+0100");
  EXPECT_EQ(after("*/30 * * * *", "2026-10-25 00:00"), "2026-10-25T02:30:00+0200");
  EXPECT_EQ(after("*/30 * * * *", "2026-10-25 00:30"), "2026-10-25T02:00:00+0100");
  EXPECT_EQ(after("hourly", "2026-10-25 00:10"), "2026-10-25T02:00:00+0100");
  EXPECT_EQ(after("daily 01:59", "2026-03-28 12:00"), "2026-03-29T01:59:00+0100");
  EXPECT_EQ(after("hourly", "2026-03-29 00:30"), "2026-03-29T03:00:00+0200");
}

TEST_F(ScheduleTest, UnitsQuoteWhatSystemdWouldExpand) {
  const std::string text = service_unit(entry("systemd"));
  EXPECT_THAT(text, HasSubstr("\"/data/100%% mine/it's $$HOME/index_flat.yaml\" --state"));
  EXPECT_THAT(text, HasSubstr("Environment=\"PATH=/usr/bin:/opt/a b\""));
  EXPECT_THAT(timer_unit(entry("systemd"), parse_when("hourly", true)), HasSubstr("Persistent=true"));
}

TEST_F(ScheduleTest, ACrontabLineIsReplacedAndEveryOtherLineKept) {
  const ScheduleEntry e = entry("cron");
  const std::string other = "# mine\n\n0 1 * * * /bin/true # runner-schedule other-00000000\nA=b";
  const std::string first = crontab_line(e, parse_when("hourly", false), false);
  const std::string second = crontab_line(e, parse_when("daily 03:00", false), true);
  const std::string once = edit_crontab(other, e.id, first);
  EXPECT_EQ(once, other + "\n" + first);
  EXPECT_EQ(edit_crontab(once, e.id, first), once);
  EXPECT_EQ(edit_crontab(once, e.id, second), other + "\n" + second);
  EXPECT_EQ(edit_crontab(once, e.id, ""), other + "\n");
  EXPECT_FALSE(has_crontab_line(other, e.id));
  EXPECT_TRUE(has_crontab_line(once, e.id));
  EXPECT_THAT(second, HasSubstr("exec nice -n 10 ionice -c 3 '/bin/true'"));
  EXPECT_THAT(second, HasSubstr("'/data/100'\\%' mine/it'\\''s $HOME/index_flat.yaml'"));
}

// A refusal of `crontab -l` other than "none yet" must never lead to a written crontab.
TEST_F(ScheduleTest, AnUnreadableCrontabIsNotOverwritten) {
  int written = 0;
  Host host;
  host.run = [&](const std::vector<std::string>& command, const std::string&) {
    if (command[0] == "crontab" && command[1] == "-l") return CommandResult{1, "", "crontab: not allowed"};
    if (command[0] == "crontab") ++written;
    return CommandResult{0, "", ""};
  };
  EXPECT_THROW(install(host, entry("cron"), parse_when("hourly", false)), EnvironmentError);
  EXPECT_EQ(written, 0);
}

TEST_F(ScheduleTest, NothingStaysWhenSystemctlRefuses) {
  test::TemporaryFolder folder;
  Host host;
  host.user_units = folder.path();
  host.run = [](const std::vector<std::string>& command, const std::string&) {
    return CommandResult{command[0] == "systemctl" ? 1 : 0, "", "Failed to connect to bus"};
  };
  EXPECT_THROW(install(host, entry("systemd"), parse_when("hourly", true)), EnvironmentError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(ScheduleTest, LaunchdGetsAnIntervalForEachCombination) {
  const std::string text = launchd_plist(entry("launchd"), parse_when("0,30 3 * * 1-2", false));
  EXPECT_THAT(text,
              HasSubstr("<dict><key>Minute</key><integer>30</integer><key>Hour</key><integer>3</integer>"
                        "<key>Weekday</key><integer>2</integer></dict>"));
  EXPECT_THAT(text, HasSubstr("<key>KMP_DUPLICATE_LIB_OK</key><string>TRUE</string>"));
  EXPECT_THROW(launchd_plist(entry("launchd"), parse_when("1-59 0-22 1-30 * *", false)), UsageError);
}

}  // namespace
}  // namespace runner::runtime
