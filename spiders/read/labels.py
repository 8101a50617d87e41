"""Words around a price, in page text and in class names, and what they say about it."""

from __future__ import annotations

import re
from enum import StrEnum


class Role(StrEnum):
    """What an amount on a page is for."""

    PRICE = "price"
    REGULAR = "regular"
    SAVING = "saving"
    SHIPPING = "shipping"
    UNIT = "unit"
    INSTALMENT = "instalment"
    MEMBER = "member"
    COUPON = "coupon"
    EX_TAX = "ex_tax"
    FROM = "from"
    USED = "used"
    OTHER = "other"


_TAX = (
    r"vat|tax(?:es)?|gst|btw|mwst|ust|mehrwertsteuer|tva|taxe|iva|moms|mva|dph|ddv|pdv|pvn|pvm|km\b|áfa|alv|ндс|пдв|ддс|kdv"
    r"|φπα|מע\"מ|מעמ|ضريبة|税"
)
_WITHOUT = (
    r"ex|excl|exc|excluding|without|before|plus|ohne|exkl|zzgl|sans|hors|sin|senza|sem|zonder|bez|brez|uden|utan|uten|fără"
    r"|ilman|hariç|χωρίς|без|לפני|ללא"
)
# What the text beside an amount says; the first role that fits counts.
_SAID = {
    Role.SAVING: r"you save|\bsave\b|saving|\boff\b|discount|sparen|ersparnis|rabatt|nachlass|économi|remise|réduction"
    r"|ahorr|descuento|risparmi|sconto|besparing|bespaar|korting|oszczęd|rabat|ušetř|zleva|zľava|ušetr|sleva|spara|spar\b"
    r"|desconto|economize|poupe|alennus|säästä|скидк|эконом|выгод|megtakar|kedvezm|reducere|indirim|έκπτωση|خصم|תחסכ",
    Role.SHIPPING: r"shipping|delivery|postage|freight|versand|lieferung|livraison|frais de port|expédition|envío|envio"
    r"|spedizion|consegna|verzend|bezorg|wysyłk|dostaw|doprav|poštovn|frakt|levering|toimitus|доставк|szállít|livrare"
    r"|kargo|αποστολ|entrega|frete|شحن|توصيل|משלוח|piegād|dostav",
    Role.UNIT: r"(?:/|\b(?:per|pro|par|al|por|za|je|à|na|1))\s?(?:\d{1,4}\s?)?(?:kg|g|mg|l|ml|cl|lit(?:er|re|ro)s?|kilo|lb|oz|m|m2|m²"
    r"|metr\w*|mètre|st(?:ü|u)ck|stk|pcs|each|unit|pièce|szt|ks|кг|л|шт)\b|grundpreis|unit price|prix au|base price",
    Role.INSTALMENT: r"per month|/ ?mo(?:nth)?\b|monthly|a month|instal?ment|finance|klarna|afterpay|clearpay|affirm|laybuy"
    r"|pay in \d|zahlung|\brate\b|raten\b|finanzier|monatl|mensuel|mensualit|par mois|/ ?mois|plazos|cuotas?|mensual|al mes"
    r"|\brate?a? da\b|al mese|finanziamento|termijn|per maand|miesi[ęe]c|\brat[ay]?\b|\bměs|mesačne|splátk|parcel|sem juros"
    r"|vezes|m[åa]nad|kuukau|/мес|рассроч|кредит|havi|részlet|rate lunare|taksit|δόσεις|تقسيط|תשלומים|līzing|mēn\b|\d+ ?x\b",
    Role.MEMBER: r"\bmembers?\b|rewards?\b|loyalty|\bclub\b|clubcard|\bmitglied|\bmembres?\b|\bsoci[oa]s?\b|\bprime\b"
    r"|my ?account price|master ?card|credit ?card|upon approval|with card|mit (?:karte|kundenkarte)|carte? (?:de )?fid|fidelity|z kartą|s kartou|premium price",
    Role.COUPON: r"coupon|voucher|gutschein|promo ?code|with code|mit code|avec le code|code promo|cupón|kupon|kod rabatowy",
    Role.EX_TAX: rf"\b(?:{_WITHOUT})\W{{0,3}}(?:{_TAX})|\bnett?o\b|\bnettó\b|\bht\b|(?:iva|btw|moms|mwst) (?:esclus|exclu)",
    Role.REGULAR: r"\bwas\b|\brrp\b|msrp|list price|reg(?:ular)?\.? price|\breg\.|original|before|\bold\b|compare at"
    r"|comp(?:arable)?\.? value|statt|\buvp\b|bisher|zuvor|vorher|früher|ehem|listenpreis|au lieu de|prix (?:conseillé|barré"
    r"|initial|public|de base|normal)|ancien prix|avant|antes|precio (?:original|anterior|recomendado|normal)|\bpvp\b"
    r"|prezzo (?:di listino|originale|precedente|consigliato)|anziché|invece di|\bvan\b|adviesprijs|oude prijs|was €"
    r"|cena (?:regularna|katalogowa|sugerowana|przed)|poprzedni|najniższa|původní|běžná cena|doporučen|pôvodná|bežná cena"
    r"|odporúčan|ordinarie|ord\.? ?pris|tidigare|tidligere|før|førpris|vejl|norm(?:aal|al)i?hinta|ovh|preço normal|\bde:"
    r"|старая цена|eredeti ár|régi ár|preț vechi|\bprp\b|eski fiyat|αρχική|πριν|redna cena|stara cena|prejšnja|מחיר מחירון"
    r"|parastā cena|iepriekš|lowest price|30[- ](?:day|tage|jours|dni|dní|dagar|dage)",
    Role.USED: r"\bused\b|pre-?owned|refurbish|open[- ]box|second[- ]hand|gebraucht|generalüberholt|d'occasion|reconditionn"
    r"|segunda mano|reacondicionado|usato|ricondizionat|tweedehands|marketplace|more buying (?:choices|options)|other sellers",
    Role.FROM: r"\bfrom\b|\bas low as\b|starting|\bab\b|(?:à|a) partir d[eo]|\bdès\b|\bdesde\b|a partire|\bvanaf\b|\bfrån\b"
    r"|\bfra\b|\bod\b|\balkaen\b|\bот\b|\bаd\b|-tól|de la\b|\bup to\b|\bbis zu\b|jusqu|min(?:imum)?\.? (?:order|spend)"
    r"|orders? over|ab einem|\bover\b|\büber\b|mindest",
    Role.OTHER: r"approximately|approx\.|umgerechnet|deposit|pfand|warranty|protection|garantie|garanz|seguro|insurance|gift card|total|subtotal|summe|gesamt"
    r"|cart|basket|warenkorb|panier|carrito|carrello|tax(?:es)?:|points|punkte|cashback|trade[- ]in|reviews?|installation"
    r"|einbau|montage|assembly|accessor|zubehör|donat|credit|eco-?(?:part|tax)|recycling|gebühr|\bfee\b",
}
# Of the words after an amount only these can belong to it; the others belong to the next one.
FOLLOWING = (Role.UNIT, Role.INSTALMENT, Role.EX_TAX, Role.MEMBER)
TAXED = re.compile(rf"\b(?:inc|incl|inkl|including|s|z|sis|con|avec|met|com|с|mit)\W{{0,3}}\d*\W{{0,3}}(?:{_TAX})|\bttc\b|iva inclu", re.IGNORECASE)
SAID = {role: re.compile(words, re.IGNORECASE) for role, words in _SAID.items()}
# What the words of a class name, an id or a data attribute say.
_NAMED = {
    Role.SAVING: r"sav(?:e|es|ed|ing|ings)|yousave|discounts?|rabatt\w*|percent\w*|reduction|remise|ahorro|sconto|korting"
    r"|badge|sleva|zleva|sticker|economi\w+",
    Role.SHIPPING: r"shipping|delivery|versand\w*|livraison|envio|spedizion\w*|freight|postage|dostaw\w*|doprav\w*|liefer\w*",
    Role.UNIT: r"unit|unitprice|baseprice|base|per|grundpreis\w*|ppu|pum|basisprijs|reference",
    Role.INSTALMENT: r"instal?l?ments?|month|monthly|financ\w*|klarna|afterpay|affirm|clearpay|parcel\w*|raten|leasing|credit"
    r"|loan|lizing\w*|payment|payments",
    Role.MEMBER: r"members?|membership|loyal\w*|rewards?|club|prime|vip",
    Role.COUPON: r"coupons?|vouchers?",
    Role.EX_TAX: r"excl|extax|exvat|excluding|without|netto|notax|bez|vatless",
    Role.REGULAR: r"old|oldprice|was|wasprice|regular|origin|original|before|strike\w*|struck|crossed|through|linethrough|list"
    r"|listprice|msrp|rrp|uvp|compare\w*|previous|retail|normal|barre|antes|anterior|listino|alter|alte|del",
    Role.OTHER: r"cart|minicart|basket|totals?|subtotal|warranty|protection|insurance|deposit|points|gift|filters?|facets?"
    r"|range|slider|accessor\w+|bundle|addon|option|options|extra|tier|competitor|swatch|size|sizes|variation|variations"
    r"|review|reviews|rating|ratings|tooltip|dropdown",
}
NAMED = {role: re.compile(rf"\b(?:{words})\b") for role, words in _NAMED.items()}
PRICE_NAME = re.compile(
    r"pri[cs]e?s?\b|prix|preis|preco|precio|prez+[io]|cena|ceny|hinta|price|cost\b|amount|kaina|\bar\b|fiyat|betrag|valor\b"
    r"|\bvlr|\bpret\b"
)
CURRENT_NAME = re.compile(
    r"\b(?:current|sale|sales|now|final|actual|special|selling|offer|main|product|our|pdp|reduced|discounted|new|value|big"
    r"|akce|promo|action|today|buy|primary|headline|detail|details)\b"
)
ELSEWHERE_NAME = re.compile(
    r"\b(?:relat\w*|recommend\w*|recos?|similar\w*|upsell\w*|crosssell\w*|cross-sell\w*|also-\w+|carousel|swiper|slick|owl|slider"
    r"|recent\w*|last-viewed|suggest\w*|together|bundle\w*|accessor\w*|alternativ\w*|sponsor\w*|advert\w*|best-?sellers?"
    r"|trending|you-may|complement\w*|zubehoer|footer|header|nav|navbar|menu|minicart|modal|popup|cookie|newsletter"
    r"|teasers?|tiles?|basket|filter\w*|megamenu)\b"
)
BUY = re.compile(
    r"add.?to.?(?:cart|basket|bag|trolley)|buy|\bcart\b|basket|\bbag\b|warenkorb|kaufen|bestellen|panier|acheter|carrito"
    r"|cesta|comprar|carrinho|sacola|carrello|acquista|winkelwagen|winkelmand|koszyk|kup\b|košík|kosik|koupit|kúpiť|kundvagn"
    r"|köp\b|kurv|handlekurv|ostoskori|корзин|купить|kosár|coș|cos\b|sepet|καλάθι|košaric|korpa|אפשרויות|לסל|السلة|grozs|krepšel"
    r"|カート|购物车|add-?cart|addtocart|purchase|checkout|order now|reserve|contact (?:seller|supplier)",
    re.IGNORECASE,
)
