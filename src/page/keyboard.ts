import { INTERVALS, type Interval } from '../core/dashboard/protocol.ts'

/** What keys do. */
export interface Controls {
  /** To the symbol so many lines below in the watch list, above when negative. */
  move(steps: number): void
  interval(every: Interval): void
  scroll(steps: number): void
  zoom(factor: number): void
  toLatest(): void
  filter(): void
  clearFilter(): void
  next(setting: 'theme' | 'language' | 'colours' | 'sound'): void
  help(): void
}

/** What a search field has no use for: it goes through what the filter has found. */
const THROUGH_LIST = ['ArrowDown', 'ArrowUp']

/** Lets keys control the page. Keys that belong to a field, the browser or a dialog are left alone. */
export function listenToKeys(controls: Controls): void {
  const actions = actionsOf(controls)
  document.addEventListener('keydown', (event) => {
    const { key, target } = event
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (key === 'Escape') controls.clearFilter()
    const isFree = target instanceof Element && target.matches('input') && THROUGH_LIST.includes(key)
    if (!isFree && target instanceof Element && target.closest('input, select, dialog, [role=tablist]')) return
    const action = actions.get(key)
    if (action === undefined) return
    event.preventDefault()
    action()
  })
}

function actionsOf(controls: Controls): ReadonlyMap<string, () => void> {
  const intervals = INTERVALS.map((every, i) => [String((i + 1) % 10), () => controls.interval(every)] as const)
  return new Map<string, () => void>([
    ...intervals,
    ...['ArrowDown', 'j'].map((key) => [key, () => controls.move(1)] as const),
    ...['ArrowUp', 'k'].map((key) => [key, () => controls.move(-1)] as const),
    ['ArrowLeft', () => controls.scroll(-10)],
    ['ArrowRight', () => controls.scroll(10)],
    ['+', () => controls.zoom(1.25)],
    ['=', () => controls.zoom(1.25)],
    ['-', () => controls.zoom(0.8)],
    ['End', () => controls.toLatest()],
    ['/', () => controls.filter()],
    ['t', () => controls.next('theme')],
    ['l', () => controls.next('language')],
    ['c', () => controls.next('colours')],
    ['s', () => controls.next('sound')],
    ['?', () => controls.help()],
  ])
}
