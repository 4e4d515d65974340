"""Which locations of a login are read: include and exclude, by name, id or pattern."""

import pytest
from pydantic import ValidationError

from exporter.sources.homely.config import HomelyConfig
from tests.config.conftest import Configure

CABIN, VILLA, STRANGE = "182bb447", "232bb400", "99aa"
NAMES = {CABIN: "Hytta", VILLA: "Villa Solbakken", STRANGE: "Annex [north] #1"}


@pytest.mark.parametrize(
    ("locations", "admitted"),
    [
        ("{}", {CABIN, VILLA, STRANGE}),
        ('{include: ["*"], exclude: []}', {CABIN, VILLA, STRANGE}),
        ("{include: [Hytta]}", {CABIN}),
        ('{include: ["232bb400"]}', {VILLA}),
        ('{include: ["Hytta", "232bb400"]}', {CABIN, VILLA}),
        ('{include: ["Villa *"]}', {VILLA}),
        ('{include: ["V?lla*"]}', {VILLA}),
        ('{include: ["[HV]*"]}', {CABIN, VILLA}),
        ('{include: ["hytta"]}', set()),
        ('{include: ["Hytt"]}', set()),
        ('{include: [" Hytta "]}', {CABIN}),
        ('{include: ["Annex [north] #1"]}', {STRANGE}),
        ('{exclude: ["Hytta"]}', {VILLA, STRANGE}),
        ('{exclude: ["232bb400"]}', {CABIN, STRANGE}),
        ('{exclude: ["*"]}', set()),
        ('{include: ["Hytta", "Villa*"], exclude: ["*tta"]}', {VILLA}),
        ('{include: ["Hytta"], exclude: ["Hytta"]}', set()),
    ],
)
def test_locations_are_chosen_by_name_by_id_and_by_pattern(
    configure: Configure, locations: str, admitted: set[str]
) -> None:
    text = f"homely: [{{username: u, password: p, locations: {locations}}}]"
    account = configure(text).accounts[0]
    assert isinstance(account, HomelyConfig)
    found = {key for key, name in NAMES.items() if account.locations.admits(key, name)}
    assert found == admitted


def test_a_choice_of_locations_cannot_be_changed(configure: Configure) -> None:
    account = configure("homely: [{username: u, password: p}]").accounts[0]
    assert isinstance(account, HomelyConfig)
    for key in ("include", "exclude"):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(account.locations, key, ("other",))
        assert isinstance(getattr(account.locations, key), tuple)
