"""The ground floor: what every part stands on. Imports no part."""
