"""What the clouds send that becomes no metric on purpose, each with its reason."""

from typing import NamedTuple

_PERSON = "About people: never a label, a log line or a file."
_TEXT = "A text without a fixed set of values; a metric is a number."
_FACTORY = "Says when and where it was made; the serial number tells the device already."


class LeftOut(NamedTuple):
    """A field of a vendor that is not served."""

    vendor: str
    field: str
    reason: str


LEFT_OUT: tuple[LeftOut, ...] = (
    LeftOut("homely", "userId, userName, role, userRoleAtLocation", _PERSON),
    LeftOut("homely", "report.added", "Carries the notes of PIN codes. " + _PERSON),
    LeftOut("homely", "report.event", "The last lock event as text; lock and unlock are counted."),
    LeftOut("homely", "report.errorcode", _TEXT + " report.Broken says that the lock is jammed."),
    LeftOut("homely", "report.lockmodel", _TEXT + " modelName tells the model."),
    LeftOut("homely", "lock.language", _TEXT),
    LeftOut("homely", "modelId", "One model has several; modelName is what people know."),
    LeftOut("homely", "gatewayId, partnerCode, eventId", "Ids inside the vendor's cloud."),
    LeftOut("homely", "thermostat.mf402, mf403, mf407, mf416", "Null or opaque bytes so far."),
    LeftOut("homely", "token metadata", "token_type, scope, session_state: about the login."),
    LeftOut("wally", "accountId, address, fullAddress", _PERSON),
    LeftOut("wally", "paired", "When the sensor was set up; home_device_info tells it is there."),
    LeftOut("wally", "buzzerEnabled", "A setting of the hub that changes no reading."),
    LeftOut("wally", "nestAdjustments, nestEnabled", "About another vendor's thermostat."),
    LeftOut("wally", "rapidResponseSupport", "A service for the postal area, not a reading."),
    LeftOut("wally", "gatewayId", "An id inside the vendor's cloud."),
    LeftOut("wally", "contactThresholds", "A switch for alerts that the vendor sends itself."),
    LeftOut("wally", "hardware.MAN_WEEK, MAN_YEAR, MAN_ID", _FACTORY),
    LeftOut("wally", "viewParams", "The names that location.* has already."),
)
