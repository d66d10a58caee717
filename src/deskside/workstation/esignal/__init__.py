"""The bridge between TWS and eSignal: libraries that both programs must be able to load."""
