"""Which phones and tablets run the broker's app, by which store, since and until when."""
