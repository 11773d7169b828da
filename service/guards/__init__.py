"""What can be told of a translation without knowing a better one: loops, copies, lost facts."""

from __future__ import annotations

from service.guards.checks import Check, check, unchecked
from service.guards.finding import Finding
from service.guards.watch import Watch

__all__ = ["Check", "Finding", "Watch", "check", "unchecked"]
