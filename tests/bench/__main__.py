"""``python -m tests.bench [W1 W2 W3 W4 W5 storm] [--repeat 3] [--n 50000]``: one line of JSON for each figure."""

import argparse
from collections.abc import Callable

from tests.bench import figures, storm, workloads
from tests.bench.workloads import Figure

Run = Callable[[], list[Figure]]


def _runs(alerts: int, desks: int) -> list[tuple[str, int, Run]]:
    return [
        ("W1", alerts, lambda: workloads.new_desk(alerts)),
        ("W2", 5000, lambda: workloads.outbox(5000)),
        ("W3", workloads.LIVE_ALERTS, lambda: workloads.live(workloads.LIVE_ALERTS)),
        ("W4", alerts, lambda: workloads.catch_up(alerts)),
        ("W5", 50, lambda: workloads.fan_out(50)),
        ("W5", 200, lambda: workloads.fan_out(200)),
        ("W5", 1000, lambda: workloads.fan_out(1000)),
        ("storm", desks, lambda: storm.storm(desks)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("workloads", nargs="*", default=["W1", "W2", "W3", "W4", "W5", "storm"])
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which the medians are told")
    parser.add_argument("--n", type=int, default=50_000, help="alerts of W1 and W4")
    parser.add_argument("--desks", type=int, default=2000, help="desks of the storm")
    options = parser.parse_args()
    for name, n, run in _runs(options.n, options.desks):
        if name in options.workloads:
            _tell(name, n, [run() for _ in range(options.repeat)])


def _tell(name: str, n: int, repetitions: list[list[Figure]]) -> None:
    for same in zip(*repetitions, strict=True):
        metric, unit, *_ = same[0]
        bounds = [bound for *_, bound in same if bound is not None]
        ours = figures.median([value for _, _, value, _ in same])
        figures.tell(name, n, metric, unit, value=ours, bound=figures.median(bounds) if bounds else None)


main()
