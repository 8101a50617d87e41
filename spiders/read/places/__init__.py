"""Where a site's pages show their price, learned from pages whose layers agree, and read on later ones."""

from spiders.read.places.learn import Learned, Sample, learn
from spiders.read.places.place import Place, readings

__all__ = ["Learned", "Place", "Sample", "learn", "readings"]
