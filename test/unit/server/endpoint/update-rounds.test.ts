import { describe, expect, it } from 'vitest'
import { type RoundMember, UpdateRounds } from '../../../../src/server/endpoint/update-rounds.js'
import { nextTurn } from '../../../helpers/next-turn.js'
import { until } from '../../../helpers/until.js'

function setUp() {
  const errors: unknown[] = []
  const woken: number[] = []
  let coalesced = 0
  const rounds = new UpdateRounds({
    coalesced: () => {
      coalesced += 1
    },
    failed: (error) => errors.push(error),
  })
  const member = (number: number, wake: () => void = () => {}): RoundMember => ({
    queued: false,
    wake() {
      woken.push(number)
      wake()
    },
  })
  return { rounds, member, woken, errors, coalesced: () => coalesced }
}

/** Keeps the processor busy, as an update of a few hundred clients would. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe('rounds of updates', () => {
  it('update each member once at the end of the turn, however often it was added', async () => {
    const { rounds, member, woken, coalesced } = setUp()
    const [first, second] = [member(1), member(2)]
    for (const each of [first, second, first]) rounds.add(each)
    expect(woken).toEqual([])
    await Promise.resolve()
    expect(woken).toEqual([1, 2])
    expect(coalesced()).toBe(1)
  })

  it('let the event loop in between when a round takes long, and keep the order', async () => {
    const { rounds, member, woken } = setUp()
    for (let number = 0; number < 64; number++) rounds.add(member(number, () => work(0.5)))
    await Promise.resolve()
    expect(woken.length).toBeLessThan(64)
    await until(() => woken.length >= 64)
    expect(woken).toEqual(Array.from({ length: 64 }, (_, number) => number))
  })

  it('do not nest: what an update adds comes in the next turn', async () => {
    const { rounds, member, woken } = setUp()
    const inner = member(2)
    const outer = member(1, () => {
      rounds.add(inner)
      rounds.add(outer)
    })
    rounds.add(outer)
    await Promise.resolve()
    expect(woken).toEqual([1])
    await nextTurn()
    expect(woken.slice(0, 3)).toEqual([1, 2, 1])
  })

  it('update a member that is added again during a long round once more', async () => {
    const { rounds, member, woken } = setUp()
    const first = member(0)
    rounds.add(first)
    for (let number = 1; number < 32; number++) rounds.add(member(number, () => work(0.5)))
    await Promise.resolve()
    expect(woken).toContain(0)
    rounds.add(first)
    await until(() => woken.length >= 33)
    expect(woken.filter((number) => number === 0)).toHaveLength(2)
    expect(woken.at(-1)).toBe(0)
  })

  it('update a member at once on demand, and not again', async () => {
    const { rounds, member, woken } = setUp()
    const each = member(1)
    rounds.flush(each)
    rounds.add(each)
    rounds.flush(each)
    await nextTurn()
    expect(woken).toEqual([1])
  })

  it('go on after a member has thrown', async () => {
    const { rounds, member, woken, errors } = setUp()
    const error = new Error('on purpose')
    rounds.add(
      member(1, () => {
        throw error
      }),
    )
    rounds.add(member(2))
    await nextTurn()
    expect(woken).toEqual([1, 2])
    expect(errors).toEqual([error])
  })
})
