import { answerAlltick, dismiss, type Rules } from './alltick.ts'
import type { Board } from './board.ts'
import type { Client } from './client.ts'
import type { Dialect } from './dialect.ts'
import { answerInfoway, dismissInfoway, greetInfoway } from './infoway.ts'
import { answerTutorial } from './tutorial.ts'

/** How a dialect's server speaks with a client. */
interface Conversation {
  greet(client: Client): void
  /** Answers one message. @param now monotonic time, ms */
  answer(client: Client, board: Board, rules: Rules, text: string, now: number): void
  /** Closes a connection beyond those of the plan. */
  dismiss(client: Client): void
  /** Closes a connection without heartbeat. @param words for people */
  giveUp(client: Client, words: string): void
}

export const CONVERSATIONS: Readonly<Record<Dialect, Conversation>> = {
  alltick: { greet: () => {}, answer: answerAlltick, dismiss: (client) => dismiss(client), giveUp: hangUp },
  tutorial: {
    greet: () => {},
    answer: (client, board, _, text) => answerTutorial(client, board, text),
    dismiss: (client) => dismiss(client),
    giveUp: hangUp,
  },
  infoway: {
    greet: greetInfoway,
    answer: answerInfoway,
    dismiss: (client) => dismissInfoway(client, 512, 'Connection quantity exceeded'),
    giveUp: (client, words) => dismissInfoway(client, 513, words),
  },
}

function hangUp(client: Client, words: string): void {
  client.close(1008, words)
}
