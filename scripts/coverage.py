#!/usr/bin/env python3
"""Prints the line coverage of each target of Sources/ from swift test's own report.

Fails when an expected target is missing (no test links it) or covered too little.
"""

import argparse
import collections
import json
import pathlib
import sys


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minimum", type=float, default=80, help="percent of lines, for the expected targets")
    arguments.add_argument("--expect", nargs="*", default=[], help="targets that must be there and covered")
    options = arguments.parse_args()

    root = pathlib.Path(__file__).resolve().parent.parent
    reports = sorted((root / ".build/debug/codecov").glob("*.json"))
    if not reports:
        print("coverage: no report under .build/debug/codecov; run swift test --enable-code-coverage", file=sys.stderr)
        return 1

    lines = collections.defaultdict(lambda: [0, 0])
    for file in json.loads(reports[-1].read_text())["data"][0]["files"]:
        path = pathlib.PurePath(file["filename"])
        if not path.is_relative_to(root / "Sources"):
            continue
        target = path.relative_to(root / "Sources").parts[0]
        summary = file["summary"]["lines"]
        lines[target][0] += summary["covered"]
        lines[target][1] += summary["count"]

    failed = False
    print("Line coverage")
    for target in sorted(set(lines) | set(options.expect)):
        covered, count = lines[target]
        percent = 100 * covered / count if count else 0.0
        verdict = ""
        if target in options.expect and count == 0:
            verdict, failed = "  missing: no test links it", True
        elif target in options.expect and percent < options.minimum:
            verdict, failed = f"  under {options.minimum:g} %", True
        print(f"  {target:<20} {percent:6.1f} %  {covered:>6} of {count:>6} lines{verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
