"""Accounts at work: when to list and poll, and where what comes back goes."""

from exporter.accounts.account import Account
from exporter.accounts.claims import Claims
from exporter.accounts.roster import Changes, Roster
from exporter.accounts.tools import Tools

__all__ = ["Account", "Changes", "Claims", "Roster", "Tools"]
