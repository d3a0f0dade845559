"""Model bundles on disk: the manifest, its checks and its contract id; how a bundle is written,
fetched, and made from published models. ``shipped`` holds the bundles that come with Kith,
``recipes`` how others are made. It runs no model and knows nothing of people or SQL.
"""
