"""The shell around every page: layout, security headers, errors, language."""
