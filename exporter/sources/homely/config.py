"""What a Homely account has in exporter.yml."""

from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from exporter.config import AccountConfig, BaseUrl, Duration, FileName, SecretField
from exporter.config.account import Strict

_MINUTE, _HOUR = 60.0, 3600.0


class LocationFilter(Strict):
    """Which locations of the account are read: names or ids, `*` stands for anything."""

    include: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = ("*",)
    exclude: Annotated[tuple[str, ...], Field(strict=False)] = ()

    def admits(self, location_id: str, name: str) -> bool:
        """Return whether a location is read."""
        return _matches(self.include, location_id, name) and not _matches(
            self.exclude, location_id, name
        )


def _matches(patterns: tuple[str, ...], location_id: str, name: str) -> bool:
    return any(
        fnmatchcase(given, pattern.strip()) or pattern.strip() == given
        for pattern in patterns
        for given in (location_id, name)
    )


class HomelyConfig(AccountConfig):
    """One Homely login."""

    vendor: ClassVar[str] = "homely"
    secret_fields: ClassVar[tuple[SecretField, ...]] = (SecretField("password"),)
    poll_floor: ClassVar[float] = 60.0
    floored: ClassVar[tuple[str, ...]] = (
        "poll_interval",
        "poll_interval_disconnected",
        "locations_refresh",
    )

    base_url: BaseUrl = "https://sdk.iotiliti.cloud"
    username: Annotated[SecretStr, Field(min_length=1)]
    password: SecretStr | None = None
    password_file: FileName | None = None
    password_env: str | None = None
    locations: LocationFilter = LocationFilter()
    locations_refresh: Duration = 6 * _HOUR
    poll_interval: Duration = 20 * _MINUTE
    poll_interval_disconnected: Duration = 5 * _MINUTE
    stale_after: Duration = 3 * _HOUR
    device_stale_after: Duration = 24 * _HOUR

    def poll_every(self, *, streaming: bool) -> float:
        """Return the seconds between two polls; a socket that is down makes them more frequent."""
        if streaming:
            return self.poll_interval
        return min(self.poll_interval, self.poll_interval_disconnected)

    @property
    def login(self) -> str:
        """The user's name."""
        return self.username.get_secret_value()

    @property
    def selection(self) -> str:
        """The filter of locations, as text."""
        return self.locations.model_dump_json()

    def admits(self, location_id: str, name: str) -> bool:
        """Return whether a location of the login is read."""
        return self.locations.admits(location_id, name)

    @property
    def list_every(self) -> float:
        """The seconds between two listings of the account's locations."""
        return self.locations_refresh

    def calls_per_second(self, locations: int) -> float:
        """Return how many calls the configured cadence makes; each may need a token first."""
        return 2 * super().calls_per_second(locations)
