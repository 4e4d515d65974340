"""Events about devices that no poll has shown yet, kept within a bound until one does."""

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

_MOST, _LONGEST = 100, 16 * 1024


class Early:
    """What was pushed before its device was known; it cannot be read without knowing the model.

    Kept as text: an event of any size must not hold memory.
    """

    __slots__ = ("_devices", "_kept")

    def __init__(self) -> None:
        self._kept: deque[tuple[float, str]] = deque(maxlen=_MOST)
        self._devices: set[str] = set()

    def keep(self, device_id: str, payload: Any, arrived: float) -> bool:
        """Keep an event that arrived then (monotonic), the oldest makes room.

        Return whether it is worth a poll: one that no poll shows must not cause them for ever.
        """
        text = json.dumps(payload)
        if len(text) <= _LONGEST:
            self._kept.append((arrived, text))
        is_news = device_id not in self._devices and len(self._devices) < _MOST
        if is_news:
            self._devices.add(device_id)
        return is_news

    def take(self, began: float) -> Iterator[tuple[float, Any]]:
        """Yield what is kept, after a poll that was sent at `began`, in the order of arrival.

        What came after that waits for the next poll as well.
        """
        for arrived, text in list(self._kept):
            yield arrived, json.loads(text)
        while self._kept and self._kept[0][0] <= began:
            self._kept.popleft()
