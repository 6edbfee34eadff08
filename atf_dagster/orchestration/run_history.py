"""Dagster's history of runs in SQLite, with connections that are kept: named in `dagster.yaml`.

Belongs here: how Dagster's own storages reach their files. Does not belong here: what they write (Dagster), how long
runs are kept (`automation.run_retention`).
Dagster opens and closes SQLite several times for each event, and each close writes the file anew: ten seconds of each
refresh. The files and tables stay Dagster's own, so that a home goes on with its history in either way.
"""

import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
import yaml
from dagster import DagsterInstance
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

MOST_FILES = 8
"""Files that stay open: the index, and the runs that were read last. A web server reads hundreds."""


class KeptEngines:
    """An engine for each file, with the connections that nobody uses now; those used least recently are closed."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        _ALL.add(self)

    def of(self, address: str) -> Engine:
        """The engine of a file's address, `sqlite:///<path>`."""
        with self._lock:
            engine = self._engines.pop(address, None) or _engine(address)
            self._engines[address] = engine
            if len(self._engines) > MOST_FILES:
                self._engines.pop(next(iter(self._engines))).dispose()
            return engine

    def close(self) -> None:
        """Close all; the next use opens what it needs."""
        with self._lock:
            engines, self._engines = list(self._engines.values()), {}
        for engine in engines:
            engine.dispose()


_ALL: "weakref.WeakSet[KeptEngines]" = weakref.WeakSet()


def _close_all() -> None:
    for engines in list(_ALL):
        engines.close()


# A connection of SQLite must not be used, nor closed, by two processes.
os.register_at_fork(before=_close_all)


def _engine(address: str) -> Engine:
    engine = sqlalchemy.create_engine(
        address,
        poolclass=QueuePool,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    path = Path(address.removeprefix("sqlite:///"))

    @sqlalchemy.event.listens_for(engine, "connect")
    def opened(connection: Any, record: Any) -> None:
        # With its log of writes SQLite waits for the disk at checkpoints only. A killed process loses nothing; power
        # that fails may lose the last events of a run, which is then found dead, and never the file.
        connection.execute("pragma synchronous = normal")
        record.info["file"] = _identity(path)

    @sqlalchemy.event.listens_for(engine, "checkout")
    def used(connection: Any, record: Any, proxy: Any) -> None:
        # A history that somebody removed or restored from a backup is another file under the same name.
        if record.info["file"] != _identity(path):
            raise DisconnectionError(f"{path} is no longer the file that was opened")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


class EventLog(SqliteEventLogStorage):
    """Dagster's event log, one file a run and an index.

    A batch of events is one transaction: all of it is stored, or nothing.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept = KeptEngines()
        self._batch = threading.local()
        self._tables: set[tuple[tuple[int, int] | None, str]] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        batch: _Batch | None = getattr(self._batch, "open", None)
        if batch is not None:
            yield batch.connection(shard)
            return
        with self._db_lock, self._begun(shard) as connection:
            yield connection

    @contextmanager
    def _begun(self, shard: str) -> Iterator[Connection]:
        engine = self._kept.of(self.conn_string_for_shard(shard))
        # A file that was removed since is a new one, without tables.
        if shard not in self._initialized_dbs or not Path(self.path_for_shard(shard)).exists():
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        with engine.begin() as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table. Dagster asks it at each event; a table that was found stays in its file."""
        found = (_identity(Path(self.path_for_shard(INDEX_SHARD_NAME))), table_name)
        if found not in self._tables:
            engine = self._kept.of(self.conn_string_for_shard(INDEX_SHARD_NAME))
            with engine.connect() as connection:
                if not engine.dialect.has_table(connection, table_name):
                    return False
            self._tables.add(found)
        return True

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        with self._db_lock, ExitStack() as begun:
            self._batch.open = _Batch(self, begun)
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._batch.open = None

    def dispose(self) -> None:
        super().dispose()
        self._kept.close()


class _Batch:
    """The transactions of one batch, begun when they are first needed and ended together."""

    def __init__(self, log: EventLog, begun: ExitStack) -> None:
        self._log, self._begun = log, begun
        self._connections: dict[str, Connection] = {}

    def connection(self, shard: str) -> Connection:
        if shard not in self._connections:
            self._connections[shard] = self._begun.enter_context(self._log._begun(shard))
        return self._connections[shard]


class Runs(SqliteRunStorage):
    """Dagster's list of runs, `runs.db`."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept = KeptEngines()
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._kept.of(self._conn_string).begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()
        self._kept.close()


class Storage(DagsterSqliteStorage):
    """All that Dagster keeps, in the places where it keeps it by default."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self.base_dir, self._inst_data = base_dir, inst_data
        self._run_storage = Runs.from_local(str(Path(base_dir, "history")))
        self._event_log_storage = EventLog(str(Path(base_dir, "history", "runs")))
        self._schedule_storage = SqliteScheduleStorage.from_local(str(Path(base_dir, "schedules")))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "Storage":
        return cls.from_local(inst_data=inst_data, **config_value)


class Instance(DagsterInstance):
    """A Dagster instance whose storage is `Storage`, wherever its folder lies."""

    @classmethod
    def config_schema(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def config_defaults(cls, base_dir: str) -> dict[str, ConfigurableClassData | None]:
        ours = ConfigurableClassData(__name__, Storage.__name__, yaml.safe_dump({"base_dir": base_dir}))
        return {**InstanceRef.config_defaults(base_dir), "storage": ours}
