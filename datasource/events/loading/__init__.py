"""From files to rows of the native layout; load.py beside this package drives it."""
