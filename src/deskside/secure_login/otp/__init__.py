"""One-time password rules: HOTP (RFC 4226), TOTP (RFC 6238) and OCRA (RFC 6287).

Pure functions: key and inputs go in, a code comes out. No clock, no storage, no randomness of
their own.
"""
