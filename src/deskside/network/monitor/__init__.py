"""The connection test over time: history, picture, metrics, alerts.

model       plain values: runs, measures, changes
rules       when to run, what is a change, what figures mean
history     the file that keeps it
monitoring  runs, records, tells
metrics     Prometheus
alerts      command, mail, webhook
drawing     the picture
"""
