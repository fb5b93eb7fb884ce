const EIGHTHS = ' ▁▂▃▄▅▆▇█'

/** The character that fills so many eighths of a cell from below: nothing up to 0, the whole cell from 8 on. */
export function block(eighths: number): string {
  return EIGHTHS[Math.max(0, Math.min(8, Math.round(eighths)))]!
}
