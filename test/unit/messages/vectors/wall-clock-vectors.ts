import type { WallClockMessage } from '../../../../src/messages/index.js'

/** Wall clock messages: the 32 bytes in hexadecimal, one field a word, and what they say. */
export const wallClockVectors: readonly { name: string; hex: string; message: WallClockMessage }[] = [
  {
    name: 'an empty request',
    hex: '00008000 00000000 00000000 00000000 00000000 00000000 00000000 00000000',
    message: {
      type: 0,
      precisionSeconds: 2 ** -128,
      maxFreqErrorPpm: 0,
      originateNanos: 0n,
      receiveNanos: 0n,
      transmitNanos: 0n,
    },
  },
  {
    name: 'a response',
    hex: '0001f600 00003200 0000000b 0000000c 0000000d 3b9ac9ff 0000000e 00000001',
    message: {
      type: 1,
      precisionSeconds: 1 / 1024,
      maxFreqErrorPpm: 50,
      originateNanos: 11_000_000_012n,
      receiveNanos: 13_999_999_999n,
      transmitNanos: 14_000_000_001n,
    },
  },
  {
    name: 'a response that a follow-up will complete, everything at its largest',
    hex: '00027f00 ffffffff ffffffff 3b9ac9ff ffffffff 3b9ac9ff ffffffff 3b9ac9ff',
    message: {
      type: 2,
      precisionSeconds: 2 ** 127,
      maxFreqErrorPpm: 0xffff_ffff / 256,
      originateNanos: 4_294_967_295_999_999_999n,
      receiveNanos: 4_294_967_295_999_999_999n,
      transmitNanos: 4_294_967_295_999_999_999n,
    },
  },
  {
    name: 'a follow-up whose originate time is a cookie',
    hex: '00030000 00000001 ffffffff ffffffff 00000001 00000000 00000002 00000000',
    message: {
      type: 3,
      precisionSeconds: 1,
      maxFreqErrorPpm: 1 / 256,
      originateNanos: 4_294_967_295_000_000_000n + 4_294_967_295n,
      originateFields: [0xffff_ffff, 0xffff_ffff],
      receiveNanos: 1_000_000_000n,
      transmitNanos: 2_000_000_000n,
    },
  },
  {
    name: 'an originate time of exactly one second in nanoseconds',
    hex: '00010000 00000000 00000000 3b9aca00 00000000 00000000 00000000 00000000',
    message: {
      type: 1,
      precisionSeconds: 1,
      maxFreqErrorPpm: 0,
      originateNanos: 1_000_000_000n,
      originateFields: [0, 1_000_000_000],
      receiveNanos: 0n,
      transmitNanos: 0n,
    },
  },
]

/** The same messages as JSON text. */
export const wallClockJsonVectors: readonly { name: string; text: string; message: WallClockMessage }[] = [
  {
    name: 'a request',
    text: '{"v":0,"t":0,"p":0,"mfe":0,"otvs":5,"otvn":6,"rt":0,"tt":0}',
    message: {
      type: 0,
      precisionSeconds: 0,
      maxFreqErrorPpm: 0,
      originateNanos: 5_000_000_006n,
      receiveNanos: 0n,
      transmitNanos: 0n,
    },
  },
  {
    name: 'a response with a fraction',
    text: '{"v":0,"t":1,"p":0.001,"mfe":50,"otvs":11,"otvn":12,"rt":13.999999999,"tt":14.5}',
    message: {
      type: 1,
      precisionSeconds: 0.001,
      maxFreqErrorPpm: 50,
      originateNanos: 11_000_000_012n,
      receiveNanos: 13_999_999_999n,
      transmitNanos: 14_500_000_000n,
    },
  },
  {
    name: 'a follow-up with a cookie',
    text: '{"v":0,"t":3,"p":1e-7,"mfe":0.5,"otvs":1,"otvn":4294967295,"rt":0.00000001,"tt":8388607.999999999}',
    message: {
      type: 3,
      precisionSeconds: 1e-7,
      maxFreqErrorPpm: 0.5,
      originateNanos: 5_294_967_295n,
      originateFields: [1, 4_294_967_295],
      receiveNanos: 10n,
      transmitNanos: 8_388_607_999_999_999n,
    },
  },
]
