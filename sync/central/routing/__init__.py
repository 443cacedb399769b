"""From where a person may be to the unit that must go there.

clue, resolving           what is known, and which districts it may mean
gazetteer, folding        names of places, by sound
mentions, codes, geometry what a text, a number and a point say
units                     from a report to the unit that must act
"""

from sync.central.routing.geometry import distance_km
from sync.central.routing.units import CITIES, Reason, Route, Router, load

__all__ = ["CITIES", "Reason", "Route", "Router", "distance_km", "load"]
