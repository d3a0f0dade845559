"""HTML pages: one base, one style sheet, and macros for tables, figures and rates.

A room that writes pages keeps its templates in a folder of its own and gives it to
``renderer.Pages``, which escapes every value. No other module builds HTML. This room knows Jinja2
and numpy only.
"""
