"""A store on the network: requests of many clients in batches, replies, certifications, paths."""

from zeta.server.limits import Limits
from zeta.server.server import Backend, Server

__all__ = ["Backend", "Limits", "Server"]
