"""The peer: asyncio, websockets, one SQLite connection, WAL, batches of 10,000. Arguments: URL DATABASE."""
import asyncio, json, sqlite3, sys
import websockets


async def main(url, path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE ticks (symbol TEXT, time INTEGER, seq INTEGER, price REAL, volume INTEGER, turnover REAL, side INTEGER, PRIMARY KEY (symbol, time, seq)) WITHOUT ROWID")
    rows = []

    def flush():
        db.execute("BEGIN")
        db.executemany("INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("COMMIT")
        rows.clear()

    async with websockets.connect(url, max_size=1 << 20, compression=None, max_queue=4096) as ws:
        await ws.send(json.dumps({"cmd_id": 22004, "seq_id": 1, "trace": "t", "data": {"symbol_list": [{"code": "700.HK"}]}}))
        try:
            while True:
                message = json.loads(await ws.recv())
                if message.get("cmd_id") != 22998:
                    continue
                d = message["data"]
                rows.append((d["code"], d["tick_time"], d["seq"], float(d["price"]), int(d["volume"]), float(d["turnover"]), d["trade_direction"]))
                if len(rows) >= 10_000:
                    flush()
        except websockets.ConnectionClosed:
            flush()
    print(db.execute("SELECT count(*) FROM ticks").fetchone()[0])


asyncio.run(main(sys.argv[1], sys.argv[2]))
