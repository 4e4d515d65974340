"""What a WallyHome account has in exporter.yml."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from exporter.config import AccountConfig, Duration, SecretField
from exporter.config.fields import BaseUrl

_MINUTE, _HOUR = 60.0, 3600.0
_TOKEN = re.compile(r"[!-~]+")
# What stands in a URL's path as it is. A segment in front, which is no secret, tells a proxy of a
# fleet where to send it.
_IN_A_PATH = re.compile(r"([A-Za-z0-9][A-Za-z0-9._~-]*/)?[A-Za-z0-9._~!$&'()*+,;=:@-]{16,}")


class ThresholdUnit(StrEnum):
    """The unit of thresholds.TEMP: the vendor's document and its own sample disagree."""

    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


class WallyConfig(AccountConfig):
    """One WallyHome account."""

    vendor: ClassVar[str] = "wally"
    secret_fields: ClassVar[tuple[SecretField, ...]] = (
        SecretField("token", form=_TOKEN, expectation="a token: ASCII without blanks"),
        SecretField(
            "callback_secret",
            required=False,
            unique=True,
            form=_IN_A_PATH,
            expectation="16 characters or more, of those that may stand in the path of a URL",
        ),
    )
    poll_floor: ClassVar[float] = 10.0

    base_url: BaseUrl = "https://api.snsr.net"
    token: SecretStr | None = None
    token_file: Annotated[Path, Field(strict=False)] | None = None
    token_env: str | None = None
    callback_secret: SecretStr | None = None
    callback_secret_file: Annotated[Path, Field(strict=False)] | None = None
    callback_secret_env: str | None = None
    poll_interval: Duration = _MINUTE
    stale_after: Duration = 15 * _MINUTE
    device_stale_after: Duration = 2 * _HOUR
    threshold_unit: Annotated[ThresholdUnit, Field(strict=False)] = ThresholdUnit.CELSIUS
