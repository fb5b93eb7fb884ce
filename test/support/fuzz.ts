/** How hard a fuzz test tries: few runs by default, `HKQ_FUZZ=100000 npx vitest run` for many. */
export function fuzzRuns(): { numRuns: number } {
  return { numRuns: Number(process.env.HKQ_FUZZ ?? 200) }
}
