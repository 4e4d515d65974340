"""How Sphinx makes the site: `make site`, or `sphinx-build` on this folder."""

import re
from pathlib import Path

_ROOT = Path(__file__).parent.parent

project = "home-exporter"
author = project_copyright = "the home-exporter authors"
release = re.search(r'__version__ = "(.+)"', (_ROOT / "exporter/__init__.py").read_text())[1]

extensions = ["myst_parser"]
nitpicky = True  # a reference that leads nowhere is a fault, and every fault ends the build
exclude_patterns = ["_site"]
# The slugs of headings are those of GitHub, where the same files are read as well.
myst_heading_anchors = 3
# With html_image an <img> is an image of the site too, and one that is missing is a fault.
myst_enable_extensions = ["colon_fence", "html_image"]

html_theme = "furo"
html_title = f"home-exporter {release}"
html_extra_path = ["exporter.schema.json"]
html_copy_source = False
html_show_sourcelink = False
