import { type Key, text } from './texts/texts.ts'

/** Puts the texts of the markup (`data-text`) and the names of its controls (`data-label`) into the page's language. */
export function translateMarkup(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = text(element.dataset.text as Key)
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) {
    const label = text(element.dataset.label as Key)
    element.setAttribute('aria-label', label)
    if (element.matches('button, select, input, [title]')) element.title = label
    if (element instanceof HTMLInputElement) element.placeholder = text(element.dataset.hint as Key)
  }
}
