import { parseAddress } from '../../src/core/address/address.ts'
import { examine } from '../../src/core/address/examine.ts'

/** What was found of a server, by name, each as `state | detail | remedy`; and all of it as one text. */
export interface Examined {
  readonly names: readonly string[]
  readonly text: string
  of(name: string): string | undefined
}

export async function examined(address: string, token?: string): Promise<Examined> {
  const checks = await examine(parseAddress(address, 'sink'), { influxToken: () => token })
  const lines = new Map(
    checks.map(({ name, state, detail, remedy }) => [name, [state, detail, remedy ?? ''].join(' | ')]),
  )
  return { names: checks.map(({ name }) => name), text: JSON.stringify(checks), of: (name) => lines.get(name) }
}
