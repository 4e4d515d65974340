"""What a WallyHome account has in exporter.yml."""

import re
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, SecretStr

from exporter.config import AccountConfig, BaseUrl, Duration, FileName, SecretField

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

    base_url: BaseUrl = Field(
        "https://api.snsr.net", description="The cloud: REST under `/v2/` of this host."
    )
    token: SecretStr | None = Field(
        None, description="The API token, from *Settings* in the WallyHome web app."
    )
    token_file: FileName | None = Field(None, description="A file with the token.")
    token_env: str | None = Field(
        None, description="The name of an environment variable with the token."
    )
    callback_secret: SecretStr | None = Field(
        None,
        description="Turns callbacks on, at `POST /callbacks/wally/<secret>`. Of its own for each"
        " account.",
    )
    callback_secret_file: FileName | None = Field(
        None, description="A file with the callback's secret."
    )
    callback_secret_env: str | None = Field(
        None, description="The name of an environment variable with the callback's secret."
    )
    poll_interval: Duration = Field(_MINUTE, description="How often a place is polled.")
    stale_after: Duration = Field(
        15 * _MINUTE,
        description="A place without a successful poll for so long has `home_up` 0, and what only"
        " polls have said of it is not served.",
    )
    device_stale_after: Duration = Field(
        2 * _HOUR,
        description="A temperature or humidity that its sensor took longer ago than this is not"
        " served, and where all of a sensor are, nothing of it is.",
    )
    threshold_unit: ThresholdUnit = Field(
        ThresholdUnit.CELSIUS,
        strict=False,
        description="What the cloud gives the owner's temperature thresholds in.",
    )
