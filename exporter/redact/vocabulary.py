"""What may stand in a dump as the cloud said it: the vendors' own words, times and readings.

Whatever is not named here is replaced. A path is the keys from the top of an answer, without the
places in lists; `*` stands for any one key.
"""

import re
from typing import TypeAlias

from exporter.sources.homely.states import ALARM_STATES, CONFIGURATION, RULES
from exporter.sources.wally.mapping import ACTIVITY_KINDS

Path: TypeAlias = tuple[str, ...]


def _paths(*texts: str) -> frozenset[Path]:
    return frozenset(tuple(text.split("/")) for text in texts)


#: Texts that a vendor chose, kept where they have the form of a word of theirs.
WORDS = _paths(
    *("alarmState", "role", "userRoleAtLocation", "devices/modelName", "token_type"),
    *("hardwareType", "location/functionalType", "activities/type", "activities/state"),
    "thresholds/*/name",
)
#: Of these words it is known whose they are, whatever a person may call a room.
KNOWN_WORDS = frozenset(
    (
        *ALARM_STATES,
        *ACTIVITY_KINDS,
        *("OWNER", "ADMIN", "bearer", "Bearer", "open", "acknowledged", "resolved"),
        *("FourInOneSensor", "WaterSensor", "LEAK", "CONTACT", "TEMP", "RH"),
        *("Alarm Motion Sensor 2", "Motion Sensor Mini", "Motion Sensor 2 Alarm"),
        *("Alarm Entry Sensor 2", "Window Sensor", "Window Alarm Sensor"),
        *("Smoke Alarm", "Intelligent Smoke Alarm", "Intelligent Heat Alarm", "Heat Alarm"),
        *("Flood Alarm", "EMI Norwegian HAN", "ELKO Super TR", "Yale Doorman V2N"),
    )
)
#: Errors as the clouds word them; any other text may quote who or what was asked for.
MESSAGES = frozenset(
    {
        "Unauthorized",
        "unauthorized",
        "Forbidden",
        "Not Found",
        "not found",
        "no such place",
        "Too Many Requests",
        "Internal Server Error",
        "Internal server error",
        "Bad Gateway",
        "Service Unavailable",
        "Gateway Timeout",
        "Refresh token expired",
        "Invalid JWT",
        "username must be a string",
        "password must be a string",
        "refresh_token must be a string",
    }
)
MESSAGE_PATHS = _paths("message", "error")
TIMES = _paths(
    "devices/features/*/states/*/lastUpdated",
    *("paired", "updated", "location/created", "location/updated", "activities/created"),
    "state/*/at",
)
NUMBERS = _paths(
    *("expires_in", "refresh_expires_in", "statusCode", "retryAfter"),
    *("signalStrength", "recentSignalStrength", "thresholds/*/min", "thresholds/*/max"),
    *(f"state/{trait}/value" for trait in ("TEMP", "RH", "LEAK", "COND", "SENSOR", "CONTACT")),
    *(f"hardware/{key}" for key in ("HW_REV", "HW_TYPE", "MAN_WEEK", "MAN_YEAR", "MAN_ID")),
    *(f"hardware/{key}" for key in ("TX_CNT", "BATT_LVL", "FW_REV")),
    *(
        "devices/features/{}/states/{}/value".format(*source.split("."))
        for source in (*RULES, *CONFIGURATION, "alarm.alarm")
    ),
)
#: A number that the catalogue does not know is what a report is about, so small and rough ones are
#: kept: a code or a telephone number has more digits, and where somebody lives more places.
UNKNOWN_NUMBERS = _paths("devices/features/*/states/*/value", "state/*/value", "hardware/*")
UNKNOWN_LIMIT = 1000
UNKNOWN_PLACES = 2

#: "Floor 1 - Entrance": the floor is the vendor's, the room may be anything.
ROOMS = _paths("devices/location")
FLOOR = re.compile(r"\s*Floor -?[0-9]{1,2}\s+-\s+")

_NAMED_KEYS = """
access_token expires_in refresh_expires_in refresh_token token_type not-before-policy session_state
scope statusCode message error retryAfter
name role userId locationId gatewayserial alarmState userRoleAtLocation devices id serialNumber
location online modelId modelName features states value lastUpdated
accountId label fullAddress line1 line2 city state zip address suspended buzzerEnabled sensorIds
nestAdjustments nestEnabled rapidResponseSupport
snid offline paired updated alarmed signalStrength recentSignalStrength hardwareType gatewayId
contactThresholds DISCONN CONN enabled activities type created viewParams floor room appliance
functionalType placeId sensorId thresholds min max TEMP RH LEAK COND SENSOR CONTACT at
hardware HW_REV HW_TYPE MAN_WEEK MAN_YEAR MAN_ID TX_CNT BATT_LVL FW_REV
"""
#: What people call a device is as a rule its model's name, which is none of theirs.
MODEL_NAMES = _paths("devices/name")
#: What people call their rooms and things: words that a model's name may have as well.
NOUNS = _paths(
    *("devices/location", "location/room", "location/appliance", "location/floor"),
    "activities/viewParams/*",
)
#: Keys that the vendors' documents or the field notes name; others are replaced as well.
KEYS = frozenset(_NAMED_KEYS.split()) | {
    name for source in (*RULES, *CONFIGURATION) for name in source.split(".")
}
#: Where a key names a state of a device: there an unknown one is what a report is about.
STATE_KEYS = _paths("devices/features/*", "devices/features/*/states/*", "state/*", "hardware/*")
STATE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
#: What the value under such a key looks like; something else is not a state.
STATE_FORMS = (
    frozenset({"states"}),
    frozenset({"value", "lastUpdated"}),
    frozenset({"value", "at"}),
)

#: A word of a vendor: no digits in a row as in an id or a number to call, no marks as in a mail.
WORD = re.compile(r"(?!.*[0-9]{4})[A-Za-z0-9][A-Za-z0-9 _.+/()-]{0,47}")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
#: Parts of a URL's path that are the API's own; what stands between them is an id.
SEGMENTS = frozenset(
    ("homely", "oauth", "token", "refresh-token", "locations", "home", "v2", "places", "sensors")
)


def matches(path: Path, paths: frozenset[Path]) -> bool:
    """Return whether a path is one of these."""
    return any(
        len(path) == len(one)
        and all(part in ("*", key) for part, key in zip(one, path, strict=True))
        for one in paths
    )
