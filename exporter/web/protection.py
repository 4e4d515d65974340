"""What --web.config.file asks for, read again when it or the certificate changes."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exporter.clock import Clock, SystemClock
from exporter.config.web import Stamp, WebConfig, load_web, stamp
from exporter.errors import ConfigError
from exporter.logs import Log

_LOOK = 1.0


class Protection:
    """The protection of the moment: a version with faults leaves the one before it in force.

    Raises ConfigError where the first one has faults. Without a path there is no protection.
    """

    def __init__(
        self, path: Path | None = None, *, open_health: bool = False, clock: Clock | None = None
    ) -> None:
        self._path = path
        self.open_health = open_health
        self._clock = clock or SystemClock()
        self._config = WebConfig(None, {}, {}) if path is None else load_web(path)
        self._seen = self._config.stamps
        self._told = ""
        # A thread of its own, since a disk may hang.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="web-config")
        self._log = Log("web")

    @property
    def config(self) -> WebConfig:
        """What is in force."""
        return self._config

    async def watch(self) -> None:
        """Look at the files once a second, for ever; without a path there is nothing to see."""
        while self._path is not None:
            await self._clock.sleep(_LOOK)
            loop = asyncio.get_running_loop()
            try:
                changed = await loop.run_in_executor(self._pool, self._look, self._path)
            except ConfigError as error:
                self._refuse(str(error))
            else:
                if changed is not None:
                    self._config, self._told = changed, ""
                    self._log.info("web configuration read again", users=len(changed.users))

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, path: Path) -> WebConfig | None:
        """Return a new version; raises ConfigError for one with faults."""
        now = self._stamps()
        is_settled, self._seen = now == self._seen, now
        # While files still change they are being written.
        if not is_settled or now == self._config.stamps:
            return None
        changed = load_web(path)
        _check_that_nothing_is_opened(path, self._config, changed)
        return changed

    def _stamps(self) -> Mapping[Path, Stamp]:
        return {path: stamp(path) for path in self._config.stamps}

    def _refuse(self, faults: str) -> None:
        if faults != self._told:
            self._told = faults
            fields = {"faults": "; ".join(faults.splitlines())}
            self._log.error("web configuration not taken, the one before stays", **fields)


def _check_that_nothing_is_opened(path: Path, old: WebConfig, new: WebConfig) -> None:
    """Refuse a file without what it had: it may be half written, and a slip must not unlock."""
    faults = []
    if (old.tls is None) != (new.tls is None):
        faults.append("tls_server_config: expected as at the start, a restart turns TLS on or off")
    if old.users and not new.users:
        faults.append("basic_auth_users: expected a user, only a restart lets everybody in")
    if faults:
        raise ConfigError([f"{path}: {fault}" for fault in faults])
