"""`python -m conformance.vmfb.malformed OUTDIR`: writes every malformed input and what is owed for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from .tables import emit


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m conformance.vmfb.malformed", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; made if it does not exist")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{emit(folder)} cases in {folder}")


if __name__ == "__main__":
    main()
