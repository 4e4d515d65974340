"""One REST exchange of an account."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import DecodeError, HTTPError

from exporter import __version__
from exporter.errors import CloudError, Outcome
from exporter.jsontext import parse_json
from exporter.rest.body import read
from exporter.rest.failures import failures_named, http_date, refusal
from exporter.rest.sockets import Sockets, tracked_pools

TIME_LIMIT = 30.0
_CONNECT, _READ = 10.0, 15.0
_SUCCESSES = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: its JSON, and the cloud's own clock from the Date header if it sent one."""

    body: Any = field(repr=False)
    date: float | None


class Bearer(AuthBase):
    """Sets the Authorization header; given as `auth`, so that no ~/.netrc can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign the request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Anonymous(AuthBase):
    """Sends no Authorization header, whatever ~/.netrc says."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


class Transport:
    """Makes one call at a time on a session of its own; used from a worker thread.

    With `use_environment` proxies and CA bundles that the environment names are used.
    """

    def __init__(
        self,
        session: requests.Session | None = None,
        *,
        time_limit: float = TIME_LIMIT,
        use_environment: bool = True,
    ) -> None:
        self._sockets = Sockets()
        self._session = session or _session(self._sockets, use_environment=use_environment)
        self._time_limit = time_limit

    def exchange(
        self, method: str, url: str, *, auth: AuthBase | None = None, body: Any = None
    ) -> Answer:
        """Return the JSON of a 2xx answer; raises CloudError for anything else."""
        deadline = time.monotonic() + self._time_limit
        try:
            with self._watchdog(), failures_named():
                return self._answer(method, url, auth or Anonymous(), body, deadline)
        except CloudError as error:
            if self._sockets.is_cut and error.status is None:
                raise CloudError(Outcome.TIMEOUT) from None
            raise

    def _answer(self, method: str, url: str, auth: AuthBase, body: Any, deadline: float) -> Answer:
        response = self._session.request(
            method,
            url,
            json=body,
            auth=auth,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
            timeout=(min(_CONNECT, self._time_limit), min(_READ, self._time_limit)),
            allow_redirects=False,
            stream=True,
        )
        try:
            return _answer(response, _body(response, deadline))
        finally:
            response.close()

    def abort(self) -> None:
        """Cut the call that is under way, if any, so that its thread comes free."""
        self._sockets.cut()

    def close(self) -> None:
        """Close the session's idle connections."""
        self._session.close()

    @contextmanager
    def _watchdog(self) -> Iterator[None]:
        # The timeout of requests is per read: headers that drip would never reach it.
        self._sockets.allow()
        timer = threading.Timer(self._time_limit, self._sockets.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _Session(requests.Session):
    """A session to which a redirect is an answer like any other.

    Not to follow it is not enough: requests would read its whole body, and parse its address.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  # upstream's
        return None


class _Adapter(HTTPAdapter):
    """Uses connections whose sockets can be cut, also through a proxy."""

    def __init__(self, sockets: Sockets) -> None:
        self._pools = tracked_pools(sockets)
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _session(sockets: Sockets, *, use_environment: bool) -> requests.Session:
    session = _Session()
    session.trust_env = use_environment
    # Nothing here needs a cookie, so none is kept.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = f"home-exporter/{__version__}"
    adapter = _Adapter(sockets)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _body(response: requests.Response, deadline: float) -> bytes:
    try:
        return read(response, deadline)
    except DecodeError:
        if response.status_code in _SUCCESSES:
            raise CloudError(Outcome.UNUSABLE) from None
        return b""
    except (CloudError, HTTPError, OSError):
        # A refusal stands in the status: what is wrong with its body must not hide it.
        if response.status_code in _SUCCESSES:
            raise
        return b""


def _answer(response: requests.Response, body: bytes) -> Answer:
    status = response.status_code
    if status not in _SUCCESSES:
        raise refusal(status, response, body)
    try:
        return Answer(parse_json(body), http_date(response.headers.get("Date")))
    except ValueError:
        raise CloudError(Outcome.UNUSABLE) from None
