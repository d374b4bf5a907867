import { afterEach, describe, expect, it, vi } from 'vitest'
import { has } from '../../helpers/needs.js'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('a need that the machine does not meet', () => {
  it('skips the tests, with the command that enables them', () => {
    vi.stubEnv('NGINX', '/nowhere/nginx')
    vi.stubEnv('REQUIRE_ALL', undefined)
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(has('nginx')).toBe(false)
    expect(`${write.mock.calls}`).toMatch(/SKIPPED: .* Run 'npm run install-nginx'/)
  })

  it('fails the tests with REQUIRE_ALL=1', () => {
    vi.stubEnv('NGINX', '/nowhere/nginx')
    vi.stubEnv('REQUIRE_ALL', '1')
    vi.stubEnv('REQUIRE_ALL_EXCEPT', 'namespaces')
    expect(() => has('nginx')).toThrow(/would be skipped \(nginx\): no nginx at \/nowhere\/nginx/)
  })

  it('skips the tests with REQUIRE_ALL=1 if it is named as an exception', () => {
    vi.stubEnv('NAMESPACES', undefined)
    vi.stubEnv('REQUIRE_ALL', '1')
    vi.stubEnv('REQUIRE_ALL_EXCEPT', 'ipv6,namespaces')
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(has('namespaces')).toBe(false)
  })
})
