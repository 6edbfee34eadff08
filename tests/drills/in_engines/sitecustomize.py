"""What befalls the process in which dbt and the checks work: Python imports this there before anything else.

Belongs here: passing the moment on to that process. Does not belong here: moments and deeds (`forked_start`).
"""

import json
import os
import signal
import sys
from pathlib import Path

if "DRILL" in os.environ and "atf_dagster.pipeline.engines" in sys.orig_argv:
    sys.path.append(str(Path(__file__).parents[1]))
    import forked_start

    def die_together() -> None:
        """As the kernel or a machine that goes down ends both at once."""
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    forked_start.await_moment(json.loads(os.environ["DRILL"]), die_together)
