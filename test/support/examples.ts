import fc from 'fast-check'

/**
 * Properties take the same examples in every run and on every machine, so that a test that failed fails again.
 * HKQ_SEED=N takes others.
 */
fc.configureGlobal({ seed: Number(process.env.HKQ_SEED ?? 20_261_120) })
