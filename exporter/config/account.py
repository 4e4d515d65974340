"""What every account has in exporter.yml, whichever vendor it is with."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from exporter.config.fields import BaseUrl, Duration, expected, is_loopback, parse_duration
from exporter.secret import Secret


@dataclass(frozen=True, slots=True)
class SecretField:
    """A secret that is given by value, by file or by environment variable: exactly one of them.

    No two accounts may have the same one where it is `unique`.
    """

    name: str
    required: bool = True
    unique: bool = False
    form: re.Pattern[str] = re.compile(r".+")
    expectation: str = "one line of text"

    def __str__(self) -> str:
        return ", ".join(self.keys)

    @property
    def keys(self) -> tuple[str, str, str]:
        """The three keys it may stand under."""
        return self.name, f"{self.name}_file", f"{self.name}_env"


class Strict(BaseModel):
    """A part of the configuration: immutable, and unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _name(raw: str) -> str:
    if raw != raw.strip() or not raw.isprintable():
        raise expected("a printable name without blanks around it")
    return raw


class AccountConfig(Strict):
    """One account; a vendor adds its own keys and the secrets that it needs."""

    vendor: ClassVar[str]
    secret_fields: ClassVar[tuple[SecretField, ...]] = ()
    poll_floor: ClassVar[float] = 0.0
    floored: ClassVar[tuple[str, ...]] = ("poll_interval",)

    name: Annotated[str, AfterValidator(_name)] = Field(
        min_length=1,
        max_length=128,
        description="The `account` label of the exporter's own metrics, of its own for each"
        " account. Without it an account is called by its place in the list.",
    )
    base_url: BaseUrl
    poll_interval: Duration
    stale_after: Duration
    device_stale_after: Duration

    _secrets: dict[str, Secret] = PrivateAttr(default_factory=dict)
    _file: Path = PrivateAttr(default_factory=Path)

    @property
    def is_local(self) -> bool:
        """Whether the cloud is on this machine: a simulator, for which no floors apply."""
        return is_loopback(self.base_url)

    @property
    def floor(self) -> float:
        """The shortest time between two polls of one location, in seconds."""
        return min(self.poll_interval, self.poll_floor)

    def poll_every(self, *, streaming: bool) -> float:  # noqa: ARG002  # for vendors that stream
        """Return the seconds between two polls of one location."""
        return self.poll_interval

    @property
    def list_every(self) -> float:
        """The seconds between two listings of the account's locations."""
        return self.poll_interval

    def calls_per_second(self, locations: int) -> float:
        """Return how many calls the configured cadence makes at the most."""
        return locations / self.poll_every(streaming=False) + 1 / self.list_every

    @property
    def login(self) -> str:
        """Who logs in, for vendors with users: another one is another account. May be a name."""
        return ""

    @property
    def credentials(self) -> tuple[object, ...]:
        """What the cloud knows the account by: to be compared, it does not show."""
        names = [field.name for field in self.secret_fields if field.required]
        return self.login, *map(self._secrets.get, names)

    @property
    def selection(self) -> str:
        """What the choice of locations depends on; another text is another choice."""
        return ""

    def admits(self, location_id: str, name: str) -> bool:  # noqa: ARG002  # for vendors that filter
        """Return whether a location of the account is read."""
        return True

    def secret(self, name: str) -> Secret:
        """Return a secret that the loader has resolved; raises KeyError for one not given."""
        return self._secrets[name]

    def find_secret(self, name: str) -> Secret | None:
        """Return an optional secret, None where it was not given."""
        return self._secrets.get(name)

    @property
    def file(self) -> Path:
        """The file that it is written in; its relative paths begin there."""
        return self._file

    def settle(self, file: Path, secrets: dict[str, Secret]) -> None:
        """Take the file and the resolved secrets; the loader alone calls this."""
        self._file = file
        self._secrets.update(secrets)

    @classmethod
    def faults_across(cls, raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what is wrong between keys, as (key, expectation), from the account as written."""
        for field in cls.secret_fields:
            given = [key for key in field.keys if raw.get(key) is not None]
            if len(given) > 1 or (field.required and not given):
                yield given[-1] if given else field.name, f"expected exactly one of {field}"
        intervals = {key: cls._interval(raw, key) for key in cls.model_fields}
        poll, stale = intervals["poll_interval"], intervals["stale_after"]
        if poll and stale and stale < 2 * poll:
            yield "stale_after", "expected at least twice poll_interval"
        if is_loopback(str(raw.get("base_url", ""))):
            return
        for key, seconds in intervals.items():
            if key in cls.floored and seconds and seconds < cls.poll_floor:
                yield key, f"expected {cls.poll_floor:.0f}s or more"

    @classmethod
    def _interval(cls, raw: Mapping[str, Any], key: str) -> float | None:
        if key not in raw:
            default = cls.model_fields[key].default
            return default if isinstance(default, float) else None
        with suppress(PydanticCustomError):
            return parse_duration(raw[key])
        return None
