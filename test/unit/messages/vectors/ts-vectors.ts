import type { ControlTimestamp, PresentationTimestamps, SetupData } from '../../../../src/messages/index.js'

/** CSS-TS messages: the text as it is written, and what it says. */
export const setupDataVectors: readonly { name: string; text: string; setup: SetupData }[] = [
  {
    name: 'any content, PTS',
    text: '{"contentIdStem":"","timelineSelector":"urn:dvb:css:timeline:pts"}',
    setup: { contentIdStem: '', timelineSelector: 'urn:dvb:css:timeline:pts' },
  },
  {
    name: 'one service, with private data',
    text: '{"contentIdStem":"dvb://233a.1004.1044","timelineSelector":"urn:dvb:css:timeline:mpd:period:rel:1000:p0","private":[{"type":"urn:example:a","b":{}}]}',
    setup: {
      contentIdStem: 'dvb://233a.1004.1044',
      timelineSelector: 'urn:dvb:css:timeline:mpd:period:rel:1000:p0',
      private: [{ type: 'urn:example:a', b: {} }],
    },
  },
]

export const controlTimestampVectors: readonly { name: string; text: string; timestamp: ControlTimestamp }[] = [
  {
    name: 'playing',
    text: '{"contentTime":"834188","wallClockTime":"116012000000","timelineSpeedMultiplier":1}',
    timestamp: { contentTime: 834188n, wallClockTime: 116012000000n, timelineSpeedMultiplier: 1 },
  },
  {
    name: 'paused at the start',
    text: '{"contentTime":"0","wallClockTime":"0","timelineSpeedMultiplier":0}',
    timestamp: { contentTime: 0n, wallClockTime: 0n, timelineSpeedMultiplier: 0 },
  },
  {
    name: 'winding back before the start',
    text: '{"contentTime":"-900","wallClockTime":"-1","timelineSpeedMultiplier":-2.5}',
    timestamp: { contentTime: -900n, wallClockTime: -1n, timelineSpeedMultiplier: -2.5 },
  },
  {
    name: 'times that no float holds',
    text: '{"contentTime":"9007199254740993","wallClockTime":"340282366920938463463374607431768211457","timelineSpeedMultiplier":1e+300}',
    timestamp: {
      contentTime: 2n ** 53n + 1n,
      wallClockTime: 2n ** 128n + 1n,
      timelineSpeedMultiplier: 1e300,
    },
  },
  {
    name: 'no timeline at present',
    text: '{"contentTime":null,"wallClockTime":"116012000000","timelineSpeedMultiplier":null}',
    timestamp: { contentTime: null, wallClockTime: 116012000000n, timelineSpeedMultiplier: null },
  },
]

export const presentationTimestampsVectors: readonly {
  name: string
  text: string
  timestamps: PresentationTimestamps
}[] = [
  {
    name: 'all three',
    text:
      '{"actual":{"contentTime":"834190","wallClockTime":"115992000000"},' +
      '"earliest":{"contentTime":"834190","wallClockTime":"115984000000"},' +
      '"latest":{"contentTime":"834190","wallClockTime":"116000000000"}}',
    timestamps: {
      actual: { contentTime: 834190n, wallClockTime: 115992000000n },
      earliest: { contentTime: 834190n, wallClockTime: 115984000000n },
      latest: { contentTime: 834190n, wallClockTime: 116000000000n },
    },
  },
  {
    name: 'no bounds, and nothing presented yet',
    text:
      '{"earliest":{"contentTime":"-5","wallClockTime":"minusinfinity"},' +
      '"latest":{"contentTime":"18446744073709551617","wallClockTime":"plusinfinity"}}',
    timestamps: {
      earliest: { contentTime: -5n, wallClockTime: 'minusinfinity' },
      latest: { contentTime: 2n ** 64n + 1n, wallClockTime: 'plusinfinity' },
    },
  },
]
