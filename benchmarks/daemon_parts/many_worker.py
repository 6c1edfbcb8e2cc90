"""The workers of one daemon, as a process that works while it is told to: ``go`` and ``rest`` on standard input.

Each line, whatever it says, is answered with how many works are done.

    python -m benchmarks.daemon_parts.many_worker SETTINGS WORKERS
"""

import sys

from controller.cli.invocation import Invocation
from controller.cli.run import make_running
from controller.daemon.worker import Workers
from controller.events import Event, WorkDone, discard_event

WITHIN_S = 600


def main() -> None:
    """Work and rest until standard input ends."""
    settings, threads = sys.argv[1:]
    call, done = Invocation(settings, None), list[Event]()
    daemon = make_running(call, discard_event).daemon
    # Everybody's looks count, not the reading of what is accepted.
    daemon.jobs.refresh()
    workers: Workers | None = None
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "go":
            workers = Workers(
                queue=daemon.jobs.queue,
                handlers=daemon.jobs.handlers,
                count=int(threads),
                interruption=call.process.interruption,
                emit=done.append,
                keep_traceback=_raise,
                put_one=daemon.jobs.put_one,
            )
            workers.start()
        elif line.strip() == "rest" and workers is not None:
            workers.stop(WITHIN_S)
        print(sum(isinstance(event, WorkDone) for event in done), flush=True)


def _raise(error: Exception) -> None:
    raise error


if __name__ == "__main__":
    main()
