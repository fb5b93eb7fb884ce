"""The peer: pandas on the one-minute summaries of the same store. Arguments: DATABASE, "resample 5m" | "resample 1h" | "resample 1d" | "yang-zhang"."""
import json, sqlite3, sys
import numpy as np
import pandas as pd

path, task = sys.argv[1:]
minutes = pd.read_sql(
    "SELECT start, open, high, low, close, volume, value_mills FROM minute"
    " WHERE symbol = (SELECT id FROM symbol WHERE name = '00700.HK') ORDER BY start",
    sqlite3.connect(path),
)
minutes.index = pd.to_datetime(minutes.pop("start") + 8 * 3_600_000, unit="ms")
every = {"5m": "5min", "1h": "60min"}.get(task.split()[-1], "1D")
# by the clock: as many bars as by the session, though other ones in the case of hours
parts = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "value_mills": "sum"}
bars = minutes.resample(every).agg(parts).dropna()
bars["vwap"] = bars.pop("value_mills") / 1000 / bars["volume"]
if task == "yang-zhang":
    n = 20
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    o, h, l, c = (np.log(bars[name]) for name in ("open", "high", "low", "close"))
    satchell = ((h - c) * (h - o) + (l - c) * (l - o)).rolling(n).mean()
    variance = (o - c.shift()).rolling(n).var() + k * (c - o).rolling(n).var() + (1 - k) * satchell
    print(json.dumps({"volatility": np.sqrt(variance.iloc[-1])}))
else:
    print(json.dumps({"bars": len(bars), "volume": int(bars["volume"].sum())}))
