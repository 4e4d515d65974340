"""Exporter: how fresh everything is, what the clouds allow, and what a scrape costs."""

from typing import Any

from grafana_foundation_sdk.models import dashboard as model

from dashboards.generator import looks
from dashboards.generator.cost import cost
from dashboards.generator.frame import Section, page
from dashboards.generator.looks import GREEN, ORANGE, RED, Said, steps, words
from dashboards.generator.parts import (
    SIXTH,
    THIRD,
    WHOLE,
    About,
    Query,
    bars,
    count,
    lines,
    number,
    ranking,
    timeline,
)
from dashboards.generator.queries import homes, named, place, vendor
from dashboards.generator.tables import Column, rows

_ACCOUNT = "max by (vendor, account)"
_NAME = "{{account}}"


def _now() -> list[Any]:
    up = place("home_up")
    accounts, stream = vendor("home_exporter_account_up"), place("home_exporter_stream_connected")
    small: dict[str, Any] = {"unit": "short", "width": SIXTH, "height": 4}
    reload = About(
        title="Configuration",
        text="Whether the last (re)load succeeded.",
        **{**small, "unit": "none"},
        mappings=looks.WORKS,
    )
    owned = About(title="Homes", text="Locations that the exporters poll.", **small)
    series = About(title="Series", text="Series of the homes that are held now.", **small)
    return [
        number(owned, Query("sum(home_exporter_locations_owned)", "Homes")),
        count(
            "Not heard of", "Homes without a fresh poll.", homes(f"{up} == 0"), homes(up), ORANGE
        ),
        count(
            "Accounts that fail",
            "Refused, limited or not reached.",
            f"{accounts} == 0",
            accounts,
            ORANGE,
        ),
        count(
            "Streams down",
            "Homes whose socket is not connected.",
            homes(f"{stream} == 0"),
            homes(stream),
            ORANGE,
        ),
        number(series, Query("sum(home_exporter_series)", "Series")),
        number(reload, Query("min(home_exporter_config_last_reload_successful)", "Configuration")),
    ]


def _freshness() -> list[Any]:
    updated = "home_location_updated_timestamp_seconds"
    polled, pushed = place(updated, 'source="poll"'), place(updated, 'source="push"')
    columns = [
        Column(expr=homes(place("home_up")), title="Cloud", mappings=looks.UP),
        Column(
            expr=f"time() - {homes(polled)}",
            title="Polled",
            unit="s",
            thresholds=steps(GREEN, (1800, ORANGE), (10_800, RED)),
        ),
        Column(expr=f"time() - {homes(pushed)}", title="Event", unit="s"),
        Column(
            expr=f"{homes(place('home_exporter_next_poll_timestamp_seconds'))} - time()",
            title="Next poll in",
            unit="s",
        ),
        Column(
            expr=homes(place("home_exporter_stream_connected")),
            title="Stream",
            mappings=looks.CONNECTED,
        ),
        Column(expr=homes(place("home_location_devices")), title="Devices"),
    ]
    table = About(
        title="Freshness of every home",
        text="How long ago each home was polled and sent an event, and when it is polled next."
        " Blank: its cloud has no such thing.",
        unit="none",
        width=WHOLE,
        height=9,
    )
    ages = About(
        title="Age of the last poll",
        text="It falls to 0 with each poll; a line that only rises is a home that is lost.",
        unit="s",
        low=0,
    )
    up = About(
        title="Homes heard of",
        text="1 while the last successful poll is younger than stale_after.",
        unit="none",
        mappings=looks.UP,
    )
    age = named(f"time() - {homes(polled)}")
    return [
        rows(table, {"location": "Home"}, *columns, sort=("Polled", True), link="devices"),
        lines(ages, Query(age, "{{home}}")),
        timeline(up, Query(named(homes(place("home_up"))), "{{home}}")),
    ]


def _quantile(share: float, metric: str, by: str = "le") -> str:
    return f"histogram_quantile({share}, sum by ({by}) (rate({metric}[$__rate_interval])))"


def _pushed() -> list[Any]:
    lag = About(
        title="Event lag",
        text="Arrival of events minus the cloud's own time in them: the median, and what 99 % stay"
        " under.",
        unit="s",
    )
    events = About(title="Events", text="Of the sockets, by what became of them.", unit="short")
    callbacks = About(
        title="Callbacks",
        text="Activities that came by callback, and callbacks refused.",
        unit="short",
    )
    drops = About(
        title="Streams lost", text="By reason. Each is tried again by itself.", unit="short"
    )
    bucket = "home_exporter_event_lag_seconds_bucket"
    total = "increase({}[$__rate_interval])"
    streamed = f"sum by (outcome) ({total.format('home_exporter_stream_events_total')})"
    called = f"sum by (outcome) ({total.format('home_exporter_callbacks_total')})"
    lost = f"sum by (reason) ({total.format('home_exporter_stream_disconnects_total')})"
    made = f"sum({total.format('home_exporter_stream_connects_total')})"
    return [
        lines(lag, Query(_quantile(0.5, bucket), "median"), Query(_quantile(0.99, bucket), "99 %")),
        bars(events, Query(streamed, "{{outcome}}")),
        bars(callbacks, Query(called, "{{outcome}}")),
        bars(drops, Query(lost, "lost: {{reason}}"), Query(made, "connected")),
    ]


def _care() -> list[Any]:
    budget = About(
        title="Budget",
        text="Calls that each account may make at once; it fills by itself. At 0 the exporter waits"
        " by itself rather than be refused.",
        unit="short",
        width=THIRD,
        decimals=0,
        low=0,
        thresholds=steps(RED, (1, ORANGE), (3, GREEN)),
    )
    penalty = About(
        title="Penalty left",
        text="For how long each account still keeps silent because its cloud asked for it.",
        unit="s",
        width=THIRD,
        mappings=words(Said(0, "None", GREEN)),
        thresholds=steps(GREEN, (1, ORANGE), (3600, RED)),
    )
    success = About(
        title="Last success",
        text="How long ago a call of each account last succeeded.",
        unit="s",
        width=THIRD,
        thresholds=steps(GREEN, (1800, ORANGE), (10_800, RED)),
    )
    calls = About(title="Calls", text="To each cloud, by what came of them.", unit="short")
    slow = About(
        title="Time of a call",
        text="What 95 % of the calls stay under, from the wait for a thread to the answer"
        " understood.",
        unit="s",
    )
    limited = vendor("home_exporter_rate_limited_until_timestamp_seconds")
    last = vendor("home_exporter_account_last_success_timestamp_seconds")
    requests = vendor("home_exporter_requests_total")
    made = f"sum by (vendor, outcome) (increase({requests}[$__rate_interval]))"
    duration = vendor("home_exporter_request_duration_seconds_bucket")
    spent = _quantile(0.95, duration, "le, vendor, endpoint")
    tokens = f"{_ACCOUNT} ({vendor('home_exporter_budget_tokens')})"
    waits = f"clamp_min({_ACCOUNT} ({limited}) - time(), 0)"
    return [
        ranking(budget, Query(tokens, _NAME)),
        number(penalty, Query(waits, _NAME), lasting=True),
        number(success, Query(f"time() - {_ACCOUNT} ({last})", _NAME), lasting=True),
        bars(calls, Query(made, "{{vendor}}: {{outcome}}")),
        lines(slow, Query(spent, "{{vendor}}: {{endpoint}}")),
    ]


def _errors() -> list[Any]:
    about = About(
        title="Errors in the chosen time",
        text="Each should be 0. Unmapped states are those that the catalogue does not know.",
        unit="short",
        width=WHOLE,
        height=6,
        decimals=0,
        thresholds=steps(GREEN, (1, ORANGE)),
    )
    rejected = vendor("home_exporter_rejected_values_total")
    refused = vendor("home_exporter_auth_failures_total")
    values = About(
        title="Values not believed",
        text="Of the wrong type, outside what is possible, or with a time that cannot be.",
        unit="short",
    )
    queries = [
        Query(f"sum(increase({refused}[$__range]))", "Logins refused"),
        Query(f"sum(increase({rejected}[$__range]))", "Values not believed"),
        Query(f"sum({vendor('home_exporter_unmapped_states')})", "Unmapped states"),
        Query("sum(increase(home_exporter_series_dropped_total[$__range]))", "Series left out"),
        Query("sum(increase(home_exporter_state_file_errors_total[$__range]))", "State files"),
    ]
    by = f"sum by (vendor, reason) (increase({rejected}[$__rate_interval]))"
    login = About(
        title="Accounts", text="When each account worked.", unit="none", mappings=looks.WORKS
    )
    accounts = f"{_ACCOUNT} ({vendor('home_exporter_account_up')})"
    return [
        number(about, *queries, lasting=True),
        bars(values, Query(by, "{{vendor}}: {{reason}}")),
        timeline(login, Query(accounts, _NAME)),
    ]


def dashboard() -> model.Dashboard:
    """Return the dashboard."""
    sections = [
        Section("Now", _now()),
        Section("Freshness", _freshness()),
        Section("Events and callbacks", _pushed()),
        Section("Calls, budget and penalties", _care()),
        Section("Errors", _errors()),
        Section("Cost", cost()),
    ]
    text = "Freshness of every home, event lag, budgets, streams, callbacks, errors, scrape cost."
    return page("exporter", "Exporter", text, sections, period="now-6h")
