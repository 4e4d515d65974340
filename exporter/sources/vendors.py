"""The vendors that the exporter knows: one line each."""

from exporter.sources.base import Vendor
from exporter.sources.homely import HomelyVendor
from exporter.sources.wally import WallyVendor

VENDORS: dict[str, type[Vendor]] = {
    "homely": HomelyVendor,
    "wally": WallyVendor,
}

#: What stands under each vendor's name in exporter.yml.
MODELS = {name: vendor.config for name, vendor in VENDORS.items()}
