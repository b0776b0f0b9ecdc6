"""A property list that `runner schedule install --with launchd --dry-run` prints, read by Python's own parser: what launchd would see."""
import os
import plistlib
import subprocess
import sys
import tempfile

runner = os.environ["RUNNER"]


def plist_of(config, when, **environment):
    command = [runner, "schedule", "install", config, "--at", when, "--with", "launchd", "--dry-run"]
    text = subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment}).stdout
    start, end = text.index(b"<?xml"), text.index(b"</plist>") + len(b"</plist>")
    return plistlib.loads(text[start:end])


with tempfile.TemporaryDirectory() as folder:
    os.environ["HOME"] = os.environ["XDG_STATE_HOME"] = folder
    config = os.path.join(folder, "rows & <columns>.yaml")
    with open("configs/index_flat_ip.yaml") as source, open(config, "w") as copy:
        copy.write(source.read())

    nightly = plist_of(config, "daily 03:00", RUNNER_CACHE_DIR='<my> & "cache"')
    assert nightly["Label"].startswith("runner."), nightly["Label"]
    words = nightly["ProgramArguments"]
    assert words[0] == os.path.realpath(runner) and words[1:3] == ["schedule", "start"], words
    assert words[3] == os.path.realpath(config) and words[4] == "--state" and os.path.isabs(words[5]), words
    assert all(isinstance(word, str) for word in words)
    assert os.path.isabs(nightly["WorkingDirectory"])
    assert nightly["EnvironmentVariables"]["RUNNER_CACHE_DIR"] == '<my> & "cache"'
    assert nightly["EnvironmentVariables"]["KMP_DUPLICATE_LIB_OK"] == "TRUE"
    assert nightly["StartCalendarInterval"] == [{"Minute": 0, "Hour": 3}], nightly["StartCalendarInterval"]
    # Catch-up: launchd starts a missed StartCalendarInterval after sleep; a StartInterval it would drop. It must not
    # run at load or be kept alive, which would start it at each login.
    assert not {"StartInterval", "RunAtLoad", "KeepAlive"} & set(nightly), sorted(nightly)
    assert nightly["Nice"] == 10 and nightly["LowPriorityIO"] is True
    # Longer than the minute that a run gets to save itself.
    assert nightly["ExitTimeOut"] > 60
    for key in ("StandardOutPath", "StandardErrorPath"):
        assert os.path.isabs(nightly[key])

    assert plist_of(config, "hourly")["StartCalendarInterval"] == [{"Minute": 0}]
    assert plist_of(config, "weekly Sat 22:00")["StartCalendarInterval"] == [{"Minute": 0, "Hour": 22, "Weekday": 6}]
    assert len(plist_of(config, "*/30 8-18 * * 1-5")["StartCalendarInterval"]) == 2 * 11 * 5
    # cron's rule for two kinds of days: either.
    either = plist_of(config, "0 6 1 * 1")["StartCalendarInterval"]
    assert either == [{"Minute": 0, "Hour": 6, "Day": 1}, {"Minute": 0, "Hour": 6, "Weekday": 1}], either
print("property lists are as launchd reads them")
sys.exit(0)
