"""Callbacks about sensors that no poll has shown yet, kept within a bound."""

from exporter.model import Activity

SENSOR_LIMIT = 100
_PER_SENSOR = 100
_LIFE = 7 * 86400.0


#: (vendor, account)
_Account = tuple[str, str]
_Identity = tuple[str, str]
#: When it was last told of, and what was the furthest that was said.
_Told = tuple[float, Activity]


class Pending:
    """Activities that wait for their sensor to appear; times are monotonic seconds."""

    def __init__(self) -> None:
        self._waiting: dict[_Account, dict[str, dict[_Identity, _Told]]] = {}

    def keep(self, account: _Account, device_id: str, activity: Activity, now: float) -> bool:
        """Keep an activity; return False where there is no room for it."""
        sensors = self._waiting.setdefault(account, {})
        for known, kept in list(sensors.items()):
            if now - max(arrived for arrived, _ in kept.values()) > _LIFE:
                del sensors[known]
        if device_id not in sensors and len(sensors) >= SENSOR_LIMIT:
            return False
        kept = sensors.setdefault(device_id, {})
        identity = (activity.kind, activity.created)
        if identity not in kept and len(kept) >= _PER_SENSOR:
            return False
        if identity not in kept or activity.state.is_beyond(kept[identity][1].state):
            kept[identity] = (now, activity)
        return True

    def take(self, account: _Account, device_id: str) -> list[_Told]:
        """Return and forget what waits for a sensor, each activity as far as it has come."""
        return list(self._waiting.get(account, {}).pop(device_id, {}).values())
