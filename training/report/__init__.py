"""The report: study runs, figures and tables. Imports matplotlib, so nothing else imports it."""
