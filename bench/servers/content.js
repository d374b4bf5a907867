// @ts-check
// What the servers of the benches send: the floor sends the same bytes as this package.

/** What a television that has tuned in sends to a new client. */
export const STATE = {
  protocolVersion: '1.1',
  contentId: 'dvb://233a.1004.1044;0',
  contentIdStatus: /** @type {const} */ ('final'),
  presentationStatus: ['okay'],
  mrsUrl: 'https://mrs.example/',
  wcUrl: 'udp://127.0.0.1:6677',
  tsUrl: 'ws://127.0.0.1:7681/ts',
  timelines: [
    {
      timelineSelector: 'urn:dvb:css:timeline:pts',
      timelineProperties: { unitsPerTick: 1, unitsPerSecond: 90_000 },
    },
    {
      timelineSelector: 'urn:dvb:css:timeline:temi:1:1',
      timelineProperties: { unitsPerTick: 1, unitsPerSecond: 50, accuracy: 0.02 },
    },
  ],
}

/** @param {number} n @param {number} [bytes] about the length of the message, where it is to be long */
export const ciiChange = (n, bytes = 0) =>
  bytes === 0
    ? { contentId: `dvb://233a.1004.1044;${n}`, contentIdStatus: /** @type {const} */ ('final') }
    : { teUrl: `ws://${'x'.repeat(bytes - 100)}/${n}` }

/** @param {number} n */
export const controlTimestamp = (n) => ({
  contentTime: BigInt(90_000 * n),
  wallClockTime: BigInt(1e9) * BigInt(1000 + n),
  timelineSpeedMultiplier: 1,
})

/** @param {ReturnType<typeof controlTimestamp>} timestamp as this package encodes it */
export const encodedTimestamp = ({ contentTime, wallClockTime, timelineSpeedMultiplier }) =>
  `{"contentTime":"${contentTime}","wallClockTime":"${wallClockTime}","timelineSpeedMultiplier":${timelineSpeedMultiplier}}`

/** `{i}` is the number of the client: a crowd fills it in. @param {string} timelineSelector */
export const setupData = (timelineSelector) => JSON.stringify({ contentIdStem: 'dvb://233a.1004', timelineSelector })

export const PTS = 'urn:dvb:css:timeline:pts'
/** @param {number | string} i */
export const numberedSelector = (i) => `urn:dvb:css:timeline:temi:1:${i}`
