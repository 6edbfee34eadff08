"""An answer of the snapshot is rendered once and kept; a kept one never differs from what would be rendered.

Belongs here: when a kept answer counts, and what happens where none can be kept. Does not belong here: what is in one.
"""

import shutil
import threading
from pathlib import Path

import pytest
import requests

from atf_dagster.snapshot import SnapshotAdapter
from atf_dagster.snapshot.sources import BUNDLE


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of one's own, to change."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    shutil.copy(BUNDLE / "sources.yml", folder)
    for name in ("figures", "reference"):
        shutil.copytree(BUNDLE / name, folder / name)
    return folder


def ask(bundle: Path, kept: Path, url: str) -> requests.Response:
    """The answer of a new adapter, as a new process would make it."""
    with requests.Session() as session:
        session.mount("https://", SnapshotAdapter(bundle, kept))
        answer = session.get(url)
        answer.raise_for_status()
        return answer


def files(kept: Path) -> list[Path]:
    return sorted(path for path in kept.rglob("*") if path.is_file())


@pytest.fixture
def url() -> str:
    """The address of a workbook that a page of the snapshot lists."""
    page = requests.Session()
    page.mount("https://", SnapshotAdapter())
    path = "/government/statistical-data-sets/live-tables-on-homelessness"
    told = page.get(f"https://www.gov.uk/api/content{path}").json()
    return str(told["details"]["attachments"][0]["url"])


def test_the_next_process_gives_the_same_bytes_and_headers_and_writes_nothing(
    bundle: Path, tmp_path: Path, url: str
) -> None:
    kept = tmp_path / "kept"
    first = ask(bundle, kept, url)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files(kept)}
    again = ask(bundle, kept, url)
    assert before
    assert again.content == first.content
    assert again.headers == first.headers
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files(kept)} == before


def test_other_figures_give_another_answer_and_what_was_kept_of_the_old_ones_goes(
    bundle: Path, tmp_path: Path, url: str
) -> None:
    kept = tmp_path / "kept"
    before = ask(bundle, kept, url)
    old = files(kept)
    for path in (bundle / "figures" / "mhclg").glob("*.csv"):
        path.write_text(path.read_text("utf-8").replace("Wirral", "Elsewhere"), "utf-8")
    after = ask(bundle, kept, url)
    assert after.content != before.content
    assert files(kept)
    assert not any(path.exists() for path in old)


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"\0" * 4096], ids=["empty", "no head", "zeros"])
def test_a_kept_answer_that_is_damaged_is_rendered_again(bundle: Path, tmp_path: Path, url: str, damage: bytes) -> None:
    kept = tmp_path / "kept"
    first = ask(bundle, kept, url)
    (path,) = files(kept)
    whole = path.read_bytes()
    path.write_bytes(damage)
    assert ask(bundle, kept, url).content == first.content
    assert path.read_bytes() == whole


def test_a_body_of_which_one_byte_differs_is_rendered_again(bundle: Path, tmp_path: Path, url: str) -> None:
    kept = tmp_path / "kept"
    first = ask(bundle, kept, url)
    (path,) = files(kept)
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    assert ask(bundle, kept, url).content == first.content


def test_where_nothing_can_be_kept_the_answer_is_the_same(bundle: Path, tmp_path: Path, url: str) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("in the way of a folder", "utf-8")
    assert ask(bundle, no_folder, url).content == ask(bundle, tmp_path / "kept", url).content


def test_many_that_render_the_same_at_once_leave_one_whole_answer(bundle: Path, tmp_path: Path, url: str) -> None:
    kept = tmp_path / "kept"
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(ask(bundle, kept, url).content)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(bodies)) == 1
    assert len(files(kept)) == 1
    assert ask(bundle, kept, url).content == bodies[0]
