"""The exceptions of the product, drawn once: what a caller handles, and nothing else."""

from enum import StrEnum


class Outcome(StrEnum):
    """What came of one REST call: the closed list behind the `outcome` label."""

    SUCCESS = "success"
    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    REDIRECT = "redirect"
    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"
    CONNECTION = "connection"
    TOO_LARGE = "too_large"
    UNUSABLE = "unusable_body"
    INTERNAL = "internal_error"


class ExporterError(Exception):
    """Base of every error that the exporter raises on purpose."""


class ConfigError(ExporterError):
    """The configuration has faults; `faults` holds one readable line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StartError(ExporterError):
    """The process cannot start for a reason outside its configuration, such as a taken port."""


class CloudError(ExporterError):
    """A call to a cloud gave no usable answer; the message never holds what the cloud said."""

    def __init__(self, outcome: Outcome, status: int | None = None) -> None:
        detail = f"HTTP {status}" if status is not None else outcome.value.replace("_", " ")
        super().__init__(detail)
        self.outcome = outcome
        self.status = status


class RateLimitedError(CloudError):
    """The cloud asked for fewer calls, or answered an odd 4xx; `retry_after` is in seconds."""

    def __init__(self, outcome: Outcome, status: int, retry_after: float | None) -> None:
        super().__init__(outcome, status)
        self.retry_after = retry_after


class AuthError(CloudError):
    """The cloud refuses the account's credentials, after one renewal where that exists."""


class OnHoldError(ExporterError):
    """The account may make no call before `until` (monotonic seconds)."""

    def __init__(self, until: float) -> None:
        super().__init__("the account is on hold")
        self.until = until
