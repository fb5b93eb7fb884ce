/** A bug as somebody could write it, and the tests that must not let it pass. */
export interface Bug {
  readonly name: string
  /** Below src/core. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Below test. */
  readonly tests: readonly string[]
}

const FEED = ['connection/feed.test.ts']
const GAPS = ['connection/gaps.test.ts']
const LOST_DATA = ['queue/lost-data.test.ts']
const SIMULATION = ['simulation/simulation.test.ts']
const SQLITE = ['storage/sqlite.test.ts']

export const BUGS: readonly Bug[] = [
  {
    name: 'acknowledged before the commit',
    file: 'storage/writer.ts',
    find: `        const written = await write(events)
        onWritten?.(events, written)`,
    replace: `        onWritten?.(events, { stored: events.length, duplicates: 0 })
        await write(events)`,
    tests: ['storage/writer.test.ts'],
  },
  {
    name: 'the commit is not waited for',
    file: 'storage/writer.ts',
    find: 'const written = await sink.write(events)',
    replace: `void sink.write(events)
    const written = { stored: events.filter(({ type }) => type === 'tick').length, duplicates: 0 }`,
    tests: SIMULATION,
  },
  {
    name: 'what is at hand when the source ends is thrown away',
    file: 'storage/writer.ts',
    find: 'if (more === undefined || more.done) break',
    replace: `if (more?.done) return
        if (more === undefined) break`,
    tests: ['storage/writer.test.ts'],
  },
  {
    name: 'one trade a millisecond, whatever its number',
    file: 'storage/sqlite/write-ticks.ts',
    find: '      let { seq } = tick\n',
    replace: '      let { seq } = tick\n      if (tick.timestamp === tip.time && source === tip.source) continue\n',
    tests: SQLITE,
  },
  {
    name: 'the same number is the same trade, whatever its price',
    file: 'storage/sqlite/write-ticks.ts',
    find: 'return price === tick.last_price && volume === tick.volume',
    replace: 'return price > 0 || volume === null',
    tests: SQLITE,
  },
  {
    name: 'the checkpoint is written behind the transaction',
    file: 'storage/sqlite/transactions.ts',
    find: 'records.checkpoints(symbol, fresh, now())',
    replace: 'queueMicrotask(() => records.checkpoints(symbol, fresh, now()))',
    tests: SQLITE,
  },
  {
    name: 'what was undone is still in mind',
    file: 'storage/sqlite/transactions.ts',
    find: `    } catch {}
    this.#forget()`,
    replace: '    } catch {}',
    tests: SQLITE,
  },
  {
    name: 'a minute is summed twice',
    file: 'storage/sqlite/transactions.ts',
    find: 'minutes.add(symbol, fresh)',
    replace: `minutes.add(symbol, fresh)
    if (list.length > 1) minutes.add(symbol, fresh)`,
    tests: SQLITE,
  },
  {
    name: 'coverage goes back',
    file: 'storage/sqlite/write-records.ts',
    find: ' WHERE excluded.until > until',
    replace: '',
    tests: SQLITE,
  },
  {
    name: 'nothing is subscribed after a reconnect',
    file: 'connection/link.ts',
    find: '    subscription.reconnected()\n',
    replace: '',
    tests: SIMULATION,
  },
  {
    name: 'no heartbeat is sent',
    file: 'connection/pulse.ts',
    find: `
        this.#options.run(this.#beat())
      }
      const end`,
    replace: `
      }
      const end`,
    tests: FEED,
  },
  {
    name: 'an unanswered heartbeat is ignored',
    file: 'connection/pulse.ts',
    find: 'if (this.#owedSince === null || at',
    replace: 'if (this.#owedSince !== null || at',
    tests: FEED,
  },
  {
    name: 'two frames at once',
    file: 'connection/gate.ts',
    find: `      await this.#clock.sleep(wait, signal)
    this.#freeAt = this.#clock.monotonic() + this.#gapMs`,
    replace: '      await this.#clock.sleep(wait, signal)',
    tests: ['connection/backoff.test.ts'],
  },
  {
    name: 'reconnects without a floor',
    file: 'connection/backoff.ts',
    find: 'Math.max(this.floorLeft(at), jitter)',
    replace: 'jitter',
    tests: ['connection/backoff.test.ts'],
  },
  {
    name: 'the watchdog sleeps',
    file: 'connection/watchdog.ts',
    find: 'return Math.min(MINUTE, limit - this.#silence(now, at))',
    replace: 'return Math.min(MINUTE, limit + 0 * this.#silence(now, at))',
    tests: ['connection/watchdog.test.ts'],
  },
  {
    name: 'lunch is silence',
    file: 'connection/watchdog.ts',
    find: '.continuous.find(({ open, close }) =>',
    replace: '.phases.find(({ open, close }) =>',
    tests: ['connection/watchdog.test.ts'],
  },
  {
    name: 'a gap begins at the loss, not at the last tick',
    file: 'connection/gaps.ts',
    find: 'const from = start === null ? timestamp : ',
    replace: 'const from = start === null ? loss.at : ',
    tests: GAPS,
  },
  {
    name: 'a mute connection had lost nothing until it was given up',
    file: 'connection/gaps.ts',
    find: 'live ? loss.heard : ',
    replace: 'live ? loss.at : ',
    tests: [...GAPS, ...FEED],
  },
  {
    name: 'a first tick of the same millisecond is taken for the last one again',
    file: 'connection/gaps.ts',
    find: 'const isNewer = byTimeAndSeq(tick, track) > 0',
    replace: 'const isNewer = tick.timestamp > track.timestamp || byTimeAndSeq(tick, track) > Infinity',
    tests: GAPS,
  },
  {
    name: 'a time of years to come is the newest one for ever',
    file: 'connection/gaps.ts',
    find: 'if (isAhead) track.timestamp = known',
    replace: 'if (isAhead) continue',
    tests: GAPS,
  },
  {
    name: 'the first trade alone tells whether a feed is live',
    file: 'connection/gaps.ts',
    find: 'if (this.#live !== true && tick.received_at !== null)',
    replace: 'if (this.#live === null && tick.received_at !== null)',
    tests: GAPS,
  },
  {
    name: 'a row of damage ends where coverage does',
    file: 'storage/journal/spill.ts',
    find: 'const next = events.find(isTimed)?.timestamp ?? written[1]',
    replace: 'const next = (events[0] as { timestamp?: number })?.timestamp ?? written[1]',
    tests: ['storage/journal/spill.test.ts'],
  },
  {
    name: 'a store that was removed is written to',
    file: 'storage/sqlite/store.ts',
    find: '    this.#writing(this.#files).check()\n',
    replace: '',
    tests: ['storage/sqlite/in-place.test.ts'],
  },
  {
    name: 'what is told of the time of a lost connection has a wrong time',
    file: 'validation/validator.ts',
    find: 'else if (!isToldLate(state, tick, receivedAt)) flag',
    replace: 'else flag',
    tests: ['validation/validator.test.ts'],
  },
  {
    name: 'a store that ends before another does lacks nothing',
    file: 'holes/behind.ts',
    find: 'if (!isBehind(known, furthest)) return []',
    replace: 'if (isBehind(known, furthest)) return []',
    tests: ['holes/behind.test.ts'],
  },
  {
    name: 'a journal that was removed takes more',
    file: 'storage/journal/journal.ts',
    find: 'if (!isInPlace(this.#file, this.#pathOf(segment))) throw',
    replace: 'if (this.#file < 0) throw',
    tests: ['storage/journal/journal.test.ts'],
  },
  {
    name: 'a late start is no gap',
    file: 'connection/gaps.ts',
    find: "} else if (start === 'late_start' && live) {",
    replace: "} else if (start === 'late_start' && live && watched === null) {",
    tests: GAPS,
  },
  {
    name: 'covered in spite of a hole that is open',
    file: 'connection/gaps.ts',
    find: 'if (watched === null || loss !== null) return false',
    replace: 'if (watched === null) return false',
    tests: [...GAPS, ...FEED],
  },
  {
    name: 'coverage is told before what it covers can have come',
    file: 'connection/coverage.ts',
    find: '    this.#upTo(this.#clock.now() - ARRIVAL)\n',
    replace: '    this.#upTo(this.#clock.now())\n',
    tests: FEED,
  },
  {
    name: 'what was missed asleep is judged by the time of waking',
    file: 'connection/feed-teller.ts',
    find: 'this.gaps.lost(cause, since, Math',
    replace: 'this.gaps.lost(cause, this.#clock.now(), Math',
    tests: FEED,
  },
  {
    name: 'the end of a run covers what is still under way',
    file: 'connection/coverage.ts',
    find: 'this.#aliveAt === null ? now : now - (this.#clock.monotonic() - this.#aliveAt) - ARRIVAL',
    replace: 'now',
    tests: FEED,
  },
  {
    name: 'coverage is told while a paused socket holds back what it covers',
    file: 'connection/coverage.ts',
    find: '    if (this.#resumedAt !== NOT_BEHIND) return\n',
    replace: '',
    tests: FEED,
  },
  {
    name: 'a slow clock covers a restart',
    file: 'connection/gaps.ts',
    find: 'return now > timestamp && missedBy(',
    replace: 'return missedBy(',
    tests: GAPS,
  },
  {
    name: 'the holes that are open at the end are not written',
    file: 'connection/feed-teller.ts',
    find: '    this.#channel.pushAll(this.gaps.end(now))\n',
    replace: '    this.gaps.end(now)\n',
    tests: FEED,
  },
  {
    name: 'a full channel drops',
    file: 'pipeline/channel.ts',
    find: 'if (this.#closed || events.length === 0) return',
    replace: 'if (this.#closed || events.length === 0 || this.full) return',
    tests: ['pipeline/steps.test.ts', ...FEED],
  },
  {
    name: 'a full channel does not stop the socket',
    file: 'connection/feed.ts',
    find: '    this.#link?.pause()\n',
    replace: '',
    tests: FEED,
  },
  {
    name: 'messages that nobody can read keep the watchdog quiet',
    file: 'connection/intake.ts',
    find: 'if (isBook || received.some(isUnderstood))',
    replace: 'if (isBook || received.length > 0)',
    tests: FEED,
  },
  {
    name: 'a paused socket is never read again',
    file: 'pipeline/channel.ts',
    find: '          if (batch.length >= this.#capacity) this.#onDrain?.()\n',
    replace: '',
    tests: ['pipeline/steps.test.ts', ...FEED],
  },
  {
    name: 'the end throws away what was received',
    file: 'pipeline/channel.ts',
    find: `  close(): void {
    this.#closed = true`,
    replace: `  close(): void {
    this.#queue = []
    this.#closed = true`,
    tests: ['pipeline/steps.test.ts'],
  },
  {
    name: 'sequence numbers are doubles',
    file: 'connection/wire.ts',
    find: 'return exact <= MAX_SEQ ? exact : null',
    replace: 'return exact <= MAX_SEQ ? number : null',
    tests: ['connection/wire.test.ts'],
  },
  {
    name: 'ordinals go on from one connection to the next',
    file: 'connection/vendors/tutorial.ts',
    find: 'readonly #ordinals = new Ordinals()',
    replace: `get #ordinals(): Ordinals {
    return (TutorialDecoder as { kept?: Ordinals }).kept ??= new Ordinals()
  }`,
    tests: ['connection/vendors/tutorial.test.ts'],
  },
  {
    name: 'a code that means slower ends the recording',
    file: 'connection/vendors/alltick/replies.ts',
    find: "606: 'backoff'",
    replace: "606: 'fatal'",
    tests: ['connection/vendors/alltick.test.ts'],
  },
  {
    name: 'a frame whose header was cut between two reads is read past its end',
    file: 'connection/fast-lane.ts',
    find: 'chunk.length : size - begun',
    replace: 'chunk.length : size',
    tests: ['connection/fast-lane.test.ts'],
  },
  {
    name: 'the quarantine forgets the payload',
    file: 'validation/admit.ts',
    find: 'const text = cut(raw.toString())',
    replace: "const text = ''",
    tests: ['validation/admit.test.ts'],
  },
  {
    name: 'a new store that was locked at once is opened again',
    file: 'storage/deferred-store.ts',
    find: 'this.#store ??= await this.#open()',
    replace: 'this.#store = await this.#open()',
    tests: ['storage/deferred-store.test.ts'],
  },
  {
    name: 'holes that nobody fills are kept in mind for ever',
    file: 'holes/background.ts',
    find: 'if (waiting.gaps.length > MOST)',
    replace: 'if (waiting.gaps.length > Number.POSITIVE_INFINITY)',
    tests: ['holes/refill.test.ts'],
  },
  {
    name: 'a hole of an earlier run that was filled makes one of this run none',
    file: 'recorder.ts',
    find: 'if (open.delete(gap)) holes--',
    replace: 'holes--',
    tests: ['holes/recorded.test.ts'],
  },
  {
    name: 'sleep is none of Longbridge',
    file: 'connection/longbridge/feed.ts',
    find: 'this.#doubtedSince ??= since',
    replace: 'return',
    tests: ['connection/longbridge.test.ts'],
  },
  {
    name: 'a mute feed is well as long as it is connected',
    file: 'monitor/verdict.ts',
    find: 'if (ms < limit || (lines.length > 0',
    replace: 'if (lines.length > 0 || (lines.length > 0',
    tests: ['monitor/verdict.test.ts'],
  },
  {
    name: 'a full disk is nothing to fail for',
    file: 'monitor/verdict.ts',
    find: "finding('store_paused', 'failing'",
    replace: "finding('store_paused', 'degraded'",
    tests: ['monitor/verdict.test.ts'],
  },
  {
    name: 'lunch counts as silence',
    file: 'monitor/quiet.ts',
    find: 'if (!isTrading || received > this.#received) this.#heardAt = at',
    replace: 'if (received > this.#received) this.#heardAt = at',
    tests: ['monitor/figures.test.ts'],
  },
  {
    name: 'quantiles of health are those of the whole run',
    file: 'monitor/recorder-watch.ts',
    find: '[vitals.latency.since(before.latency), vitals.commit.since(before.commit)]',
    replace: '[vitals.latency, vitals.commit]',
    tests: ['monitor/recorder-watch.test.ts'],
  },
  {
    name: 'a write that is over is told to wait still',
    file: 'storage/writer.ts',
    find: '    underWay = null\n',
    replace: '',
    tests: ['storage/writer.test.ts'],
  },
  {
    name: 'a container has the memory of its host',
    file: 'monitor/linux.ts',
    find: 'Math.min(memory.limit, group.memory?.limit ?? memory.limit)',
    replace: 'memory.limit',
    tests: ['monitor/machine.test.ts'],
  },
  {
    name: 'a limit of the slice around a service is not seen',
    file: 'monitor/cgroup.ts',
    find: '[...steps.keys(), steps.length].reverse()',
    replace: '[steps.length]',
    tests: ['monitor/machine.test.ts'],
  },
  {
    name: 'health is answered under any name that is bent to this machine',
    file: 'monitor/health-server.ts',
    find: "name === '' || isWildcard(host)",
    replace: 'name !== host || isWildcard(host)',
    tests: ['monitor/health-server.test.ts'],
  },
  {
    name: 'health that a store cannot take is lost',
    file: 'monitor/keeper.ts',
    find: 'if (!(await put(some.flat(), clock.now() - KEPT))) return',
    replace: 'await put(some.flat(), clock.now() - KEPT)',
    tests: ['monitor/keeping.test.ts'],
  },
  {
    name: 'a queue that was emptied is believed to be the same',
    file: 'queue/redis/reader.ts',
    find: 'return isMade || isBehind',
    replace: 'return isBehind',
    tests: LOST_DATA,
  },
  {
    name: 'an entry of a new queue is taken for one of the old',
    file: 'queue/source.ts',
    find: 'this.#given.forget()',
    replace: '',
    tests: LOST_DATA,
  },
  {
    name: 'the hole of a lost backlog begins now',
    file: 'queue/source.ts',
    find: 'this.#soundAt = reader.isDrained ? asked : (earliestTrade(batch.events) ?? this.#soundAt)',
    replace: 'this.#soundAt = asked',
    tests: LOST_DATA,
  },
  {
    name: 'the hole of messages that were dropped begins when the rest is taken',
    file: 'queue/source.ts',
    find: 'const batch = this.#open(entries)',
    replace: 'this.#soundAt = asked\n        const batch = this.#open(entries)',
    tests: ['queue/channel.test.ts'],
  },
  {
    name: 'a line that a crash has torn takes the next trade with it',
    file: 'storage/append.ts',
    find: "if (buffer[0] !== LINE_FEED) await file.appendFile('\\n')",
    replace: '',
    tests: ['storage/file-memory.test.ts'],
  },
  {
    name: 'what a full InfluxDB shows from its memory passes for stored',
    file: 'storage/influxdb/unsure.ts',
    find: 'if (isFull(error)) UNSURE.set(nameOf(wire.target), lines)',
    replace: '',
    tests: ['storage/influxdb/server.test.ts'],
  },
  {
    name: 'a copied hole passes for backfilled before its minutes are there',
    file: 'storage/sorted.ts',
    find: "return gap.filled_by === 'backfill' ? { ...gap, filled_by: null } : gap",
    replace: 'return gap',
    tests: ['storage/sqlite.test.ts'],
  },
  {
    name: 'a hole of which only some minutes are copied passes for backfilled',
    file: 'storage/carry.ts',
    find: 'minuteOf(gap.from) >= since && gap.to < until',
    replace: 'gap.from >= since',
    tests: ['storage/carry.test.ts'],
  },
  {
    name: 'a reader that stands still stops the recording in silence',
    file: 'storage/stalled.ts',
    find: 'if (ended.aborted) return',
    replace: 'return',
    tests: ['storage/stalled.test.ts'],
  },
]
