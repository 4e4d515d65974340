"""Takes down what the clouds answer while a survey looks at them."""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.auth import AuthBase

from exporter.config import AccountConfig
from exporter.errors import CloudError
from exporter.jsontext import parse_json
from exporter.redact import Redactor
from exporter.rest import Answer, Transport
from exporter.sources.clouds import transport_for

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer as they were; `outcome` says why there is no status."""

    method: str
    path: str
    status: int | None
    headers: dict[str, str]
    body: bytes = field(repr=False)
    outcome: str | None = None

    def document(self) -> Any:
        """Return the JSON of the answer, None where it is none."""
        try:
            return parse_json(self.body)
        except ValueError:
            return None

    def redacted(self, redactor: Redactor) -> dict[str, Any]:
        """Return the exchange as JSON data without what is personal."""
        path, ids = redactor.path(self.path)
        shown: dict[str, Any] = {"method": self.method, "path": path, "ids": ids}
        if self.status is None:
            return {**shown, "outcome": self.outcome}
        shown |= {"status": self.status, "headers": self.headers}
        document = self.document()
        if document is None and self.body.strip() != b"null":
            # No JSON: what it is of matters, and not its words.
            kind = "html" if self.body.lstrip()[:1] == b"<" else "other"
            return {**shown, "unreadable": {"bytes": len(self.body), "kind": kind}}
        return {**shown, "body": redactor.redact(document)}


class Recording:
    """The exchanges of one account, in order."""

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self.exchanges: list[Exchange] = []
        self._prefix = urlsplit(config.base_url).path

    def transport(self) -> Transport:
        """Return a transport whose exchanges are taken down."""
        return transport_for(self.config, partial(_RecordedTransport, self._take, self._miss))

    def _take(self, response: requests.Response, body: bytes) -> None:
        request = response.request
        headers = {
            name: value
            for name in _FORMS
            if (value := response.headers.get(name)) is not None and _FORMS[name](value)
        }
        path = self._path(str(request.url))
        self.exchanges.append(
            Exchange(str(request.method), path, response.status_code, headers, body)
        )

    def _miss(self, method: str, url: str, error: CloudError) -> None:
        exchange = Exchange(method, self._path(url), None, {}, b"", error.outcome.value)
        self.exchanges.append(exchange)

    def _path(self, url: str) -> str:
        return unquote(urlsplit(url).path).removeprefix(self._prefix)


class _RecordedTransport(Transport):
    """Tells of answers, and of calls that had none."""

    def __init__(
        self,
        take: Callable[[requests.Response, bytes], None],
        miss: Callable[[str, str, CloudError], None],
        *,
        use_environment: bool,
    ) -> None:
        self._answered = threading.Event()
        self._miss = miss

        def answered(response: requests.Response, body: bytes) -> None:
            self._answered.set()
            take(response, body)

        super().__init__(use_environment=use_environment, on_answer=answered)

    def exchange(
        self, method: str, url: str, *, auth: AuthBase | None = None, body: Any = None
    ) -> Answer:
        """Make the call; raises CloudError as any transport does."""
        self._answered.clear()
        try:
            return super().exchange(method, url, auth=auth, body=body)
        except CloudError as error:
            if not self._answered.is_set():
                self._miss(method, url, error)
            raise


def _is_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return len(value) < len("Wed, 21 Oct 2015 07:28:00 GMT") + 3 and value.isascii()


#: The headers that are kept, each where it has the form that it should have.
_FORMS: dict[str, Callable[[str], object]] = {
    "Content-Type": _MEDIA_TYPE.fullmatch,
    "Date": _is_date,
    "Retry-After": lambda value: _SECONDS.fullmatch(value) or _is_date(value),
}


def text_of(document: Any) -> str:
    """Return JSON data as the text that is written."""
    return json.dumps(document, indent=1, ensure_ascii=False)
