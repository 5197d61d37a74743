"""Malformed modules, named: every input that the format's facts list, made on demand.

for case in CASES: case.build()          the files, in load order
python -m conformance.vmfb.malformed DIR writes them all, and what each one owes as DIR/expected.json
"""

from .case import Case
from .tables import CASES, emit

__all__ = ["CASES", "Case", "emit"]
