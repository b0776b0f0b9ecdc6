"""scripts/bench.sh --compare: the figures of a run beside those of an earlier one."""
import json
import pathlib

from table import number

SAME = "same within the spread"


def read(path):
    """The rows of an earlier --json, by their figures. The file may hold all that the run printed."""
    lines = pathlib.Path(path).read_text().strip().splitlines()
    try:
        rows = json.loads(lines[-1])["rows"]
        return {row["figure"]: row for row in rows if row["runner"] and row["spread"] and row["unit"]}
    except (IndexError, KeyError, TypeError, ValueError):
        raise ValueError("is no output of scripts/bench.sh --json (its last line is one JSON object with rows)") from None


def verdict(before, now):
    """Of two rows: how many times as fast it is now, and a word. Faster or slower is only said where no round of one lies among those
    of the other."""
    rate = before["unit"].endswith("/s")
    times = now["runner"] / before["runner"] if rate else before["runner"] / now["runner"]
    if now["spread"][0] <= before["spread"][1] and before["spread"][0] <= now["spread"][1]:
        return times, SAME
    return times, "faster" if times > 1 else "slower"


def show(earlier, rows):
    """Prints a line for each figure that both runs have; the same as a list."""
    print(f"\n{'against the earlier run':28} {'unit':9} {'before':>8} {'now':>8}  {'times':>5}  (as fast; of the peer's rate, before and now)")
    compared = []
    for row in rows:
        before = earlier.get(row["figure"])
        if not before or not row["runner"]:
            continue
        times, word = verdict(before, row)
        ratios = [f"{each['ratio']:.2f}" if each.get("ratio") else "" for each in (before, row)]
        beside = f"  peer {ratios[0]} → {ratios[1]}" if all(ratios) else ""
        print(f"{row['figure']:28} {row['unit']:9} {number(before['runner']):>8} {number(row['runner']):>8}  {times:>5.2f}  {word}{beside}")
        compared.append({"figure": row["figure"], "unit": row["unit"], "before": before["runner"], "now": row["runner"], "times": times,
                         "verdict": word})
    if missing := sorted(set(earlier) - {row["figure"] for row in compared}):
        print("not compared, since this run has not measured them: " + ", ".join(missing))
    return compared
