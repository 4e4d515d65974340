"""Every query of every dashboard, asked of a real Prometheus that scrapes the real exporter."""

import re

from tests.dashboards.conftest import Prometheus
from tests.dashboards.read import NAMES, asked, page

#: What may have nothing to say, and why.
MAY_BE_EMPTY = {
    "energy: Exported per day: A": "the simulated homes sell nothing, and a total that has always"
    " been 0 is not served",
}


async def test_every_query_has_an_answer(prometheus: Prometheus) -> None:
    answers = {query.name: await prometheus.ask(query) for name in NAMES for query in asked(name)}
    empty = {name for name, found in answers.items() if not found}
    assert empty == set(MAY_BE_EMPTY)
    await _homes_of_one_name_can_be_told_apart(prometheus)


async def _homes_of_one_name_can_be_told_apart(prometheus: Prometheus) -> None:
    variable = next(one for one in page("homes")["templating"]["list"] if one["name"] == "location")
    query = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")
    pattern = re.compile(variable["regex"].strip("/").replace("(?<", "(?P<"))
    options = {}
    for series in await prometheus.value(query.replace("$vendor", ".*")):
        # As Grafana writes a result before it looks for the parts.
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(series["metric"].items()))
        match = pattern.search(f"{{{labels}}} 1 0")
        assert match is not None
        options[match["value"]] = match["text"]
    assert len(options) == 5
    assert len(set(options.values())) == 5
    assert sorted(text.rsplit(" ", 1)[0] for text in options.values())[2:4] == ["Hytta", "Hytta"]
