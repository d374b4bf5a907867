import fc from 'fast-check'
import type {
  Cii,
  PresentationTimestamps,
  PrivateData,
  SetupData,
  TimelineOption,
} from '../../../src/messages/index.js'

// JSON has no -0, and no key order that counts.
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)

/** A value that JSON can hold; keys such as `__proto__` included. */
const jsonValue: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)))

const privateData: fc.Arbitrary<PrivateData[]> = fc.array(
  fc
    .tuple(fc.string(), fc.dictionary(fc.string(), jsonValue, { maxKeys: 3 }))
    .map(([type, rest]) => ({ ...rest, type })),
  { maxLength: 3 },
)

const units = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

const timelineOption: fc.Arbitrary<TimelineOption> = fc.record(
  {
    timelineSelector: fc.string({ minLength: 1 }),
    timelineProperties: fc.record(
      { unitsPerTick: units, unitsPerSecond: units, accuracy: finite.map(Math.abs) },
      { requiredKeys: ['unitsPerTick', 'unitsPerSecond'] },
    ),
    private: privateData,
  },
  { requiredKeys: ['timelineSelector', 'timelineProperties'] },
) as fc.Arbitrary<TimelineOption>

const presentationStatus = fc
  .tuple(
    fc.constantFrom('okay', 'transitioning', 'fault'),
    fc.array(fc.string({ minLength: 1 }).filter((word) => !/\s/.test(word))),
  )
  .map(([first, rest]) => [first, ...rest])

const url = fc.option(fc.webUrl())

/** A CII message of any shape that may travel. */
export const cii: fc.Arbitrary<Cii> = fc.record(
  {
    protocolVersion: fc.option(fc.string()),
    mrsUrl: url,
    contentId: fc.option(fc.string({ maxLength: 2 })),
    contentIdStatus: fc.constantFrom('partial', 'final', null),
    presentationStatus: fc.option(presentationStatus),
    wcUrl: url,
    tsUrl: url,
    teUrl: url,
    timelines: fc.option(fc.array(timelineOption, { maxLength: 2 })),
    private: fc.option(privateData),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Cii>

/** A CII message and a variation of it, so that comparing the two is not always about everything. */
export const twoCiis: fc.Arbitrary<[Cii, Cii]> = fc
  .tuple(cii, cii, fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }))
  .map(([first, other, kept]) => {
    const second: Record<string, unknown> = { ...other }
    Object.entries(first).forEach(([property, value], index) => {
      if (kept[index]) second[property] = structuredClone(value)
    })
    return [first, second as Cii]
  })

export const setupData: fc.Arbitrary<SetupData> = fc.record(
  { contentIdStem: fc.string(), timelineSelector: fc.string({ minLength: 1 }), private: privateData },
  { requiredKeys: ['contentIdStem', 'timelineSelector'] },
) as fc.Arbitrary<SetupData>

const time: fc.Arbitrary<bigint> = fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 700n), max: 2n ** 700n }))

export const controlTimestamp = fc.oneof(
  fc.record({ contentTime: time, wallClockTime: time, timelineSpeedMultiplier: finite }),
  fc.record({
    contentTime: fc.constant(null),
    wallClockTime: time,
    timelineSpeedMultiplier: fc.constant(null),
  }),
)

export const presentationTimestamps: fc.Arbitrary<PresentationTimestamps> = fc.record(
  {
    actual: fc.record({ contentTime: time, wallClockTime: time }),
    earliest: fc.record({ contentTime: time, wallClockTime: fc.oneof(time, fc.constant('minusinfinity' as const)) }),
    latest: fc.record({ contentTime: time, wallClockTime: fc.oneof(time, fc.constant('plusinfinity' as const)) }),
  },
  { requiredKeys: ['earliest', 'latest'] },
) as fc.Arbitrary<PresentationTimestamps>
