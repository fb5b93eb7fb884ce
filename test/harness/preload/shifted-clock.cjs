// Loaded before the command (node --require): its wall clock is off by so many ms, so that it is always a trading morning; at
// each SIGUSR2 it goes forward by a minute.
const { now } = Date
let offset = Number(process.env.CLOCK_OFFSET)
Date.now = () => now() + offset
process.on('SIGUSR2', () => {
  offset += 60_000
})
