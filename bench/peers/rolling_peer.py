"""The peer: pandas on the same numbers in memory. Arguments: FILE (times, then returns, as doubles), WINDOW in ms."""
import json, sys, time
import numpy, pandas

path, window = sys.argv[1:]
times, returns = numpy.fromfile(path).reshape(2, -1)
series = pandas.Series(returns, index=pandas.to_datetime(times.astype("int64"), unit="ms"))
start = time.perf_counter()
deviations = series.rolling(f"{window}ms").std()
middle = time.perf_counter()
deviations.quantile(0.9)
end = time.perf_counter()
print(json.dumps({"deviation": (middle - start) * 1000, "quantile": (end - middle) * 1000}))
