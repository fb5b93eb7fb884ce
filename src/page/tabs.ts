import { element } from './dom.ts'

/** On a narrow screen one panel is shown at a time: the tabs choose which. */
export function startTabs(): (name: string) => void {
  const desk = element('desk')
  const tabs = [...element('tabs').querySelectorAll<HTMLButtonElement>('[role=tab]')]
  const choose = (chosen: HTMLButtonElement): void => {
    desk.dataset.tab = chosen.dataset.tab!
    for (const tab of tabs) {
      tab.setAttribute('aria-selected', String(tab === chosen))
      tab.tabIndex = tab === chosen ? 0 : -1
    }
  }
  for (const [i, tab] of tabs.entries()) {
    tab.addEventListener('click', () => choose(tab))
    tab.addEventListener('keydown', ({ key }) => {
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
      if (step === 0) return
      const next = tabs[(i + step + tabs.length) % tabs.length]!
      choose(next)
      next.focus()
    })
  }
  return (name) => {
    const tab = tabs.find(({ dataset }) => dataset.tab === name)
    if (tab) choose(tab)
  }
}
