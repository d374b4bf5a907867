// @ts-check
// Sends hostile input to all servers and clients. Run: npm run fuzz -- [--seed N] [--seconds N] [--short]
import { ControlClients } from './control-clients.js'
import { LiveMessages } from './fuzz/live-messages.js'
import { LyingServers } from './fuzz/lying-servers.js'
import { RawHandshakes } from './fuzz/raw-handshakes.js'
import { WallClockPackets } from './fuzz/wall-clock-packets.js'
import { countHandles, grows, measureMemory } from './resources.js'
import { Television } from './television.js'
import { runTrial } from './trial.js'

/** Number of inputs of each kind, over all rounds. */
const FULL = { rounds: 20, packets: 1_000_000, messages: 100_000, handshakes: 10_000, lies: 10_000 }
const SHORT = { rounds: 2, packets: 6000, messages: 1500, handshakes: 150, lies: 200 }
/** Maximum growth in megabytes from the first third of the rounds to the last, including the records of the trial itself. */
const HEAP_GROWTH = 4

/** @typedef {import('./trial.js').Trial} Trial */

/** @param {Television} television @param {ControlClients} control */
function openConnections(television, control) {
  return Object.entries(television.servers).map(
    ([name, { statistics }]) => statistics.open - control.connections[/** @type {'cii'} */ (name)],
  )
}

/** @param {Record<string, number>} counts */
const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0)

/**
 * Checks that the counters of each server match the input.
 * @param {Trial} trial @param {Television} television @param {ControlClients} control @param {WallClockPackets} packets @param {LiveMessages} messages @param {RawHandshakes} handshakes
 */
function checkCounters(trial, television, control, packets, messages, handshakes) {
  const { requests, answers, dropped, sendErrors, socketErrors } = television.app.wallClockServer.statistics
  trial.expectEqual('UDP requests = answers + dropped', requests, answers + sum(dropped))
  trial.expectEqual('UDP requests', requests, packets.sent + control.answersExpected)
  trial.expectEqual('UDP answers', answers, packets.answers + control.wallClockAnswers)
  trial.expectEqual('UDP packets dropped', { ...dropped }, { ...dropped, ...packets.dropped })
  trial.expectEqual(
    'UDP errors',
    [sendErrors, socketErrors, dropped['handler-error'], dropped['send-error']],
    [0, 0, 0, 0],
  )
  for (const name of /** @type {const} */ (['cii', 'ts', 'wc'])) {
    const { statistics } = television.servers[name]
    const expected = messages.expected[name]
    const raw = handshakes.counts
    const own = control.connections[name]
    const requestsInFrames = name === 'wc' ? raw.requests : 0
    trial.expectEqual(
      `${name}: connections`,
      statistics.connected,
      messages.connections[name] + raw.connected[name] + own,
    )
    trial.expectEqual(`${name}: connections ended`, statistics.disconnected, statistics.connected - statistics.open)
    // Includes the setup-data of the control clients of CSS-TS.
    const ownMessages = name === 'ts' ? own : 0
    // Messages after the start of a closing handshake are read but not counted.
    const counted = expected.messagesIn - expected.unread
    trial.expectEqual(`${name}: messages`, statistics.messagesIn, counted + requestsInFrames + ownMessages)
    trial.expectEqual(`${name}: dropped`, statistics.dropped, {
      ...Object.fromEntries(Object.keys(statistics.dropped).map((reason) => [reason, 0])),
      ...expected.dropped,
      'too-large': raw.tooLarge[name],
      'broken-frame': raw.broken[name],
      ignored: expected.dropped.ignored ?? 0,
    })
    trial.expectEqual(`${name}: hooks that failed`, statistics.hookErrors, 0)
    const acted = expected.setup + expected.presentation + expected.answer
    trial.expectEqual(
      `${name}: messages = acted upon + dropped + after the end`,
      expected.messagesIn,
      acted + sum(expected.dropped) + expected.unread,
    )
  }
  const { ts } = television
  trial.expectEqual('ts: setup-data', ts.setups, messages.expected.ts.setup + control.connections.ts)
  trial.expectEqual('ts: presentation timestamps', ts.presentations, messages.expected.ts.presentation)
  trial.expectEqual(
    'wc: answers',
    television.servers.wc.statistics.messagesOut,
    messages.expected.wc.answer + handshakes.counts.requests,
  )
}

/** Checks that only the control clients are connected. @param {Trial} trial @param {Television} television @param {ControlClients} control */
function checkPlaces(trial, television, control) {
  for (const [name, server] of Object.entries(television.servers)) {
    const own = control.connections[/** @type {'cii'} */ (name)]
    trial.expectEqual(`${name}: connections that are left`, server.connections.size, own)
    const { maxConnections } = server
    server.maxConnections = own
    trial.expect(!server.canAllocateConnection(), () => `${name} has lost count of its places`)
    server.maxConnections = own + 1
    trial.expect(server.canAllocateConnection(), () => `${name} holds places for nobody`)
    server.maxConnections = maxConnections
  }
}

await runTrial('fuzz', { seconds: 180 }, async (trial) => {
  const plan = trial.isShort ? SHORT : FULL
  const bare = countHandles()
  const television = await Television.start()
  const control = new ControlClients(trial, television)
  await control.start()
  const packets = new WallClockPackets(trial, television.udpPort, () => television.app.wallClock.nanos())
  await packets.open()
  const messages = new LiveMessages(trial, television)
  const handshakes = new RawHandshakes(trial, television.port)
  const liars = new LyingServers(trial)
  const share = (/** @type {number} */ count) => Math.ceil(count / plan.rounds)
  const handles = countHandles()
  /** @type {number[]} */
  const heaps = []
  let rounds = 0
  while (rounds < plan.rounds && !trial.timeIsUp && !trial.failed) {
    const random = trial.random.fork(100 + rounds)
    await Promise.all([
      packets.send(random.fork(0), share(plan.packets)),
      messages.send(random.fork(1), share(plan.messages)),
      handshakes.make(random.fork(2), share(plan.handshakes)),
      liars.lie(random.fork(3), share(plan.lies)),
    ])
    if (trial.failed) break
    rounds += 1
    await trial.until('the hostile connections end', () =>
      openConnections(television, control).every((open) => open === 0),
    )
    await trial.until(
      'the handles are those of before',
      () => JSON.stringify(countHandles()) === JSON.stringify(handles),
    )
    checkPlaces(trial, television, control)
    const { heap } = await measureMemory()
    heaps.push(heap)
    const done = `${packets.sent} packets, ${messages.sent} messages, ${handshakes.made} handshakes, ${liars.messages + liars.answers} lies`
    if (!trial.isShort) console.log(`round ${rounds}: ${done}; heap ${heap.toFixed(1)} MB`)
  }
  if (!trial.failed) {
    await control.settle()
    checkCounters(trial, television, control, packets, messages, handshakes)
  }
  trial.expect(
    !grows(heaps, HEAP_GROWTH),
    () => `the heap grows: ${heaps.map((heap) => heap.toFixed(1)).join(', ')} MB`,
  )
  packets.close()
  await control.stop()
  await television.close()
  await trial.until('all handles are closed in the end', () => JSON.stringify(countHandles()) === JSON.stringify(bare))
  if (trial.failed) console.log(`handles: ${JSON.stringify(bare)} before, ${JSON.stringify(countHandles())} after`)
  console.log(
    `sent: ${packets.sent} wall clock packets (${packets.answers} answered), ${messages.sent} messages, ${handshakes.made} handshakes`,
  )
  console.log(
    `lies to clients: ${liars.messages} messages, ${liars.answers} wall clock answers, ${liars.handshakes} handshakes`,
  )
  console.log(
    `control clients: ${control.wallClockAnswers} wall clock answers, ${control.states} states, ${control.timings} timestamps, all right`,
  )
  console.log(
    `state changes meanwhile: ${television.changes}; heap after each round: ${heaps.map((heap) => heap.toFixed(1)).join(', ')} MB`,
  )
  if (rounds < plan.rounds && !trial.failed) console.log(`time limit reached after ${rounds} of ${plan.rounds} rounds`)
})
