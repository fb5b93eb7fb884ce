import type { Tone } from './figures.ts'

/** The element that the page's markup has under this id. @throws Error when it has none: page and script are of one build */
export function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`no element "${id}"`)
  return found as E
}

/** Makes an element. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** Gives a parent these children in this order, touching those alone that stand elsewhere: the others keep what they are about. */
export function arrange(parent: Element, children: readonly Element[]): void {
  for (const [i, child] of children.entries()) {
    const standing = parent.children[i]
    if (standing !== child) parent.insertBefore(child, standing ?? null)
  }
  while (parent.children.length > children.length) parent.lastElementChild!.remove()
}

/** An element whose text and colour are written only when they change: writing costs layout, comparing does not. */
export class Field {
  readonly element: HTMLElement
  readonly #node = document.createTextNode('')
  #text = ''
  #tone: string | undefined

  constructor(element: HTMLElement) {
    this.element = element
    element.replaceChildren(this.#node)
  }

  set(text: string, tone?: Tone): void {
    if (text !== this.#text) {
      this.#text = text
      this.#node.data = text
    }
    if (tone === this.#tone) return
    this.#tone = tone
    if (tone === undefined) delete this.element.dataset.tone
    else this.element.dataset.tone = tone
  }
}
