"""What is billed: the kWh of each tariff, and the highest hours of the month."""

from dashboards.generator.queries import any_of, each, homes, place

#: The grid company bills the steps of its tariff by the mean of the three highest hours of the
#: month, each of another day.
_PEAKS = 3
_LONGEST_MONTH = 31


def hour_of_power(matchers: str = "") -> str:
    """Return the mean power of the hour before, in kW: on the hour it is what is billed."""
    return f"avg_over_time({place('home_power_watts', matchers)}[1h] offset ${{tz}}h) / 1000"


def day_peak() -> str:
    """Return the highest hour of the day that begins at the moment asked for.

    Asked at midnight UTC: the hours are taken as many hours earlier as local time is ahead. The
    range is a second short of a day, as Prometheus before 3.0 counts both its ends.
    """
    return f"max_over_time(({hour_of_power()})[23h59m59s:1h] offset -1d)"


def peaks() -> str:
    """Return the highest hours of the month, each of another day, with how many days ago it was.

    The days are spelled out one by one: PromQL has no "highest three over time".
    """
    found = []
    for ago in range(_LONGEST_MONTH):
        back = f" offset {ago}d" if ago else ""
        # A subquery of one step of a day has the last midnight in it, and no other.
        day = homes(f"last_over_time(({day_peak()})[1d:1d]{back})")
        within = f"vector(time() % 86400 + {ago} * 86400) <= $__range_s"
        found.append(f'label_replace({day} and on () {within}, "ago", "{ago}", "", "")')
    return f"topk by (vendor, location_id) ({_PEAKS},\n{any_of(found)})"


def is_day() -> str:
    """Return something only in the hours that end at 7 to 22 local time on Monday to Friday."""
    local = "vector(time() + 3600 * $tz - 1)"
    return f"(hour({local}) >= 6 < 22 and day_of_week({local}) >= 1 < 6)"


def used(joined: str) -> str:
    """Return the kWh of the range in the hours that a tariff holds (`and`) or not (`unless`)."""
    hourly = f"avg_over_time({place('home_power_watts')}[1h]) / 1000"
    held = f"sum_over_time(({hourly} {joined} on () {is_day()})[$__range:1h])"
    # A weekend has no hour by day: that is 0 kWh, where the meter is known at all.
    none = f"0 * last_over_time({place('home_power_watts')}[$__range])"
    return homes(each(f"({held}) or {none}"), "sum")
