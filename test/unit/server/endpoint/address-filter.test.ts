import { describe, expect, it } from 'vitest'
import { AddressFilter, type AddressFilterOptions } from '../../../../src/server/endpoint/address-filter.js'
import { ConflictingOptionError, InvalidOptionError } from '../../../../src/validation/index.js'

const served = (options: AddressFilterOptions, ...addresses: string[]): string[] => {
  const filter = AddressFilter.of(options)
  return addresses.filter((address) => filter?.isServed(address) ?? true)
}

describe('allow and deny', () => {
  it('serve everyone when neither is given', () => {
    expect(AddressFilter.of({})).toBeUndefined()
    expect(AddressFilter.of({ deny: [] })).toBeUndefined()
  })

  it('serve only what allow names', () => {
    const options = { allow: ['192.168.0.0/16', '10.0.0.7', '2001:db8::/33', '::1'] }
    const inside = ['192.168.255.1', '10.0.0.7', '2001:db8:7fff::1', '::1']
    expect(served(options, ...inside, '192.169.0.1', '10.0.0.8', '2001:db8:8000::1', '::2')).toEqual(inside)
  })

  it('serve all but what deny names', () => {
    const options = { deny: ['192.168.0.0/16', 'fe80::/10'] }
    expect(served(options, '192.168.1.1', '192.169.0.1', 'fe80::1%eth0', 'fec0::1')).toEqual(['192.169.0.1', 'fec0::1'])
  })

  it('let deny win, whichever network is the smaller', () => {
    expect(served({ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, '10.0.0.1', '10.1.0.1')).toEqual(['10.0.0.1'])
    expect(served({ allow: ['10.1.0.0/16', '11.0.0.1'], deny: ['10.0.0.0/8'] }, '10.1.0.1', '11.0.0.1')).toEqual([
      '11.0.0.1',
    ])
  })

  it('take IPv4 addresses in every spelling for what they are', () => {
    const spellings = ['10.0.0.1', '::ffff:10.0.0.1', '::FFFF:a00:1', '010.000.000.001', '[::ffff:10.0.0.1]:80']
    for (const network of ['10.0.0.0/8', '::ffff:10.0.0.0/104', '::ffff:a00:1']) {
      expect(served({ deny: [network] }, ...spellings, '11.0.0.1')).toEqual(['11.0.0.1'])
      expect(served({ allow: [network] }, ...spellings, '11.0.0.1')).toEqual(spellings)
    }
  })

  it('take ::/0 for all of IPv6, and 0.0.0.0/0 for all of IPv4', () => {
    const addresses = ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '::1']
    expect(served({ deny: ['::/0'] }, ...addresses)).toEqual(addresses.slice(0, 2))
    expect(served({ deny: ['0.0.0.0/0'] }, ...addresses)).toEqual(addresses.slice(2))
  })

  it('do not serve an address that cannot be read', () => {
    expect(served({ allow: ['0.0.0.0/0', '::/0'] }, '', 'unknown', '10.0.0')).toEqual([])
    expect(served({ deny: ['192.0.2.1'] }, '', 'unknown', '10.0.0')).toEqual([])
  })

  it.each([
    [['10.0.0.0/8'], ['0.0.0.0/0']],
    [
      ['10.0.0.0/8', '2001:db8::1'],
      ['10.0.0.0/8', '2001:db8::/32'],
    ],
    [['::ffff:10.0.0.1'], ['10.0.0.1']],
  ])('refuse a deny that leaves nothing of allow: %j, %j', (allow, deny) => {
    expect(() => AddressFilter.of({ allow, deny })).toThrow(ConflictingOptionError)
  })

  it.each([
    [['10.0.0.0/8'], ['10.0.0.0/9']],
    [['10.0.0.0/8', '192.0.2.1'], ['10.0.0.0/8']],
    [['10.0.0.0/8'], ['::/0']],
  ])('take a deny that leaves something of allow: %j, %j', (allow, deny) => {
    expect(AddressFilter.of({ allow, deny })).toBeDefined()
  })

  it.each([
    ['allow', ['192.0.2.1', '10.0.0.0/33'], '"10.0.0.0/33"'],
    ['deny', ['2001:db8::/129'], '"2001:db8::/129"'],
    ['deny', ['::ffff:10.0.0.0/8'], '"::ffff:10.0.0.0/8"'],
    ['deny', ['10.0.0.0/'], '"10.0.0.0/"'],
    ['deny', ['10.0.0.0/8/8'], '"10.0.0.0/8/8"'],
    ['deny', ['10.0.0.0/-1'], '"10.0.0.0/-1"'],
    ['deny', ['10.0.0'], '"10.0.0"'],
    ['deny', ['010.0.0.1'], '"010.0.0.1"'],
    ['deny', ['fe80::1%eth0'], '"fe80::1%eth0"'],
    ['deny', ['192.0.2.1:80'], '"192.0.2.1:80"'],
    ['allow', ['television.local'], '"television.local"'],
    ['allow', [null], 'null'],
    ['allow', '10.0.0.0/8', '"10.0.0.0/8"'],
    ['allow', [], '[]'],
  ])('refuse a wrong entry by name: %s %j', (option, value, shown) => {
    const expected = `list of IP addresses and networks, such as "192.0.2.1" or "2001:db8::/32"; received ${shown}`
    expect(() => AddressFilter.of({ [option]: value })).toThrow(InvalidOptionError)
    expect(() => AddressFilter.of({ [option]: value })).toThrow(expected)
  })
})
