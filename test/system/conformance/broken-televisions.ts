import {
  CONTENT_ID,
  type Message,
  NOT_AVAILABLE,
  PTS,
  readTime,
  type SeamedTelevision,
  type Seams,
  send,
  writeTime,
} from './seamed-television.js'

/** When something happens to what is played: after a connection has been observed for a moment. */
const SOON_MILLIS = 150

const timeline = (properties: object, selector: unknown = PTS) => ({
  timelineSelector: selector,
  timelineProperties: properties,
})
const RATE = { unitsPerTick: 1, unitsPerSecond: 90_000 }

/** Changes the first CII message of each connection. */
const cii = (change: Message): Seams => ({ cii: (message) => ({ ...message, ...change }) })
const ciiWithout = (name: string): Seams => ({
  cii: (message) => Object.fromEntries(Object.entries(message).filter(([key]) => key !== name)),
})
/** Changes each control timestamp with a position. */
const ts = (change: (timestamp: Message) => unknown): Seams => ({
  timestamp: (timestamp) => (timestamp.contentTime === null ? timestamp : change(timestamp)),
})
/** Changes each response. */
const wc = (change: (response: Buffer, request: Buffer, count: number) => void): Seams => ({
  responses: (response, request, count) => {
    change(response, request, count)
    return [response]
  },
})
/** Changes what is played without a message, during the observation of the first connection to CSS-TS. */
const untold = (change: (television: SeamedTelevision) => void, start?: Seams['start']): Seams => ({
  ...(start === undefined ? {} : { start }),
  afterSetup: (_socket, television, { connection }) => {
    if (connection === 1) television.later(SOON_MILLIS, () => change(television))
  },
})
const endpoint = (name: 'cii' | 'ts') => (each: string) => each === name
const isRequest = (datagram: Buffer) => datagram.length === 32 && datagram[0] === 0 && datagram[1] === 0
const isOrdinary = ({ selector, stem, connection }: { selector: unknown; stem: unknown; connection: number }) =>
  selector === PTS && stem === '' && connection > 0

/** Each with one fault, and the rules that it violates. */
export const BROKEN_TELEVISIONS: readonly (readonly [fault: string, seams: Seams, rules: readonly string[]])[] = [
  // CSS-CII: connections
  [
    'closes CSS-CII after the first message',
    {
      afterCii: (socket, television, connection) => connection === 1 && television.later(50, () => socket.close(1000)),
    },
    ['cii-kept-open'],
  ],
  ['answers no pings on CSS-CII', { answersPings: endpoint('ts') }, ['cii-ping-answered']],
  [
    'answers a GET to CSS-CII with 500',
    { plainGetStatus: (each) => (each === 'cii' ? 500 : 426) },
    ['cii-plain-get-refused'],
  ],
  [
    'upgrades CSS-CII to any WebSocket version',
    { acceptsUnknownVersion: endpoint('cii') },
    ['cii-unknown-version-refused'],
  ],
  [
    'drops a CSS-CII connection that sends a binary frame',
    {
      received: (each, _data, isBinary, socket) => {
        if (each === 'cii' && isBinary) socket.terminate()
        return false
      },
    },
    ['cii-client-messages-ignored'],
  ],
  [
    'crashes on text that is not JSON on CSS-CII',
    { crashesOn: ({ message }) => message === 'dvbcss check {' },
    ['cii-survives'],
  ],
  [
    'crashes on deeply nested JSON',
    { crashesOn: ({ message }) => message?.startsWith('[[[') === true },
    ['cii-survives'],
  ],
  ['crashes on a GET without an upgrade', { crashesOn: ({ http }) => http !== undefined }, ['cii-survives']],
  // CSS-CII: messages
  ['sends no CII message', { cii: () => undefined }, ['cii-first-message-sent']],
  [
    'sends the first CII message late',
    {
      cii: () => undefined,
      afterCii: (socket, television) => television.later(1500, () => send(socket, television.cii)),
    },
    ['cii-first-message-sent'],
  ],
  ['sends CII in binary frames', { cii: (message) => Buffer.from(JSON.stringify(message)) }, ['cii-json-text']],
  [
    'sends "pairingcompleted" before the first CII message',
    { cii: () => 'pairingcompleted', afterCii: (socket, television) => send(socket, television.cii) },
    ['cii-json-text'],
  ],
  ['sends CII that is not JSON', { cii: () => '{"protocolVersion":"1.1",}' }, ['cii-json-text']],
  [
    'sends a list after the first CII message',
    { afterCii: (socket) => send(socket, '[{"contentId":null}]') },
    ['cii-json-text'],
  ],
  [
    'leaves the timelines out for companions that connect later',
    { cii: ({ timelines, ...others }, connection) => (connection === 1 ? { ...others, timelines } : others) },
    ['cii-first-message-complete'],
  ],
  [
    'sends the tsUrl in a second message',
    {
      cii: ({ tsUrl, ...others }) => others,
      afterCii: (socket, television) => television.later(20, () => send(socket, { tsUrl: television.cii.tsUrl })),
    },
    ['cii-first-message-complete'],
  ],
  ['sends no protocolVersion', ciiWithout('protocolVersion'), ['cii-protocol-version']],
  ['sends protocolVersion as a number', cii({ protocolVersion: 1.1 }), ['cii-protocol-version']],
  ['states another protocolVersion', cii({ protocolVersion: '1.0' }), ['cii-protocol-version']],
  [
    'changes the content id without a message',
    {
      afterCii: (_socket, television, connection) => {
        if (connection !== 1) return
        television.later(SOON_MILLIS, () => Object.assign(television.cii, { contentId: `${CONTENT_ID}#2` }))
      },
    },
    ['cii-changes-sent'],
  ],
  [
    'changes presentationStatus without a message',
    {
      afterCii: (_socket, television, connection) => {
        if (connection !== 1) return
        television.later(SOON_MILLIS, () => Object.assign(television.cii, { presentationStatus: 'fault' }))
      },
    },
    ['cii-changes-sent'],
  ],
  [
    'adds a timeline without a message',
    {
      afterCii: (_socket, television, connection) => {
        if (connection !== 1) return
        const timelines = [timeline(RATE), timeline({ unitsPerTick: 1, unitsPerSecond: 1000 }, 'urn:x:second')]
        television.later(SOON_MILLIS, () => Object.assign(television.cii, { timelines }))
      },
    },
    ['cii-changes-sent'],
  ],
  [
    'repeats its CII message',
    { afterCii: (socket, television) => send(socket, television.cii) },
    ['cii-later-messages-well-formed'],
  ],
  ['misspells mrsUrl', cii({ msrUrl: 'https://mrs.example/' }), ['cii-property-names']],
  ['writes contentID in another case', cii({ contentID: CONTENT_ID }), ['cii-property-names']],
  // CSS-CII: values
  ['sends contentId without its status', ciiWithout('contentIdStatus'), ['cii-content-id-status']],
  ['sends a null contentIdStatus', cii({ contentIdStatus: null }), ['cii-content-id-status']],
  ['states a contentIdStatus of "stable"', cii({ contentIdStatus: 'stable' }), ['cii-content-id-status']],
  [
    'sends a contentId with spaces',
    { ...cii({ contentId: 'BBC One HD' }), matches: matchesAnyStart },
    ['cii-content-id'],
  ],
  ['sends presentationStatus as a list', cii({ presentationStatus: ['okay'] }), ['cii-presentation-status']],
  ['sends two spaces in presentationStatus', cii({ presentationStatus: 'okay  urn:x' }), ['cii-presentation-status']],
  ['states a presentationStatus of "playing"', cii({ presentationStatus: 'playing' }), ['cii-presentation-status']],
  ['sends a wcUrl of http', cii({ wcUrl: 'http://127.0.0.1:6677/' }), ['cii-wc-url']],
  ['sends a wcUrl without a port', cii({ wcUrl: 'udp://127.0.0.1' }), ['cii-wc-url']],
  ['offers the wall clock over WebSockets alone', cii({ wcUrl: 'ws://127.0.0.1:7681/wc' }), ['cii-wc-url']],
  ['sends a tsUrl of http', cii({ tsUrl: 'http://127.0.0.1:7681/ts' }), ['cii-ts-url']],
  ['sends a relative teUrl', cii({ teUrl: '/te' }), ['cii-te-url']],
  ['sends mrsUrl as a number', cii({ mrsUrl: 7 }), ['cii-mrs-url']],
  ['sends no tsUrl', ciiWithout('tsUrl'), ['cii-endpoints-offered']],
  ['sends no wcUrl', ciiWithout('wcUrl'), ['cii-endpoints-offered']],
  ['sends a teUrl with a wildcard address', cii({ teUrl: 'ws://0.0.0.0:7681/te' }), ['cii-urls-reachable']],
  ['sends timelines as an object', cii({ timelines: timeline(RATE) }), ['cii-timelines']],
  [
    'sends a tick rate as strings',
    cii({ timelines: [timeline({ unitsPerTick: '1', unitsPerSecond: '90000' })] }),
    ['cii-timelines'],
  ],
  ['sends a tick rate of 0', cii({ timelines: [timeline({ unitsPerTick: 1, unitsPerSecond: 0 })] }), ['cii-timelines']],
  ['sends a null accuracy', cii({ timelines: [timeline({ ...RATE, accuracy: null })] }), ['cii-timelines']],
  ['lists a timeline without properties', cii({ timelines: [{ timelineSelector: PTS }] }), ['cii-timelines']],
  ['lists a timeline twice', cii({ timelines: [timeline(RATE), timeline(RATE)] }), ['cii-timelines-distinct']],
  ['sends private data without a type', cii({ private: [{ x: 1 }] }), ['cii-private']],
  ['sends private data as an object', cii({ private: { type: 'urn:x' } }), ['cii-private']],
  // CSS-TS: connections
  ['refuses CSS-TS with 403', { refuse: (each) => (each === 'ts' ? 403 : undefined) }, ['ts-connects']],
  [
    'closes the first CSS-TS connection',
    {
      afterSetup: (socket, television, { connection }) => {
        if (connection === 1) television.later(SOON_MILLIS, () => socket.close(1000))
      },
    },
    ['ts-kept-open'],
  ],
  ['answers no pings on CSS-TS', { answersPings: endpoint('cii') }, ['ts-ping-answered']],
  [
    'answers a GET to CSS-TS with 200',
    { plainGetStatus: (each) => (each === 'ts' ? 200 : 426) },
    ['ts-plain-get-refused'],
  ],
  [
    'upgrades CSS-TS to any WebSocket version',
    { acceptsUnknownVersion: endpoint('ts') },
    ['ts-unknown-version-refused'],
  ],
  ['sends on CSS-TS before setup-data', { onTsConnection: (socket) => send(socket, {}) }, ['ts-silent-before-setup']],
  ['answers no setup-data', { timestamp: () => undefined }, ['ts-answers-setup']],
  [
    'answers only the first companion',
    { timestamp: (timestamp, asked) => (isOrdinary(asked) && asked.connection === 2 ? undefined : timestamp) },
    ['ts-answers-setup'],
  ],
  ['lists a timeline that is not available', { matches: () => false }, ['ts-timeline-available']],
  // CSS-TS: changes
  [
    'jumps without a message',
    untold(({ playing }) => Object.assign(playing, { aheadTicks: 9000 })),
    ['ts-changes-told'],
  ],
  [
    'jumps back without a message',
    untold(({ playing }) => Object.assign(playing, { aheadTicks: -90_000 })),
    ['ts-changes-told'],
  ],
  ['pauses without a message', untold(({ playing }) => Object.assign(playing, { speed: 0 })), ['ts-changes-told']],
  [
    'plays at double speed without a message',
    untold(({ playing }) => Object.assign(playing, { speed: 2 })),
    ['ts-changes-told'],
  ],
  [
    'ends the timeline without a message',
    untold(({ playing }) => Object.assign(playing, { isAvailable: false })),
    ['ts-changes-told'],
  ],
  [
    'resumes without a message',
    untold(
      ({ playing }) => Object.assign(playing, { speed: 1 }),
      ({ playing }) => Object.assign(playing, { speed: 0 }),
    ),
    ['ts-changes-told'],
  ],
  // CSS-TS: setup-data
  [
    'compares contentIdStem with the whole content id',
    { matches: ({ selector, stem = '' }) => selector === PTS && (stem === '' || stem === CONTENT_ID) },
    ['ts-partial-stem-matches'],
  ],
  [
    'closes for setup-data without contentIdStem',
    { timestamp: (timestamp, { stem, socket }) => (stem === undefined ? void socket.close(1008) : timestamp) },
    ['ts-missing-stem-accepted'],
  ],
  [
    'gives no timeline to setup-data without contentIdStem',
    { matches: ({ selector, stem }) => selector === PTS && typeof stem === 'string' && CONTENT_ID.startsWith(stem) },
    ['ts-missing-stem-accepted'],
  ],
  [
    'answers any timelineSelector with PTS',
    { matches: ({ stem = '' }) => CONTENT_ID.startsWith(`${stem}`) },
    ['ts-unknown-selector-null'],
  ],
  [
    'does not answer an unknown timelineSelector',
    { timestamp: (timestamp, { selector }) => (selector === PTS ? timestamp : undefined) },
    ['ts-unknown-selector-null'],
  ],
  [
    'closes for an unknown timelineSelector',
    { timestamp: (timestamp, { selector, socket }) => (selector === PTS ? timestamp : void socket.close(1000)) },
    ['ts-unknown-selector-kept-open'],
  ],
  ['ignores contentIdStem', { matches: ({ selector }) => selector === PTS }, ['ts-wrong-stem-null']],
  [
    'closes for another contentIdStem',
    {
      timestamp: (timestamp, { stem = '', socket }) =>
        CONTENT_ID.startsWith(`${stem}`) ? timestamp : void socket.close(1000),
    },
    ['ts-wrong-stem-kept-open'],
  ],
  [
    'closes for presentation timestamps',
    {
      received: (each, data, isBinary, socket) => {
        const isPresenting = each === 'ts' && !isBinary && data.includes('minusinfinity')
        if (isPresenting) socket.close(1003)
        return isPresenting
      },
    },
    ['ts-presentation-timestamps-taken'],
  ],
  [
    'crashes on presentation timestamps',
    { crashesOn: ({ message }) => message?.includes('plusinfinity') === true },
    ['ts-survives'],
  ],
  [
    'crashes on an unknown timelineSelector',
    { crashesOn: ({ setup }) => setup !== undefined && setup.timelineSelector !== PTS },
    ['ts-survives'],
  ],
  [
    'drops a connection for rubbish before setup-data',
    {
      received: (each, _data, isBinary, socket, isSetUp) => {
        if (each === 'ts' && isBinary && !isSetUp) socket.terminate()
        return false
      },
    },
    ['ts-rubbish-before-setup'],
  ],
  [
    'drops a connection for rubbish after setup-data',
    {
      received: (each, _data, isBinary, socket, isSetUp) => {
        if (each === 'ts' && isBinary && isSetUp) socket.terminate()
        return false
      },
    },
    ['ts-rubbish-after-setup'],
  ],
  ['accepts no setup-data after rubbish', acceptsOnlyTheFirstMessage(), ['ts-setup-after-rubbish']],
  // CSS-TS: control timestamps
  ['sends control timestamps in binary frames', ts((each) => Buffer.from(JSON.stringify(each))), ['ts-json-text']],
  ['leaves wallClockTime out', ts(({ wallClockTime, ...others }) => others), ['ts-properties']],
  [
    'leaves out the times of a timeline that is not available',
    { timestamp: (each) => (each.contentTime === null ? { timelineSpeedMultiplier: null } : each) },
    ['ts-properties'],
  ],
  [
    'sends times as numbers',
    ts((each) => ({
      ...each,
      contentTime: Number(each.contentTime),
      wallClockTime: Number(each.wallClockTime),
    })),
    ['ts-integers-in-strings'],
  ],
  [
    'sends a contentTime with a fraction',
    ts((each) => ({ ...each, contentTime: `${each.contentTime}.5` })),
    ['ts-integers-in-strings'],
  ],
  [
    'sends times with leading zeros',
    ts((each) => ({ ...each, contentTime: `0${each.contentTime}` })),
    ['ts-integers-in-strings'],
  ],
  [
    'sends a null wallClockTime',
    { timestamp: (each) => (each.contentTime === null ? { ...each, wallClockTime: null } : each) },
    ['ts-integers-in-strings'],
  ],
  ['sends the speed as a string', ts((each) => ({ ...each, timelineSpeedMultiplier: '1' })), ['ts-speed-finite']],
  ['sends an infinite speed', ts((each) => JSON.stringify(each).replace(/:1}/, ':1e999}')), ['ts-speed-finite']],
  [
    'sends a null speed with a contentTime',
    ts((each) => ({ ...each, timelineSpeedMultiplier: null })),
    ['ts-null-together'],
  ],
  [
    'sends a speed with a null contentTime',
    {
      timestamp: (each) =>
        each.contentTime === null ? { ...each, ...NOT_AVAILABLE, timelineSpeedMultiplier: 1 } : each,
    },
    ['ts-null-together'],
  ],
  [
    'states the wall clock in microseconds',
    { timestamp: (each) => ({ ...each, wallClockTime: `${BigInt(`${each.wallClockTime}`) / 1000n}` }) },
    ['ts-wall-clock-time-near'],
  ],
  [
    'states times of another clock',
    {
      timestamp: (each) => ({
        ...each,
        wallClockTime: `${BigInt(`${each.wallClockTime}`) + 1_700_000_000_000_000_000n}`,
      }),
    },
    ['ts-wall-clock-time-near'],
  ],
  [
    'runs 5 % slow',
    ts((each) => ({ ...each, contentTime: `${Math.round(Number(each.contentTime) * 0.95)}` })),
    ['ts-drift'],
  ],
  ['lists another tick rate', cii({ timelines: [timeline({ unitsPerTick: 1, unitsPerSecond: 1000 })] }), ['ts-drift']],
  // CSS-WC: responses
  [
    'answers every second request',
    { responses: (response, _request, count) => (count % 2 === 0 ? [response] : []) },
    ['wc-answers'],
  ],
  ['answers no requests', { responses: () => [] }, ['wc-answers']],
  ['answers from another port', { answersFromElsewhere: true }, ['wc-answer-address']],
  ['answers with 33 bytes', { responses: (response) => [Buffer.concat([response, Buffer.alloc(1)])] }, ['wc-length']],
  ['answers with version 1', wc((response) => response.writeUInt8(1, 0)), ['wc-version']],
  ['fills the reserved byte', wc((response) => response.writeUInt8(255, 3)), ['wc-reserved']],
  ['answers with type 4', wc((response) => response.writeUInt8(4, 1)), ['wc-type']],
  ['answers twice', { responses: (response) => [response, response] }, ['wc-one-answer']],
  ['announces follow-ups that never come', wc((response) => response.writeUInt8(2, 1)), ['wc-follow-up-complete']],
  [
    'changes the receive time in the follow-up',
    withFollowUp((followUp) => writeTime(followUp, 16, readTime(followUp, 16) - 1000n)),
    ['wc-follow-up-complete'],
  ],
  [
    'states an earlier transmit time in the follow-up',
    withFollowUp((followUp) => writeTime(followUp, 24, readTime(followUp, 16))),
    ['wc-follow-up-complete'],
  ],
  ['does not repeat the originate time', wc((response) => response.fill(0, 8, 16)), ['wc-originate-echoed']],
  [
    'converts the originate time to a valid one',
    wc((response) => writeTime(response, 8, readTime(response, 8) % (0xffffffffn * 1_000_000_000n))),
    ['wc-originate-cookie'],
  ],
  [
    'ignores originate times that are not valid',
    { isRequest: (datagram) => isRequest(datagram) && datagram.readUInt32BE(12) < 1e9 },
    ['wc-originate-cookie'],
  ],
  [
    'ignores requests with a precision',
    { isRequest: (datagram) => isRequest(datagram) && datagram[2] === 0 },
    ['wc-request-fields-ignored'],
  ],
  // CSS-WC: the clock
  ['states a precision of 1 s', { precision: 0 }, ['wc-precision-plausible']],
  [
    'has a clock of milliseconds, and states microseconds',
    { wallClock: (nanos) => nanos - (nanos % 1_000_000n) },
    ['wc-precision-kept'],
  ],
  ['states a frequency error of 0', { maxFreqErrorPpm: 0 }, ['wc-max-freq-error-plausible']],
  ['states a frequency error of 0.5 %', { maxFreqErrorPpm: 5000 }, ['wc-max-freq-error-plausible']],
  [
    'writes nanoseconds above 10^9',
    wc((response) => {
      response.writeUInt32BE(response.readUInt32BE(16) - 1, 16)
      response.writeUInt32BE(response.readUInt32BE(20) + 1e9, 20)
    }),
    ['wc-nanoseconds-in-range'],
  ],
  [
    'states a transmit time before the receive time',
    wc((response) => writeTime(response, 24, readTime(response, 16) - 1_000_000n)),
    ['wc-transmit-not-before-receive'],
  ],
  [
    'states a processing time longer than the round trip',
    wc((response) => writeTime(response, 24, readTime(response, 16) + 300_000_000n)),
    ['wc-times-within-round-trip'],
  ],
  [
    'goes back by a second once',
    { wallClock: (nanos) => (nanos < 500_000_000n ? nanos : nanos - 400_000_000n) },
    ['wc-monotonic'],
  ],
  [
    'jumps ahead by 100 ms once',
    { wallClock: (nanos) => (nanos < 500_000_000n ? nanos : nanos + 100_000_000n) },
    ['wc-steady'],
  ],
  ['has a clock that runs 10 % fast', { wallClock: (nanos) => (nanos * 11n) / 10n }, ['wc-rate']],
  // CSS-WC: what is not a request
  [
    'answers any message type',
    { isRequest: (datagram) => datagram.length === 32 && datagram[0] === 0 },
    ['wc-type-unanswered'],
  ],
  [
    'answers any version',
    { isRequest: (datagram) => datagram.length === 32 && datagram[1] === 0 },
    ['wc-version-unanswered'],
  ],
  [
    'answers datagrams that are too long',
    { isRequest: (datagram) => datagram.length >= 32 && isRequest(datagram.subarray(0, 32)) },
    ['wc-long-unanswered'],
  ],
  [
    'answers datagrams that are too short',
    { isRequest: (datagram) => datagram.length === 31 || isRequest(datagram) },
    ['wc-short-unanswered'],
  ],
  ['crashes on a short datagram', { crashesOn: ({ datagram }) => datagram?.length === 16 }, ['wc-survives']],
  [
    'crashes on an originate time that is not valid',
    { crashesOn: ({ datagram }) => datagram?.length === 32 && datagram.readUInt32BE(12) >= 1e9 },
    ['wc-survives'],
  ],
]

function matchesAnyStart({ selector, stem = '' }: { selector: unknown; stem: unknown }): boolean {
  return selector === PTS && 'BBC One HD'.startsWith(`${stem}`)
}

function withFollowUp(change: (followUp: Buffer) => void): Seams {
  return {
    responses: (response) => {
      response.writeUInt8(2, 1)
      const followUp = Buffer.from(response)
      followUp.writeUInt8(3, 1)
      writeTime(followUp, 24, readTime(followUp, 24) + 1000n)
      change(followUp)
      return [response, followUp]
    },
  }
}

/** Of each connection to CSS-TS. */
function acceptsOnlyTheFirstMessage(): Seams {
  const used = new WeakSet<object>()
  return {
    received: (each, _data, _isBinary, socket) => {
      if (each !== 'ts') return false
      const isUsed = used.has(socket)
      used.add(socket)
      return isUsed
    },
  }
}

/** Correct in every way that the specification leaves open. */
export const CORRECT_TELEVISIONS: readonly (readonly [what: string, seams: Seams])[] = [
  ['plays', {}],
  [
    'sends each change',
    {
      afterCii: (_socket, television, connection) => {
        if (connection !== 1) return
        television.later(SOON_MILLIS, () => {
          Object.assign(television.cii, { contentIdStatus: 'partial' })
          television.sendToAll('cii', { contentId: CONTENT_ID, contentIdStatus: 'partial' })
        })
      },
      ...untold((television) => {
        television.playing.aheadTicks = 90_000
        television.sendToAll('ts', television.timestamp())
        television.later(50, () => {
          television.playing.speed = 0
          television.sendToAll('ts', television.timestamp())
        })
      }),
    },
  ],
  [
    'sends private data of its own to each connection',
    { cii: (message, connection) => ({ ...message, private: [{ type: 'urn:x:connection', connection }] }) },
  ],
  ['is paused', { start: ({ playing }) => Object.assign(playing, { speed: 0 }) }],
  ['plays backwards', { start: ({ playing }) => Object.assign(playing, { speed: -2 }) }],
  ['sends a control timestamp every 100 ms', { afterSetup: repeatTimestamps }],
  ['sends follow-ups', withFollowUp(() => {})],
  ['accepts two connections on each endpoint', { maxConnections: 2 }],
  ['accepts one connection on each endpoint', { maxConnections: 1 }],
  [
    'closes for what it does not understand',
    {
      received: (each, data, isBinary, socket, isSetUp) => {
        const isRubbish = isBinary || each === 'cii' || isSetUp || !data.includes('timelineSelector":"')
        if (isRubbish && !data.includes('infinity') && !data.includes('"latest":{')) socket.close(1007)
        return isRubbish
      },
    },
  ],
  ['has a clock of milliseconds, and says so', { wallClock: (nanos) => nanos - (nanos % 1_000_000n), precision: -9 }],
  ['has a stated frequency error that it needs', { wallClock: (nanos) => nanos + nanos / 2000n, maxFreqErrorPpm: 600 }],
]

function repeatTimestamps(
  ...[socket, television, { selector, stem }]: Parameters<NonNullable<Seams['afterSetup']>>
): void {
  if (selector !== PTS || (stem !== '' && stem !== undefined)) return
  const repeat = (): void => {
    if (socket.readyState !== socket.OPEN) return
    send(socket, television.timestamp())
    television.later(100, repeat)
  }
  television.later(100, repeat)
}
