/** Every command, in the order of the help page. */
export const COMMAND_NAMES = [
  'stream',
  'record',
  'resample',
  'volatility',
  'probe-endpoints',
  'serve',
  'export',
  'archive',
  'verify',
  'monitor',
  'init',
  'doctor',
] as const

export type CommandName = (typeof COMMAND_NAMES)[number]
