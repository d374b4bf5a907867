import { describe, expect, it } from 'vitest'
import { sourceKey } from '../../../../src/server/endpoint/source-key.js'

describe('a source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.000.002.001', '192.0.2.1'],
    ['192.0.2.1:1234', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['::ffff:c000:0201%eth0', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    ['2001:DB8::9', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:192.0.2.1', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['FE80::2%1', 'fe80:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::fffe:192.0.2.1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
  ])('%s is %s', (address, key) => {
    expect(sourceKey(address)).toBe(key)
  })

  const strange = [
    '',
    'unknown',
    '_hidden',
    'evil.example',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1:x',
    '0x7f.1',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    ':1:2:3:4:5:6:7',
    '::12345',
    '::g',
    '192.0.2.1::',
    '::ffff:192.0.2.1.',
    `::1%${'z'.repeat(200)}`,
    `${'0'.repeat(20_000)}1`,
    'z'.repeat(20_000),
  ]
  it.each(strange.map((text) => [text.slice(0, 20), text.length, text] as const))(
    'that is not an IP address shares its limits with all others of its kind: %j, of length %i',
    (_start, _length, text) => {
      expect(sourceKey(text)).toBe('unknown')
    },
  )
})
