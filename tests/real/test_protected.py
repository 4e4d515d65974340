"""A real Prometheus scrapes over TLS with a password, as the README shows it."""

from pathlib import Path

import bcrypt
import trustme
import yaml

from exporter.clock import SystemClock
from exporter.simulator import Simulator, small_world
from tests.cli.command import config_for, free_port, start
from tests.real.conftest import job, scraping
from tests.support.tls import certify

USER, PASSWORD = "prometheus", "a password of the tests"


def protect(folder: Path) -> None:
    """Write a web configuration, with a certificate of an authority that is in ca.pem."""
    authority = trustme.CA()
    certify(authority, folder)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()
    document = {
        "tls_server_config": {"cert_file": "cert.pem", "key_file": "key.pem"},
        "basic_auth_users": {USER: hashed},
    }
    (folder / "web.yml").write_text(yaml.safe_dump(document))


async def test_prometheus_scrapes_over_tls_with_a_password(tmp_path: Path) -> None:
    protect(tmp_path)
    (tmp_path / "password").write_text(PASSWORD)
    simulator = Simulator(clock=SystemClock(), world=small_world())
    await simulator.start()
    port = free_port()
    exporter = await start(
        *(f"--config.file={config_for(simulator, tmp_path)}", "--web.config.file=web.yml"),
        f"--web.listen-address=127.0.0.1:{port}",
        folder=tmp_path,
    )
    tls = {"scheme": "https", "tls_config": {"ca_file": str(tmp_path / "ca.pem")}}
    right = {"username": USER, "password_file": str(tmp_path / "password")}
    wrong = {"username": USER, "password": "another"}
    target = f"127.0.0.1:{port}"
    jobs = [
        job("home", target, basic_auth=right, **tls),
        job("wrong", target, basic_auth=wrong, **tls),
        job("nobody", target, **tls),
        job("plain", target, basic_auth=right),
    ]
    try:
        async with scraping(jobs, tmp_path) as prometheus:
            assert await prometheus.until('home_up{job="home"} == 1')
            assert await prometheus.until("count(up == 0) == 3")
            assert await prometheus.query('home_up{job!="home"}') == []
    finally:
        await exporter.kill()
        await simulator.stop()
