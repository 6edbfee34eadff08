"""The landing stores of a home, and one vintage by its id.

Belongs here: finding a vintage, asking that it is read and judged again. Does not belong here: reading and writing a
store (`store`).
"""

from atf_dagster import catalogue
from atf_dagster.errors import NotFound
from atf_dagster.landing.records import Vintage
from atf_dagster.landing.store import Store
from atf_dagster.settings import Settings


def stores(settings: Settings) -> dict[str, Store]:
    """The existing landing stores by mode; the mode of the settings comes first."""
    modes = [settings.mode, *(mode for mode in ("live", "snapshot") if mode != settings.mode)]
    return {
        mode: Store(settings.home / mode / "landing") for mode in modes if (settings.home / mode / "landing").exists()
    }


def store_of(settings: Settings, mode: str | None) -> tuple[str, Store]:
    """The mode and landing store from which a release of `mode` was made; without one, those of the set mode."""
    existing = stores(settings)
    named = mode if mode is not None and mode in existing else settings.mode
    return named, existing.get(named, Store(settings.landing))


def vintage_by_id(settings: Settings, vintage_id: str) -> tuple[Store, Vintage]:
    """A vintage and the store that has it. Raises NotFound."""
    for store in stores(settings).values():
        for collection, dataset in catalogue.load().datasets:
            if not vintage_id.startswith(f"{dataset.id}."):
                continue
            for part in collection.parts_of(dataset):
                for vintage in store.vintages(dataset.id, part.id):
                    if vintage.id == vintage_id:
                        return store, vintage
    raise NotFound(f"There is no vintage {vintage_id}.", "`atf diagnose DATASET` lists the vintages of a dataset.")


def ask_again(settings: Settings, vintage_id: str) -> None:
    """Discard the verdicts of raw and admission on a vintage: the next build reads and judges its bytes again."""
    store, vintage = vintage_by_id(settings, vintage_id)
    store.ask_again(vintage)
