"""What went wrong with a cloud, in words, and what to do next."""

from datetime import datetime

from exporter.commands.codes import Code
from exporter.commands.survey import AccountLook, Fate, Trouble
from exporter.errors import Outcome

_CREDENTIALS = {
    "homely": "check username and password in exporter.yml: they are those of the Homely app, and"
    " Homely's customer service must have opened API access for them",
    "wally": "copy the token anew from Settings in the WallyHome web app",
}
_WRONG_PLACE = "what answers is not the API of the cloud: is base_url right?"
_NO_ANSWER = "is the internet reachable from here? A proxy is taken from HTTPS_PROXY"
_NEXT = {
    Outcome.DNS: "the host of the cloud is not known: is the internet reachable from here, and is"
    " base_url right?",
    Outcome.TLS: "its certificate is not accepted: the CA of a proxy in between goes into"
    " REQUESTS_CA_BUNDLE; is the clock of this machine right?",
    Outcome.CONNECTION: _NO_ANSWER,
    Outcome.TIMEOUT: _NO_ANSWER,
    Outcome.SERVER_ERROR: "the cloud itself is in trouble: try again later",
    Outcome.FORBIDDEN: "the account may not read it: is its user owner or admin of the home?",
    Outcome.RATE_LIMITED: "the cloud asks for fewer calls",
    Outcome.CLIENT_ERROR: "the cloud asks for fewer calls, or no longer knows this one",
}


def told(trouble: Trouble, vendor: str) -> str:
    """Return a sentence about what went wrong, and what to do."""
    if trouble.fate is Fate.REFUSED:
        return f"refused ({trouble.detail}): {_CREDENTIALS.get(vendor, 'check its credentials')}"
    if trouble.fate is Fate.EMPTY:
        return "the account has no locations, or the filter in exporter.yml admits none of them"
    if trouble.fate is Fate.PARTIAL:
        return "some of its locations could not be read"
    if trouble.fate is Fate.ON_HOLD:
        return (
            "no call is made: the cloud asked for silence, or the account's budget of calls is"
            f" used up{_until(trouble)}"
        )
    advice = _NEXT.get(trouble.outcome or Outcome.INTERNAL, _WRONG_PLACE)
    return f"failed ({trouble.detail}): {advice}{_until(trouble)}"


def _until(trouble: Trouble) -> str:
    if trouble.until is None:
        return ""
    moment = datetime.fromtimestamp(trouble.until).astimezone()
    return f"; run this again after {moment:%Y-%m-%d %H:%M:%S %Z}"


def code(looks: list[AccountLook]) -> Code:
    """Return the exit code that tells how the accounts fared."""
    fates = {look.trouble.fate for look in looks}
    if fates <= {Fate.OK}:
        return Code.OK
    if fates & {Fate.OK, Fate.PARTIAL, Fate.EMPTY}:
        return Code.PARTIAL
    return Code.REFUSED if Fate.REFUSED in fates else Code.UNREACHABLE
