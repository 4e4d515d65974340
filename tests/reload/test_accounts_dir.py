"""A reload reads the files of accounts_dir anew."""

from pathlib import Path

import pytest
import yaml

from tests.reload.house import SUCCESSFUL, House, readings

OWNED = "home_exporter_locations_owned"


@pytest.fixture
async def folder(house: House, tmp_path: Path) -> Path:
    """Move every account of the house from the main file to a file of its own, and reload."""
    folder = tmp_path / "accounts"
    folder.mkdir()
    document = house.document
    for vendor in ("homely", "wally"):
        for number, account in enumerate(document.pop(vendor), start=1):
            text = yaml.safe_dump({"vendor": vendor, **account})
            (folder / f"{vendor}-{number}.yml").write_text(text)
    before, sids = readings(await house.running.scrape()), house.sids()
    page = await house.reload({**document, "accounts_dir": "accounts"})
    assert readings(page) == before
    assert house.sids() == sids, "where an account is written is no matter"
    return folder


async def test_a_file_that_goes_takes_its_account_along(house: House, folder: Path) -> None:
    sids = house.sids()
    text = (folder / "wally-1.yml").read_text()
    (folder / "wally-1.yml").unlink()
    page = await house.reload()
    assert page.one(OWNED) == 3
    assert not page.has("home_up", vendor="wally")
    (folder / "wally-1.yaml").write_text(text)
    await house.reload()
    await house.running.until(lambda page: page.all(OWNED) == [5])
    assert house.sids() == sids


async def test_one_bad_file_changes_nothing(house: House, folder: Path) -> None:
    before = readings(await house.running.scrape())
    (folder / "homely-2.yml").unlink()
    (folder / "other.yml").write_text("vendor: homely\n")
    status, text = await house.ask()
    assert status == 500
    assert f"{folder}/other.yml: username: expected a value, the key is missing" in text
    page = await house.running.scrape()
    assert readings(page) == before
    assert page.one(SUCCESSFUL) == 0


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_folder_that_lost_its_files_takes_no_home_along(
    house: House, folder: Path, *, is_gone: bool
) -> None:
    before = readings(await house.running.scrape())
    for file in folder.iterdir():
        file.unlink()
    if is_gone:
        folder.rmdir()
    status, text = await house.ask()
    assert status == 500
    assert "accounts_dir: expected a" in text
    assert readings(await house.running.scrape()) == before
