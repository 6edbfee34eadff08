"""Forks one process for each workbook, which saves the start of Python and its imports.

This process opens no workbook, so no workbook can harm the next one. It has no limits of its own: each fork sets those
of its program.

Reads one request a line as JSON: `program`, `path`, `pattern`, `output` and `errors` (two files that exist). Answers
each with a line: the exit code of its fork, negative where a signal ended it. It ends when its input ends.

Belongs here: the fork, and where its output goes. Does not belong here: reading (`workbook_child`, `shading_child`),
what an exit code means (`workbooks`).
"""

import gc
import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

Program = Callable[[str, str], int]


def serve() -> None:
    programs: dict[str, Program] = {
        name: runpy.run_path(str(Path(__file__).with_name(f"{name}.py")))["main"]
        for name in ("workbook_child", "shading_child")
    }
    for needed in ("python_calamine", "defusedxml.ElementTree"):
        with suppress(ImportError):  # each fork reports the library that is missing
            import_module(needed)
    gc.freeze()
    for line in sys.stdin.buffer:
        request: dict[str, str] = json.loads(line)
        fork = os.fork()
        if fork == 0:
            code = 1
            try:
                code = _run(programs[request["program"]], request)
            finally:
                os._exit(code)
        _, status = os.waitpid(fork, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(program: Program, request: Mapping[str, str]) -> int:
    """The work of a fork. It closes the requests and the answers of its parent first."""
    for path, flags, stream in (
        (os.devnull, os.O_RDONLY, 0),
        (request["output"], os.O_WRONLY, 1),
        (request["errors"], os.O_WRONLY, 2),
    ):
        handle = os.open(path, flags)
        os.dup2(handle, stream)
        os.close(handle)
    try:
        return program(request["path"], request["pattern"])
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stderr.flush()


if __name__ == "__main__":
    serve()
