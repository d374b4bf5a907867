import { describe, expect, it } from 'vitest'
import { sourceKey } from '../../src/server/source-key.js'
import { TokenBuckets } from '../../src/server/token-buckets.js'

describe('token buckets', () => {
  it('give so many at once, and so many a second after that', () => {
    const buckets = new TokenBuckets(5)
    const taken = (now: number) => Array.from({ length: 20 }, () => buckets.take('a', now)).filter(Boolean).length
    expect(taken(0)).toBe(5)
    expect(taken(1)).toBe(5)
    expect(taken(1.5)).toBe(2)
    expect(taken(100)).toBe(5)
  })

  it('count each source for itself', () => {
    const buckets = new TokenBuckets(1)
    expect([buckets.take('a', 0), buckets.take('b', 0), buckets.take('a', 0)]).toEqual([true, true, false])
  })

  it('remember no more sources than they may, the latest', () => {
    const buckets = new TokenBuckets(1, 2)
    for (const source of ['a', 'b', 'c']) buckets.take(source, 0)
    expect(buckets.take('c', 0)).toBe(false)
    expect(buckets.take('a', 0)).toBe(true)
  })
})

describe('a source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8::9', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is %s', (address, key) => {
    expect(sourceKey(address)).toBe(key)
  })
})
