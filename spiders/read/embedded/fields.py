"""What shops call the fields of a product in their state: names without case, marks and prefixes."""

from __future__ import annotations

import re
from functools import lru_cache

# Kind of field → its names; of a product's prices `now` beats `plain`, and `was` counts only where it is higher.
NAMES = {
    "now": "saleprice salesprice specialprice finalprice currentprice sellingprice sellprice discountedprice offerprice"
    " promoprice promotionprice promotionalprice nowprice actualprice reducedprice activeprice effectiveprice"
    " customerprice priceamount buynowprice binpricedouble",
    "plain": "price displayprice unitpriceati pricewithtax priceincltax priceinctax pricewithvat grossprice taxedprice"
    " bruttoprice",
    "was": "compareatprice listprice wasprice regularprice oldprice strikeprice strikethroughprice msrp originalprice"
    " rrp uvp suggestedretailprice retailprice previousprice fullprice undiscountedprice pricebeforediscount"
    " beforeprice crossedprice basicprice pricewithoutreduction regularpriceamount wasnowprice recommendedretailprice"
    " manufacturerprice standardprice pricestrikethrough striked strikedprice compareatpricerange",
    "holder": "prices pricing priceinfo pricedata pricemodel pricedetails offer offers buybox priceset pricerange"
    " pricesummary commercialoffer commertialoffer priceview pricebox skuprice buyboxprice",
    "shown": "formattedprice pricetext priceformatted formattedpriceamount pricestring pricelabel",
    "cents": "centamount priceincents pricecents amountincents valueincents minoramount amountminor priceminor",
    "low": "minprice lowprice pricemin lowestprice pricefrom fromprice",
    "high": "maxprice highprice pricemax highestprice",
    "currency": "currency currencycode pricecurrency currencyiso currencyisocode isocode currencyid",
    "exponent": "fractiondigits precision decimals exponent decimalplaces",
    "name": "name title displayname productname producttitle",
    "id": "id productid productcode code itemid sku skuid articlenumber itemnumber catalogproductid masterid"
    " styleid modelid reference pid partnumber stylecode variantid legacyid prodid entityid articleid",
    "sku": "sku skuid articlenumber itemnumber partnumber reference productcode skucode stockcode",
    "gtin": "gtin gtin13 gtin14 gtin12 gtin8 ean ean13 upc barcode isbn isbn13 eancode upccode gtincode",
    "mpn": "mpn manufacturerpartnumber modelnumber manufacturernumber mfrpartnumber mfpartnumber manufacturersku"
    " vendorpartnumber manufacturermodelnumber",
    "brand": "brand brandname manufacturer vendor manufacturername brandlabel trademark",
    "handle": "handle slug urlkey urlslug permalink seourl linkrewrite seoname",
    "url": "url producturl canonicalurl link href canonical pdpurl seourl producturlpath urlpath",
    "image": "image imageurl featuredimage mainimage primaryimage thumbnail imgurl picture imagesrc",
    "category": "category categoryname categorypath producttype",
    "availability": "availability availabilitystatus stockstatus inventorystatus stockstate availabilitymessage",
    "available": "available instock isinstock isavailable availableforsale purchasable buyable orderable"
    " isavailableforsale"
    " ispurchasable isbuyable issellable availableonline",
    "soldout": "soldout outofstock isoutofstock issoldout unavailable",
    "stock": "stock stocklevel inventoryquantity stockquantity availablequantity qtyavailable stockqty"
    " quantityavailable"
    " availablestock inventory",
    "seller": "sellername merchantname soldby seller",
    "condition": "condition itemcondition conditiontype",
    "sale": "onsale isonsale hasdiscount isdiscounted ispromotion",
    "variants": "variants skus variations simples combinations productvariants skulist sizes variantlist childskus",
}
# What the same words mean inside a price: `price: {current: …, was: …}`.
INSIDE = {
    "now": "current now sale sales sell special final selling actual discounted promo promotional offer currentprice",
    "plain": "value amount raw gross price decimalprice withtax numeric number techpriceamount rawvalue"
    " pricevalue unitprice"
    " centralprice decimalvalue",
    "was": "regular was list original old previous compareat strike strikethrough striked before base full crossed"
    " suggested",
    "shown": "formatted formattedvalue display displayvalue text stringvalue pretty displaystring label"
    " formattedamount",
    "low": "min low minimum from start minvariantprice",
    "high": "max high maximum to end maxvariantprice",
}
_PREFIX = re.compile(r"^(?:catalogproduct|products?|items?|ecomm|prod|pdp)(?=[a-z]{2})")
_MARKS = re.compile(r"\(.*|[^a-z0-9]")
_ELSEWHERE = re.compile(
    r"recommend|related|similar|upsell|crosssell|recently|viewed|review|cart|basket|wishlist|alsob|alsol|accessor"
    r"|complement|sponsor|carousel|suggest|trending|bestsell|popular|search|history|addon|warrant|protect|insuranc"
    r"|financ|navigation|menu|facet|filter|banner|impression|frequently|lookbook|outfit|alternativ|substitut|shipping"
    r"|delivery|member|loyal|subscri|instal|monthly|coupon|voucher|giftcard|trolley|donation|bundle|trade|purchases"
    r"|unitpric|baseunit|perunit|club|refurb|openbox|otherofferings"
)
_MAIN_WORDS = (
    "product productdetail productdetails pdp item mainproduct currentproduct productdata productpage detail details"
    " selectedproduct selectedvariant productinfo productview productstate productbycode productbyslug"
)
_MAIN = frozenset(_MAIN_WORDS.split())


def _reverse(names: dict[str, str]) -> dict[str, frozenset[str]]:
    kinds: dict[str, set[str]] = {}
    for kind, words in names.items():
        for word in words.split():
            kinds.setdefault(word, set()).add(kind)
    return {word: frozenset(found) for word, found in kinds.items()}


_KINDS = _reverse(NAMES)
_INSIDE = _reverse(INSIDE)
NONE: frozenset[str] = frozenset()
ELSEWHERE, MAIN = frozenset(["elsewhere"]), frozenset(["main"])


class Keys(dict[str, frozenset[str]]):
    """Key → the kinds of field it may be; remembers each key of a page, so make one for a page."""

    def __init__(self, inside: bool = False) -> None:
        """`inside` adds what words mean within a price."""
        super().__init__()
        self._inside = inside

    def __missing__(self, key: str) -> frozenset[str]:
        """The kinds of a key not met before."""
        kinds = self[key] = _kinds(key[:60], self._inside)
        return kinds


@lru_cache(maxsize=16_384)
def _kinds(key: str, inside: bool) -> frozenset[str]:
    word = _MARKS.sub("", key.lower())
    if _ELSEWHERE.search(word):
        return ELSEWHERE
    kinds = _KINDS.get(word) or _KINDS.get(_PREFIX.sub("", word)) or NONE
    if inside:
        return _INSIDE.get(word, kinds)
    return kinds | MAIN if word in _MAIN else kinds
