"""What every statement costs in a company with a million messages: `python bench/explain.py`.

Runs all that reads or writes chats (tests/journeys/busy_day.py) in test databases of its own, and
prints the worst statements: rows read, milliseconds, index. MariaDB is that of DB_HOST and DB_USER
(127.0.0.1, root); `--engine sqlite` needs none, and tells no rows. Filling takes minutes. Fails as
tests/journeys/test_plans.py does, where a statement reads more than it may.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("mariadb", "sqlite"), default="mariadb")
    parser.add_argument("--messages", type=int, default=1_000_000)
    options = parser.parse_args()
    environment = {"DB_HOST": "127.0.0.1", "DB_USER": "root", **os.environ}
    if options.engine == "sqlite":
        del environment["DB_HOST"]
    environment |= {
        "PLANS_MESSAGES": str(options.messages),
        "PYTEST_XDIST_WORKER": "_plans",  # names the databases
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-q",
        "-s",
        "tests/journeys/test_plans.py",
    ]
    return subprocess.run(command, cwd=PROJECT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
