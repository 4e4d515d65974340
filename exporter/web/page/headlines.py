"""What is wrong anywhere, as a list that stays readable: the worst first, of a kind only a few."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from exporter.web.page.links import address, anchor
from exporter.web.page.moments import Now, When
from exporter.web.page.survey import Fare, Row, Survey
from exporter.web.page.troubles import URGENCY, Severity, Trouble

_URGENT_LIMIT, _LIMIT = 20, 5
_TEXT_LIMIT = 20

#: A trouble, and at whom: a location or an account.
Found = tuple[Trouble, Row | Fare]


class TroubleCard(NamedTuple):
    """Something that is wrong, and where; `href` is relative to the root."""

    id: str
    severity: str
    icon: str
    title: str
    reason: str
    happened: str
    when: When | None
    href: str
    place: str
    device: str
    room: str


class Headlines(NamedTuple):
    """The list itself, how many of which kind it leaves out, and how much is wrong altogether."""

    shown: list[TroubleCard]
    more: list[tuple[int, str]]
    total: int
    severity: str


def headlines(survey: Survey) -> Headlines:
    """Return what is wrong anywhere."""
    found: list[Found] = [(one, row) for row in survey.rows for one in row.troubles]
    found += [(fare.trouble, fare) for fare in survey.fares if fare.trouble is not None]
    return _headlines(found, survey.now)


def headlines_of(row: Row, now: Now) -> Headlines:
    """Return what is wrong at one location, and with the account that reads it."""
    found: list[Found] = [(one, row) for one in row.troubles]
    if row.fare is not None and row.fare.trouble is not None:
        found.append((row.fare.trouble, row.fare))
    return _headlines(found, now)


def _headlines(found: Iterable[Found], now: Now) -> Headlines:
    # Within a kind the newest is first: it must not be among those that there is no room for.
    ordered = sorted(
        found, key=lambda one: (one[0].severity, URGENCY[one[0].kind], -(one[0].at or 0.0))
    )
    shown, counts = [], Counter[tuple[Severity, str]]()
    for trouble, where in ordered:
        group = (trouble.severity, trouble.kind.title)
        counts[group] += 1
        if counts[group] <= _limit(trouble.severity):
            shown.append(trouble_card(trouble, where, now))
    more = [
        (count - _limit(severity), title)
        for (severity, title), count in counts.items()
        if count > _limit(severity)
    ]
    worst = ordered[0][0].severity if ordered else Severity.NONE
    return Headlines(shown, more, len(ordered), worst.word)


def _limit(severity: Severity) -> int:
    return _URGENT_LIMIT if severity is Severity.CRITICAL else _LIMIT


def trouble_card(trouble: Trouble, where: Row | Fare, now: Now) -> TroubleCard:
    """Return one trouble as it is shown."""
    device = trouble.device
    if isinstance(where, Fare):
        key = (where.account.vendor, where.account.name)
        place, href = where.account.name, "#accounts"
    else:
        key = where.location.key
        place, href = where.location.name or key[1], address(key)
        if device:
            href += f"#{anchor('device', *key, device.id)}"
    parts = (*key, *((device.id,) if device else ()), trouble.reason[:_TEXT_LIMIT])
    return TroubleCard(
        id=anchor("trouble", trouble.kind.name, *parts),
        severity=trouble.severity.word,
        icon=trouble.kind.icon,
        title=trouble.kind.title,
        reason=_reason(trouble, where, now),
        happened=trouble.kind.happened,
        when=None if trouble.at is None else now.since(trouble.at),
        href=href,
        place=place,
        device=device.title if device else "",
        room=device.room if device else "",
    )


def _reason(trouble: Trouble, where: Row | Fare, now: Now) -> str:
    until = where.status.until if isinstance(where, Fare) else None
    wait = "" if until is None else f" Next try {now.coming(until).words}."
    return trouble.reason + wait
