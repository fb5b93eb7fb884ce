"""The peer: pandas on the same ticks. Arguments: DATABASE, "resample 5m" | "resample 10s" | "volatility", "compact" | "tutorial"."""
import json, sqlite3, sys
import pandas as pd

path, task, table = sys.argv[1:]
db = sqlite3.connect(path)
if table == "compact":
    # our own table, whose times are numbers: no text is parsed
    ticks = pd.read_sql(
        "SELECT time AS timestamp, price / 1000.0 AS last_price, volume FROM tick"
        " WHERE symbol = (SELECT id FROM symbol WHERE name = '00700.HK') ORDER BY time, seq",
        db,
    )
    ticks.index = pd.to_datetime(ticks.pop("timestamp"), unit="ms")
else:
    # the table that the tutorial's code makes, whose times are local text: pandas parses them
    ticks = pd.read_sql("SELECT * FROM ticks WHERE symbol = '00700.HK' ORDER BY timestamp", db)
    ticks.index = pd.to_datetime(ticks.pop("timestamp"))
if task.startswith("resample"):
    every = {"5m": "5min", "10s": "10s"}[task.split()[1]]
    bars = ticks["last_price"].resample(every).ohlc().dropna()
    bars["volume"] = ticks["volume"].resample(every).sum()
    bars["vwap"] = (ticks["last_price"] * ticks["volume"]).resample(every).sum() / bars["volume"]
    print(json.dumps({"bars": len(bars), "volume": int(bars["volume"].sum())}))
else:
    volatility = ticks["last_price"].pct_change().rolling("30min").std()
    volatility.quantile(0.9)
    print(json.dumps({"volatility": volatility.iloc[-1]}))
