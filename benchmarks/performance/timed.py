"""Runs a command and prints what it and its descendants used, as JSON: processor seconds, peak memory, exit code.

    python -S benchmarks/performance/timed.py LIMIT COMMAND ...

It is a process of its own because Linux counts the memory of the process that starts a command as the command's.
`LIMIT` is in seconds.
"""

import json
import resource
import subprocess
import sys


def main() -> None:
    """Run and print; the command's own output is dropped, its errors are passed on."""
    done = subprocess.run(sys.argv[2:], timeout=float(sys.argv[1]), check=False, stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6
    print(json.dumps({"cpu": cpu, "peak": peak, "code": done.returncode}))


if __name__ == "__main__":
    main()
