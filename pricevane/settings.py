"""Scrapy's settings where they differ from its defaults; what depends on the site is set in crawler.py."""

BOT_NAME = "pricevane"
SPIDER_MODULES = ["spiders"]

ITEM_PIPELINES = {
    "pipelines.clean.CleanPipeline": 100,
    "pipelines.validate.ValidatePipeline": 200,
    "pipelines.deduplicate.DeduplicatePipeline": 300,
    "pipelines.store.StorePipeline": 400,
}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "spiders.fetch.guard.GuardMiddleware": 50,
    "spiders.fetch.politeness.PolitenessMiddleware": 560,
    "spiders.fetch.conditional.ConditionalMiddleware": 570,
    "spiders.fetch.upstream.UpstreamMiddleware": 580,
    "spiders.fetch.decompress.DecompressMiddleware": 590,
    "spiders.fetch.redirects.SameSiteRedirectMiddleware": 600,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "spiders.fetch.visits.VisitMiddleware": 100,
}
EXTENSIONS = {"spiders.fetch.ledger.Ledger": 0}
# Scrapy's own without the consoles and exporters: they are not wanted, and slow to import.
EXTENSIONS_BASE = dict.fromkeys(
    (
        "scrapy.extensions.closespider.CloseSpider",
        "scrapy.extensions.corestats.CoreStats",
        "scrapy.extensions.memusage.MemoryUsage",
        "scrapy.extensions.throttle.AutoThrottle",
    ),
    0,
)
DOWNLOAD_HANDLERS = dict.fromkeys(("data", "file", "ftp", "s3")) | dict.fromkeys(
    ("http", "https"), "spiders.fetch.connection.BoundedDownload"
)

CONCURRENT_ITEMS = 8
COOKIES_ENABLED = False
DOWNLOADER_STATS = False
DOWNLOAD_DELAY_JITTER = 0.0
DOWNLOADER = "spiders.fetch.pace.TellingDownloader"
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_WARNSIZE = 0
DNS_TIMEOUT = 10
HTTPPROXY_ENABLED = False
MEMUSAGE_CHECK_INTERVAL_SECONDS = 5.0
MEMUSAGE_LIMIT_MB = 2048
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 5
REFERER_ENABLED = False
REMOTE_CONTROL_ENABLED = False
RETRY_GIVE_UP_LOG_INSTALL_ROOT_HANDLER = False
TELNETCONSOLE_ENABLED = False
# Scrapy would read the source of the callbacks again for each response.
WARN_ON_GENERATOR_RETURN_VALUE = False

DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOG_INSTALL_ROOT_HANDLER = False
LOG_VERSIONS: list[str] = []
LOGSTATS_INTERVAL = 0
STATS_DUMP = False
