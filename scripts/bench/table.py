"""The table of scripts/bench.sh: a line for each figure, as soon as it is there."""


def number(x):
    if x is None:
        return ""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.3g}"


def share(x):
    return f"{100 * x:.0f} %" if x else ""


def line(figure, unit, rounds, ours, ours_spread, peer, peer_spread, ratio, floor, floor_spread, floor_share, machine, machine_share, peer_name):
    print(f"{figure:28} {unit:9} {rounds:>3} {ours:>7} {ours_spread:11} {peer:>7} {peer_spread:11} {ratio:>5} "
          f"{floor:>7} {floor_spread:11} {floor_share:>5} {machine:>7} {machine_share:>5}  {peer_name}".rstrip(), flush=True)


def print_header():
    line("figure", "unit", "n", "runner", "low–high", "peer", "low–high", "ratio", "floor", "low–high", "share", "machine", "share", "peer")


def print_row(row):
    def spread(key):
        return "–".join(map(number, row[key] or []))
    line(row["figure"], row["unit"], row["rounds"], number(row["runner"]), spread("spread"), number(row["peer"]), spread("peer_spread"),
         f"{row['ratio']:.2f}" if row["ratio"] else "", number(row["floor"]), spread("floor_spread"), share(row["share"]),
         number(row["machine"]), share(row["machine_share"]),
         row["peer_name"] + (f", threads: {row['threads']['peer']}" if "peer" in row["threads"] else ""))
