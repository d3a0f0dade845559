"""An evaluation as a page for people: text and inline SVG, made of nothing but its numbers."""
