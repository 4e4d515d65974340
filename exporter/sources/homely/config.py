"""What a Homely account has in exporter.yml."""

from fnmatch import fnmatchcase
from typing import ClassVar

from pydantic import Field, SecretStr

from exporter.config import AccountConfig, BaseUrl, Duration, FileName, SecretField
from exporter.config.account import Strict

_MINUTE, _HOUR = 60.0, 3600.0


class LocationFilter(Strict):
    """Which locations of the account are read: names or ids, `*` stands for anything."""

    include: tuple[str, ...] = Field(
        default=("*",), strict=False, min_length=1, description="Homes that are read."
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Homes that are not read, whatever `include` says.",
    )

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

    base_url: BaseUrl = Field(
        "https://sdk.iotiliti.cloud",
        description="The cloud: REST under `/homely/`, Socket.IO at `/socket.io/` of this host.",
    )
    username: SecretStr = Field(
        min_length=1, description="The address that one logs in to the Homely app with."
    )
    password: SecretStr | None = Field(None, description="The password of the Homely app.")
    password_file: FileName | None = Field(None, description="A file with the password.")
    password_env: str | None = Field(
        None, description="The name of an environment variable with the password."
    )
    locations: LocationFilter = Field(
        LocationFilter(),
        description="Which homes of the login are read: names or ids, `*` stands for anything.",
    )
    locations_refresh: Duration = Field(
        6 * _HOUR, description="How often the login's homes are listed, to find new ones."
    )
    poll_interval: Duration = Field(
        20 * _MINUTE, description="How often a home is polled while its socket is up."
    )
    poll_interval_disconnected: Duration = Field(
        5 * _MINUTE, description="How often a home is polled while its socket is down."
    )
    stale_after: Duration = Field(
        3 * _HOUR,
        description="A home without a successful poll for so long has `home_up` 0, and what only"
        " polls have said of it is not served.",
    )
    device_stale_after: Duration = Field(
        24 * _HOUR,
        description="A temperature, humidity, power or link strength that its device took longer"
        " ago than this is not served, and where all of a device are, nothing of it is.",
    )

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
