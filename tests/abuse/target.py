"""The exporter as a process of its own, and how it does while it is abused."""

import base64
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.cli.command import PATIENCE, free_port

SECRET = "callback-secret-of-the-abuse"
USER, PASSWORD = "prometheus", "right-password-of-the-abuse"
#: What the issue promises under each kind of abuse.
SCRAPE_WITHIN = 1.0
MEMORY = 20 * 1024 * 1024
MAX_CONNECTIONS = 512
REQUEST_TIME = 10.0

_ROOT = Path(__file__).parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BETWEEN_SCRAPES = 0.2


@dataclass
class Abuse:
    """What was seen while an abuse went on."""

    scrapes: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    most_memory: int = 0
    most_sockets: int = 0


class Target:
    """A run of the exporter."""

    def __init__(self, folder: Path, config: str, *flags: str, tls: ssl.SSLContext | None) -> None:
        (folder / "exporter.yml").write_text(config)
        self.port = free_port()
        self.tls = tls
        self._kept = self._client()
        self._log = folder / "log"
        self._said = ""
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                (
                    *(sys.executable, "-m", "exporter", "--config.file=exporter.yml", *flags),
                    *(f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=debug"),
                ),
                cwd=folder,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), "HOME": str(folder)},
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        """Wait until it is ready, and has done once what it will do often."""
        self.until(lambda: self._try("/-/ready") == 200)
        for _ in range(5):
            assert self._try("/metrics", kept=True) == 200
        self._said = self.log
        return self

    def __exit__(self, *_: object) -> None:
        """End it; it must have logged nothing meanwhile, and still end as it should."""
        self._kept.close()
        assert self.log == self._said
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text()

    @property
    def memory(self) -> int:
        """Its resident memory in bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE

    @property
    def queued(self) -> float:
        """How many seconds its main thread was ready to run and had no core to run on."""
        try:
            spent = Path(f"/proc/{self.process.pid}/schedstat").read_text()
        except OSError:
            return 0.0
        return int(spent.split()[1]) / 1e9

    @property
    def sockets(self) -> int:
        """How many sockets it has open."""
        count = 0
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                count += str(link.readlink()).startswith("socket:")
            except OSError:
                continue
        return count

    def connect(self) -> socket.socket:
        """Open a connection, and no more than that."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def exchange(self, data: bytes) -> bytes:
        """Send bytes of any kind and return all that comes back until the other side closes."""
        with self.connect() as sock:
            sock.sendall(data)
            return read_all(sock)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        kept: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """Ask for something and return the status; on a connection of its own, or on a kept one."""
        connection = self._kept if kept else self._client()
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            if not kept:
                connection.close()

    def _client(self) -> http.client.HTTPConnection:
        host, port = "127.0.0.1", self.port
        if self.tls is None:
            return http.client.HTTPConnection(host, port, timeout=PATIENCE)
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=self.tls)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that has no event of its own."""
        patience = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < patience, self.log
            time.sleep(0.05)

    @contextmanager
    def abused(self) -> Iterator[Abuse]:
        """Scrape it all the while, and hold it to the promises at the end."""
        before, sockets = self.memory, self.sockets
        abuse, ended = Abuse(), threading.Event()

        def watch() -> None:
            while not ended.is_set() or len(abuse.scrapes) < 3:
                began, queued = time.monotonic(), self.queued
                # Over TLS as Prometheus does, which does not greet anew for each scrape.
                status = self._try("/metrics", kept=self.tls is not None)
                # What it spent waiting for a core of a busy machine is not its own doing.
                abuse.scrapes.append(time.monotonic() - began - (self.queued - queued))
                if status != 200:
                    abuse.failures.append(f"scrape: {status}")
                abuse.most_memory = max(abuse.most_memory, self.memory)
                abuse.most_sockets = max(abuse.most_sockets, self.sockets)
                ended.wait(_BETWEEN_SCRAPES)

        scraper = threading.Thread(target=watch)
        scraper.start()
        try:
            yield abuse
        finally:
            ended.set()
            scraper.join()
        print(
            f"slowest of {len(abuse.scrapes)} scrapes {max(abuse.scrapes):.3f} s,"
            f" memory +{(abuse.most_memory - before) / 2**20:.1f} MiB,"
            f" {abuse.most_sockets} sockets"
        )
        assert abuse.failures == []
        assert max(abuse.scrapes) < SCRAPE_WITHIN
        assert abuse.most_memory - before < MEMORY
        assert abuse.most_sockets - sockets <= MAX_CONNECTIONS
        assert self.log == self._said, "something was logged"

    def _try(self, path: str, *, kept: bool = False) -> int | None:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        try:
            return self.request("GET", path, kept=kept, headers={"Authorization": f"Basic {basic}"})
        except (OSError, http.client.HTTPException):
            self._kept.close()
            return None


def read_all(sock: socket.socket) -> bytes:
    """Return what comes until the other side closes, be it rudely."""
    received = bytearray()
    with suppress(ConnectionError):
        while chunk := sock.recv(65536):
            received += chunk
    return bytes(received)


def is_closed(sock: socket.socket) -> bool:
    """Return whether the other side has closed a connection."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def statuses(answer: bytes) -> list[int]:
    """Return the status of each answer in what was received."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]
