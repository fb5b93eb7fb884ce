// Loaded before the command (node --require): its wall clock is off by so many ms, so that it is always a trading morning.
const { now } = Date
const offset = Number(process.env.CLOCK_OFFSET)
Date.now = () => now() + offset
