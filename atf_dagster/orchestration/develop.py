"""Dagster's web server and daemon, with the history of a home, and its pages beside them.

Belongs here: starting them and ending them. Does not belong here: what they show (`definitions`), serving pages
(`page_server`).
"""

import os
import signal
import subprocess
import sys

from atf_dagster import settings as settings_module
from atf_dagster.orchestration import page_server
from atf_dagster.orchestration.run import prepare_dagster_home
from atf_dagster.settings import PROJECT, Settings


def develop(settings: Settings, port: int) -> int:
    """`dagster dev` with the history of this home, and its pages on the next port, on loopback; its exit code.

    Started with `&` from a script a process is born deaf to interrupts, and Dagster, which turns the signal to stop
    into one, with it: so hearing is switched on before there is a child.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings_module.disable_usage_data()
    prepare_dagster_home(settings)
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1"]
    with page_server.serving(settings.home, port + 1) as address:
        # The child has another working folder: a relative ATF_HOME would be another home there.
        home = {"ATF_HOME": str(settings.home)}
        environment = {**os.environ, **home, "ATF_PAGES_URL": settings.pages_url or address}
        with subprocess.Popen([*command, "-p", str(port)], cwd=PROJECT, env=environment) as child:  # noqa: S603
            # Dagster ends its own children when it is asked to; asked by a signal to this process it would not hear.
            signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(signal.SIGTERM))
            while True:
                try:
                    return child.wait()
                except KeyboardInterrupt:
                    continue  # the terminal interrupted the child as well
