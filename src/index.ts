/**
 * What the commands of hkq are made of. Objects carry the JSON's names; times are epoch milliseconds UTC; `seq` is a number
 * or, beyond 2^53, a bigint. Nothing here prints, exits or reads the environment.
 */
export { openSink, type SinkOptions } from './core/address/open-sink.ts'
export { openSource, type SourceOptions } from './core/address/open-source.ts'
export { mergeBars } from './core/bars/merge-bars.ts'
export type { BarOptions } from './core/bars/options.ts'
export { type ResampleOptions, resample } from './core/bars/resample.ts'
export { type Clock, systemClock } from './core/clock.ts'
export { type EndpointProbe, type ProbeOptions, probeEndpoints } from './core/connection/probe.ts'
export { type DataFrame, toDataFrame } from './core/data-frame.ts'
export { type ErrorCode, HkqError } from './core/errors.ts'
export type { Bar } from './core/market/bar.ts'
export { Calendar } from './core/market/calendar.ts'
export { calendarFrom } from './core/market/calendar-file.ts'
export type {
  Batches,
  Flag,
  Gap,
  Level,
  MarketEvent,
  Phase,
  Quote,
  Rejected,
  Status,
  Tick,
} from './core/market/event.ts'
export type { Instrument } from './core/market/instrument.ts'
export { Sessions, type Stretch, type TradingDay } from './core/market/session.ts'
export { parseSymbol } from './core/market/symbol.ts'
export { tradingSessions } from './core/market/trading-day.ts'
export type { Checkpoint, Query, Sink, Source, Written } from './core/pipeline/source.ts'
export { openServer, type QuoteServer, type ServerOptions } from './core/server/server.ts'
export { bipowerVariation, jumpShare, jumpVariation } from './core/statistics/estimators/bipower.ts'
export { realizedVariance } from './core/statistics/estimators/realized.ts'
export { Moments } from './core/statistics/moments.ts'
export { quantile } from './core/statistics/quantile.ts'
export { rollingStandardDeviation, rollingStandardDeviationByCount } from './core/statistics/rolling.ts'
export { rollingVolatility } from './core/statistics/rolling-volatility.ts'
export type { VolatilityOptions } from './core/statistics/volatility/options.ts'
export type { VolatilityRecord } from './core/statistics/volatility/record.ts'
export { volatility } from './core/statistics/volatility/volatility.ts'
export { createValidator, type ValidationOptions, validate } from './core/validation/validator.ts'
