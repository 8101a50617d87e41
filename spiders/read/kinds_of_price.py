"""What sort of price a number in a text is, told by the words and signs around it in some twenty-five languages."""

from __future__ import annotations

import re

from pricevane.model import PriceKind

# In all patterns ¤ stands for the currency's symbol.
_MEASURE = (
    r"(?:kg|kgs|kilos?|kilogramm?e?s?|g|gr|gram[ms]?|mg|lbs?|oz|[mcd]?l|lit(?:er|re|ro)s?|ltr|m[23]?|mtr"
    r"|met(?:er|re|ro)s?"
    r"|sq\.? ?(?:ft|m)|ft[23]?|qm|stück|stk|stck|st|pcs?|pieces?|pièces?|units?|unités?|unidad(?:es)?"
    r"|unidades?|uds?|unid"
    r"|pezz[oi]|pz|stuks?|styck|stykk?e?|kpl|szt(?:uk[ai]?)?|opak|ks|kus|bal|db|darab|buc(?:ată)?|kom|adet"
    r"|tane|unit[àa]"
    r"|tk|gab|vnt|tab(?:lette?n?|s)?|caps?|dosen?|wl|wäschen?|waschladung|lavages?|washe?s?|dose|paar|pair"
    r"|paire|set"
    r"|кг|гр?|мл|л|шт|штук[аи]?|м[23]?|уп|бр|кілограм|τεμ(?:άχιο)?|κιλό|λίτρο|كجم|كيلو|كغ|غرام|لتر|قطعة|حبة"
    r"|כל|יח(?:'|ידה)?|ק\"ג|קג|גרם|ליטר"
    r"|किलो|ग्राम|किग्रा|पीस|กก|กรัม|ชิ้น|ลิตร|กิโลกรัม|cái|chiếc|hộp|buah|pak|公斤|千克|斤|克|毫升|升|個|个|件|本|枚|袋|瓶|箱"
    r"|개|병|봉|매)"
)
_EACH = (
    r"(?:/|\b(?:per|pro|je|par|por|cada|al|alla|all'|à l['’]|l['’]|le|la|el|das|der|die|à|á|a|za|na|pr\.?|för"
    r"|ved|jed|the|vienam|par)\b"
    r"|\b(?:за|ανά|το|τη|لكل|לכל|प्रति|ต่อ|mỗi|setiap)|毎|每)"
)
_OF_UNIT = rf"{_EACH}\s?(?:\d[\d.,]*\s?)?{_MEASURE}(?![^\W\d_])"
_MONTH = (
    r"(?:months?|mo|mth|monat(?:lich)?|mois|mes(?:e|es)?|mês|maand|mnd|mån(?:ad)?|måned|md|kk|mies(?:iąc)?"
    r"|měs(?:íc)?|hó(?:nap)?"
    r"|lun[ăa]|ay|мес(?:яц)?|міс(?:яць)?|μήνα|شهر|חודש|月|월|bulan|tháng|เดือน|weeks?|wk|woche|semaine|week"
    r"|years?|yr|jahr|an)"
)
_RATES = (
    r"(?:payments?|instal?lments?|raten|rates?|rate|mensualités?|fois|cuotas?|parcelas?|prestações|termijnen"
    r"|vezes|mensilità"
    r"|rata|raty|rat|splátek|splátky|taksit|платеж\w*|платежа)"
)
_AFTER_UNIT = re.compile(rf"\s?¤?[\s*)]{{0,2}}{_OF_UNIT}", re.IGNORECASE)
_BEFORE_UNIT = re.compile(
    rf"(?:{_OF_UNIT}[\s:=(]{{0,3}}|\d\s?{_MEASURE}\s?(?:=|あたり|当たり|當|당|:)\s?"
    r"|grundpreis|unit price|prix (?:au|à l.)\s?\w*|basispreis|jämförpris|jmf[- ]?pris|prezzo al \w+"
    r"|precio por \w+)"
    r"[\s:(]{0,3}¤?\s?$",
    re.IGNORECASE,
)
_AFTER_MONTH = re.compile(rf"\s?¤?[\s*]{{0,2}}{_EACH}\s?{_MONTH}(?![^\W\d_])", re.IGNORECASE)
_BEFORE_RATE = re.compile(
    rf"\d\s?(?:[x×х]|{_RATES})\s?(?:(?:of|à|zu|je|de|da|di|van|a|at|po|по|sans frais)\s)?¤?\s?$", re.IGNORECASE
)
_COUNT = re.compile(
    rf"\s?(?:{_MEASURE}|{_RATES}|[x×х](?=\s?[¤\d])|ct|cents?|cts|p|stars?|reviews?)(?![^\W\d_])|\s?[¢%٪％°]"
    rf"|[x×х]\s?(?=\d)",
    re.IGNORECASE,
)
_SCALED = re.compile(
    r"\s?(?:[万萬千億亿만천억]|(?:k|mio|mil|mln|million|millionen|тыс|млн|lakh|crore)(?![^\W\d_]))", re.IGNORECASE
)
_AFTER_SCALE = re.compile(r"[万萬億亿만억]\s?$")
_FROM_BEFORE = re.compile(
    r"(?<![^\W\d_])(?:from|starting(?: at| from)?|as low as|up to|at least|under|below|over|ab|bis(?: zu)?"
    r"|(?:à|a) partir d[eao]s?|dès|depuis"
    r"|jusqu\W?(?:à|au)|desde|hasta|até|a partire da|da|fino a|vanaf|tot|från|fra|frå|frá|upp till|op til"
    r"|alkaen|alk\.?"
    r"|od|již od|już od|do|de la|până la|începând de la|от|до|від|από|έως|من|ابتداء من|החל מ\W?|מ-|nuo|no"
    r"|alates|kuni|iki"
    r"|mulai(?: dari)?|từ|chỉ từ|เริ่มต้น(?:ที่)?|starter på|başlayan|-?tól|最低|起价|から|od:)\W{0,3}¤?\W{0,2}$",
    re.IGNORECASE,
)
_FROM_AFTER = re.compile(
    r"\s?¤?[\s,.–-]{0,2}(?:[+~〜～]|起|から|より|부터|이상|-?t[óő]l|'?(?:den|dan|ten|tan) (?:başla|itibaren)|से शुरू"
    r"|alkaen|and up|& up|起售)",
    re.IGNORECASE,
)
_FOR_SEVERAL = re.compile(
    r"(?<![^\W_])\d{1,2}\s?(?:for|für|pour|por|voor|för|za|за|para|per)\s(?:only |nur )?¤?\s?$", re.IGNORECASE
)
_SHIPPING = (
    r"(?:shipping|delivery|postage|versand(?:kosten)?|lieferung|porto|livraison|port|envío|envios?|frete"
    r"|entrega|spedizione|consegna"
    r"|verzending|verzendkosten|bezorging|frakt|fragt|levering|leverans|toimitus|dostaw[ay]|wysyłk[ai]"
    r"|doprav[ay]|doručení|poštovné"
    r"|szállítás|livrare|kargo|доставк[аи]|доставлення|αποστολή|μεταφορικά|شحن|توصيل|משלוח|送料|運費|运费|배송비?)"
)
_OFF = (
    r"(?:discount|off|rabatt|sparen|spare|ersparnis|save|saving|you save|économisez|remise|ahorra|descuento"
    r"|sconto|risparmi|korting|bespaar|rabat|sleva|zniżk[ai]|скидк[аи]|indirim|割引|優惠)"
)
_NO_PRICE_BEFORE = re.compile(
    rf"(?:\b(?:free|gratis|kostenlose?r?|gratuite?|grátis|gratuita|darmow[ae]|zdarma|ingyenes"
    rf"|бесплатн\w+)\b\W{{0,2}}\w{{0,12}}\W?{_SHIPPING}"
    rf"|{_SHIPPING}\W{{0,2}}(?:free|gratis|gratuite?|gratuita|grátis|zdarma|kostenlos|безкоштовн\w+"
    rf"|бесплатн\w*)"
    rf"|versandkostenfrei|portofrei|fraktfri\w*|fragtfri\w*|送料無料|무료배송|包邮|免運)[^¤]{{0,40}}¤?\W{{0,3}}$"
    rf"|(?:^|[+(]\s?|\b(?:plus|zzgl\.?)\s)\W{{0,3}}{_SHIPPING}(?:\s?\w{{0,12}})?\W{{0,4}}(?:(?:from|ab|od|dès"
    rf"|da|vanaf)\W{{0,2}})?¤?\W{{0,3}}$"
    rf"|(?<![^\W\d_]){_OFF}(?![^\W\d_])\W{{0,3}}(?:bis zu |up to |of )?¤?\W{{0,3}}$",
    re.IGNORECASE,
)
_NO_PRICE_AFTER = re.compile(
    rf"\s?¤?\s?(?:{_SHIPPING}(?:skosten|\s(?:cost|fee)s?)?(?![^\W\d_])|{_OFF}(?![^\W\d_]))", re.IGNORECASE
)
_SAID: tuple[tuple[PriceKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in (
        (
            PriceKind.INSTALMENT,
            r"\b(?:monthly|monatlich|mtl|mensuel\w*|mensual\w*|mensili?|p\.m\.|instal?ments?|ratenzahlung"
            r"|cuotas?|ratalna|taksit\w*)\b"
            r"|\brate di\b|рассрочк|分期|月々|할부",
        ),
        (
            PriceKind.MEMBER,
            r"\bmembers?\b|\bmitglied|\bmembres?\b|\bsoci[o]?s?\b|\bleden|\bclub\b|\bprime\b|\bclubcard\b"
            r"|\bmedlem|\bjäsen|会員|會員|会员|회원",
        ),
        (
            PriceKind.COUPON,
            r"\bcoupon|\bvoucher|gutschein|\bcode\b|\bcup[oó]n|\bcup[oõ]m|\bkortingscode|\bbuono sconto"
            r"|промокод|\bkupon|クーポン|優惠券|优惠券|쿠폰",
        ),
    )
)
_FREE = re.compile(
    r"(?<![\w-])(?:free|gratis|grátis|kostenlos|gratuite?|gratuit[oa]|offert|ingyenes|zdarma|umsonst|za darmo"
    r"|darmow[ea]|bezpłatn[eiy]"
    r"|ilmainen|ilmaiseksi|bedava|ücretsiz|бесплатно|безкоштовно|безплатно|δωρεάν|مجان[يا]ً?|رایگان|חינם"
    r"|zadarmo|zastonj|besplatno|tasuta"
    r"|nemokamai|bezmaksas|ókeypis|miễn phí|ฟรี|मुफ़्त|मुफ्त)(?![\w-])|免费|免費|無料|무료",
    re.IGNORECASE,
)
_FREE_OF = re.compile(
    r"(?:gluten|sugar|fat|lactose|dairy|cruelty|alcohol|hands|duty|tax|feel|nut|oil|bpa)[ -]free"
    r"|free to",
    re.IGNORECASE,
)
_LETTER_OR_SIGN = re.compile(r"[^\W\d_]|[/+~〜～×=¢]")
_IS_SHIPPING = re.compile(_SHIPPING, re.IGNORECASE)
LONGEST_GIFT = 40


def is_free(shown: str) -> bool:
    """Whether a short text without digits says that the thing costs nothing; free delivery does not."""
    return (
        len(shown) <= LONGEST_GIFT
        and bool(_FREE.search(shown))
        and not (_IS_SHIPPING.search(shown) or _FREE_OF.search(shown))
    )


def is_plain(marked: str) -> bool:
    """Whether no word and no sign stands beside the numbers, so that nothing can say what kind they are."""
    return not _LETTER_OR_SIGN.search(marked)


def is_no_price(before: str, after: str) -> bool:
    """Whether a number is a count, a measure, cents, a discount, or what delivery costs or becomes free at."""
    return bool(
        _COUNT.match(after)
        or _SCALED.match(after)
        or _AFTER_SCALE.search(before)
        or _NO_PRICE_BEFORE.search(before)
        or _NO_PRICE_AFTER.match(after)
    )


def kind_of(before: str, after: str) -> PriceKind:
    """The kind of one number by what stands right before and after it: a unit's, a rate, a lower bound, or standard."""
    if _AFTER_MONTH.match(after) or _BEFORE_RATE.search(before):
        return PriceKind.INSTALMENT
    if _AFTER_UNIT.match(after) or _BEFORE_UNIT.search(before):
        return PriceKind.UNIT
    if _FROM_BEFORE.search(before) or _FROM_AFTER.match(after):
        return PriceKind.FROM
    return PriceKind.COUPON if _FOR_SEVERAL.search(before) else PriceKind.STANDARD


def kind_said(marked: str) -> PriceKind:
    """The kind that a word anywhere in the text gives to all its prices."""
    return next((kind for kind, words in _SAID if words.search(marked)), PriceKind.STANDARD)
