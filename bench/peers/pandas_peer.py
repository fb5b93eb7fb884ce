"""The peer: pandas on the same file, as the tutorial reads it. Arguments: DATABASE, "resample 5m" | "resample 10s" | "volatility"."""
import sqlite3, sys
import pandas as pd

path, task = sys.argv[1:]
db = sqlite3.connect(path)
# the compact table, not the view, so that formatting and parsing of times is no part of the comparison
ticks = pd.read_sql(
    "SELECT time AS timestamp, price / 1000.0 AS last_price, volume FROM tick"
    " WHERE symbol = (SELECT id FROM symbol WHERE name = '00700.HK') ORDER BY time, seq",
    db,
)
ticks.index = pd.to_datetime(ticks.pop("timestamp"), unit="ms")
if task.startswith("resample"):
    every = {"5m": "5min", "10s": "10s"}[task.split()[1]]
    bars = ticks["last_price"].resample(every).ohlc().dropna()
    bars["volume"] = ticks["volume"].resample(every).sum()
    print(len(bars))
else:
    volatility = ticks["last_price"].pct_change().rolling("30min").std()
    print(volatility.iloc[-1], volatility.quantile(0.9))
