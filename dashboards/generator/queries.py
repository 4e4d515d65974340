"""Pieces of PromQL that several dashboards are made of.

Everything is grouped and joined by (vendor, location_id) or (vendor, device_id): names repeat.
"""

HOME = "vendor, location_id, location"
DEVICE = f"{HOME}, room, device, device_id"

#: The states of an alarm that goes off.
LOUD = 'home_alarm_state=~"BREACHED|TRIGGERED"'

_PLACE = 'vendor=~"$vendor",location_id=~"$location"'


def place(metric: str, matchers: str = "") -> str:
    """Select series of the chosen locations."""
    return f"{metric}{{{_PLACE}{',' if matchers else ''}{matchers}}}"


def room(metric: str, matchers: str = "") -> str:
    """Select series of the chosen rooms in the chosen locations."""
    return place(metric, 'room=~"$room"' + (f",{matchers}" if matchers else ""))


def vendor(metric: str, matchers: str = "") -> str:
    """Select series of the exporter about the chosen clouds."""
    return f'{metric}{{vendor=~"$vendor"{"," if matchers else ""}{matchers}}}'


def held(name: str) -> str:
    """Select devices of which a rule of ours holds a 1, by their last names: data may be gone."""
    by = "on (vendor, location_id, device_id)"
    return f"({place('home:device:where')} and {by} ({place(f'home:{name}:held')} == 1))"


def held_home(name: str) -> str:
    """Select homes of which a rule of ours holds a 1."""
    by = "on (vendor, location_id)"
    return f"({place('home:location:where')} and {by} ({place(f'home:{name}:held')} == 1))"


def each(expression: str, *more: str) -> str:
    """Keep one series for each device, also where two Prometheis' targets serve it."""
    return f"max by ({', '.join((DEVICE, *more))}) ({expression})"


def homes(expression: str, how: str = "max") -> str:
    """Bring the series together to one for each home."""
    return f"{how} by ({HOME}) ({expression})"


def named(expression: str) -> str:
    """Add the label `home`: the name with the end of the id, as two homes may share a name."""
    short = f'label_replace({expression}, "short", "($1)", "location_id", ".*(.{{4}})")'
    return f'label_join({short}, "home", " ", "location", "short")'


def counted(wanted: str, base: str) -> str:
    """Count what is wanted; 0 only while the base is known, so that silence is not all clear."""
    return f"count({wanted}) or 0 * count({base})"


def says(expression: str, urgency: str, what: str) -> str:
    """Turn series into rows of a list by what they tell."""
    told = f'label_replace({expression}, "what", "{what}", "", "")'
    return f'label_replace({told}, "urgency", "{urgency}", "", "")'


def any_of(expressions: list[str]) -> str:
    """Join with `or`, each on a line of its own."""
    return "\nor\n".join(expressions)


def about_device(expression: str, info: str, *labels: str) -> str:
    """Add labels of an info metric to the series of devices."""
    described = f"max by (vendor, device_id, {', '.join(labels)}) ({room(info)})"
    return f"{expression}\n* on (vendor, device_id) group_left ({', '.join(labels)}) {described}"
