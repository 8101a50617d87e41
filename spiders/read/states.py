"""What shops call availability and condition, in six languages, as the house's states."""

from __future__ import annotations

import re

from pricevane.model import Availability, Condition

# schema.org names, lower case and without the address.
SCHEMA = {
    "instock": Availability.IN_STOCK,
    "instoreonly": Availability.IN_STOCK,
    "onlineonly": Availability.IN_STOCK,
    "madetoorder": Availability.BACKORDER,
    "limitedavailability": Availability.LOW_STOCK,
    "backorder": Availability.BACKORDER,
    "availablefororder": Availability.BACKORDER,
    "preorder": Availability.PREORDER,
    "presale": Availability.PREORDER,
    "outofstock": Availability.OUT_OF_STOCK,
    "soldout": Availability.OUT_OF_STOCK,
    "oos": Availability.OUT_OF_STOCK,
    "reserved": Availability.OUT_OF_STOCK,
    "discontinued": Availability.DISCONTINUED,
}
# The first that fits: what denies comes before what affirms. English, German, French, Spanish, Italian, Dutch.
WORDS = {
    Availability.DISCONTINUED: (
        r"discontinued|no longer (?:available|sold)",
        r"nicht mehr (?:lieferbar|verfügbar|erhältlich)|ausgelaufen|auslaufartikel",
        r"plus (?:disponible|commercialisé)|arrêt définitif",
        r"descatalogado|ya no está disponible",
        r"fuori produzione|non più disponibile",
        r"niet meer (?:leverbaar|verkrijgbaar)|uit het assortiment",
    ),
    Availability.OUT_OF_STOCK: (
        r"out[ -]of[ -]stock|sold[ -]out|not (?:in stock|available)|unavailable|no stock|\b0 in stock|notify me when",
        r"ausverkauft|vergriffen|(?:nicht|nicht mehr) (?:auf lager|vorrätig|verfügbar|lieferbar)|derzeit nicht",
        r"rupture|épuisé|indisponible|non disponible|pas (?:en stock|disponible)",
        r"agotado|sin (?:stock|existencias)|no disponible",
        r"esaurito|non disponibil",
        r"uitverkocht|niet (?:op voorraad|leverbaar|beschikbaar)",
    ),
    Availability.PREORDER: (
        r"pre-?order|coming soon",
        r"vorbestell|vorverkauf|erscheint am",
        r"précommande|bientôt disponible",
        r"pre-?venta|próximamente|reserva(?:r)? ya",
        r"pre-?ordin|prossimamente|prenota",
        r"reserveer|binnenkort",
    ),
    Availability.BACKORDER: (
        r"back-?order|made to order|available to order|ships in \d+ weeks",
        r"nachbestell|lieferbar ab|auf bestellung",
        r"sur commande|réapprovisionnement",
        r"bajo pedido",
        r"su ordinazione",
        r"op bestelling|nabestel",
    ),
    Availability.LOW_STOCK: (
        r"(?:only|just) \d+ (?:left|in stock|available)|low stock|limited (?:stock|availability)|few left",
        r"nur noch|wenige|geringer bestand",
        r"plus que|derniers? (?:exemplaires?|articles?)|stock limité",
        r"últimas? unidades|quedan? \d+|pocas",
        r"ultim[ie] pezz[io]|solo \d+",
        r"nog (?:maar )?\d+|laatste",
    ),
    Availability.IN_STOCK: (
        r"in[ -]?stock|\bavailable|ready to ship|add to (?:cart|basket|bag)",
        r"auf lager|vorrätig|lieferbar|verfügbar|sofort",
        r"en stock|disponible",
        r"en existencias|hay stock",
        r"disponibil",
        r"op voorraad|leverbaar|beschikbaar",
    ),
}
_WORDS = {state: re.compile("|".join(words), re.IGNORECASE) for state, words in WORDS.items()}
CONDITIONS = {
    Condition.REFURBISHED: r"refurbish|generalüberholt|reconditionn|reacondicionad|ricondizionat|gereviseerd|renewed",
    Condition.USED: r"(?<!un)used|second[ -]?hand"
    r"|pre-?owned|damaged|gebraucht|d'occasion|\boccasion\b|usa[dt][oa]\b|tweedehands",
    Condition.NEW: r"(?<!re)new\b|newcondition|\bneu(?:ware)?\b|\bneuf\b|\bnuev[oa]\b|\bnuov[oa]\b|\bnieuw\b",
}
_CONDITIONS = {state: re.compile(words, re.IGNORECASE) for state, words in CONDITIONS.items()}


def availability(text: str) -> Availability:
    """The state that a schema.org name or a shop's words stand for; UNKNOWN where neither is known."""
    name = re.sub(r"[\s_-]", "", text.rsplit("/", 1)[-1].lower())
    if name in SCHEMA:
        return SCHEMA[name]
    return next((state for state, words in _WORDS.items() if words.search(text)), Availability.UNKNOWN)


def condition(text: str) -> Condition:
    """The state of the goods that a schema.org name or a shop's words stand for."""
    return next((state for state, words in _CONDITIONS.items() if words.search(text)), Condition.UNKNOWN)
