"""An evaluation as one HTML file for readers: text, tables and inline SVG charts."""
