"""Homely's REST interface: tokens, locations and homes."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from exporter.simulator.gate import Shared, Visit, bearer
from exporter.simulator.homes import Login
from exporter.simulator.tokens import TokenOffice

_ENDPOINTS = {
    ("POST", "/homely/oauth/token"): "token",
    ("POST", "/homely/oauth/refresh-token"): "refresh",
    ("GET", "/homely/locations"): "locations",
}
_HOME = "/homely/home/"
_SOCKET = "/socket.io/"


def error(status: int, message: str | list[str]) -> web.Response:
    """Return an error in the documented shape."""
    return web.json_response({"statusCode": status, "message": message}, status=status)


def not_found(request: web.Request) -> web.Response:
    """Answer a route that does not exist."""
    return error(404, f"Cannot {request.method} {request.path}")


@dataclass(slots=True)
class HomelyRest:
    """The REST routes of the Homely cloud."""

    shared: Shared
    tokens: TokenOffice

    def add_routes(self, app: web.Application) -> None:
        """Register the documented routes."""
        app.router.add_post("/homely/oauth/token", self._token)
        app.router.add_post("/homely/oauth/refresh-token", self._refresh)
        app.router.add_get("/homely/locations", self._locations)
        app.router.add_get("/homely/home/{location}", self._home)

    async def read(self, request: web.Request) -> Visit | None:
        """Say what a request is about, None for an unknown route or a socket's later traffic."""
        path, endpoint = request.path, _ENDPOINTS.get((request.method, request.path))
        if endpoint in ("token", "refresh"):
            return Visit(endpoint, await self._poster(request), "")
        if endpoint is not None:
            return Visit(endpoint, self._caller(request), "")
        if request.method == "GET" and path.startswith(_HOME):
            return Visit("home", self._caller(request), path.removeprefix(_HOME))
        if path == _SOCKET and "sid" not in request.query:
            token = bearer(request.query.get("token", ""))
            return Visit("connect", self.tokens.owner(token), request.query.get("locationId", ""))
        return None

    async def _poster(self, request: web.Request) -> str:
        body = await _json_body(request)
        username = body.get("username") or self.tokens.owner(str(body.get("refresh_token")))
        return username if isinstance(username, str) else ""

    def _caller(self, request: web.Request) -> str:
        return self.tokens.owner(bearer(request.headers.get("Authorization", "")))

    def _user(self, request: web.Request) -> Login | None:
        return self.tokens.check(bearer(request.headers.get("Authorization", "")))

    async def _token(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        if missing := _missing(body, "username", "password"):
            return error(400, missing)
        for login in self.shared.world.logins:
            if (login.username, login.password) == (body["username"], body["password"]):
                return web.json_response(self.tokens.issue(login), status=201)
        return error(401, "Unauthorized")

    async def _refresh(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        if missing := _missing(body, "refresh_token"):
            return error(400, missing)
        answer = self.tokens.renew(body["refresh_token"])
        if answer is None:
            return error(400, "Refresh token expired")
        return web.json_response(answer, status=201)

    async def _locations(self, request: web.Request) -> web.Response:
        user = self._user(request)
        if user is None:
            return error(401, "Unauthorized")
        return web.json_response([home.summary(user.user_id) for home in user.homes])

    async def _home(self, request: web.Request) -> web.Response:
        user, location = self._user(request), request.match_info["location"]
        if user is None:
            return error(401, "Unauthorized")
        home = user.home(location)
        if home is None:
            return error(403, f"User {user.user_id} has no access to location {location}")
        return web.json_response(home.payload())


async def _json_body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _missing(body: dict[str, Any], *names: str) -> list[str]:
    return [f"{name} must be a string" for name in names if not isinstance(body.get(name), str)]
