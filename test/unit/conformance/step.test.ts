import { describe, expect, it } from 'vitest'
import { type Step, type StepId, StepRunner } from '../../../src/conformance/step.js'

/** Endpoints of one television, which one thing ends. */
function television(deadly?: string) {
  const asked: string[] = []
  const isAlive = () => Promise.resolve(!asked.includes(deadly ?? ''))
  const runner = new StepRunner(() => true, { cii: isAlive, ts: isAlive, wc: isAlive })
  const ask = (id: StepId, name: string) => runner.run({ id, name, run: async () => void asked.push(name) })
  return { asked, runner, ask }
}

describe('the steps of a check', () => {
  it('stop on all endpoints that have ended, and the last one is charged on its own endpoint', async () => {
    const { asked, runner, ask } = television('b')
    await ask('cii-rubbish', 'a')
    await ask('cii-rubbish', 'b')
    await ask('cii-rubbish', 'c')
    await ask('wc-rubbish', 'd')
    expect(asked).toEqual(['a', 'b'])
    expect(runner.endingOf('cii')).toEqual({ after: 'b', step: 'cii-rubbish' })
    expect(runner.endingOf('wc')).toEqual({ after: 'b', step: 'cii-rubbish' })
    // Invalid messages before the last one can be judged.
    expect(runner.notTried('cii-rubbish')).toBeUndefined()
    expect(runner.notTried('wc-rubbish')).toBe('the television ended after b')
  })

  it('are not judged if they ended the television themselves', async () => {
    const { runner, ask } = television('an unknown timelineSelector')
    await ask('ts-unknown-selector', 'an unknown timelineSelector')
    await ask('ts-other-stem', 'another contentIdStem')
    const reason = 'the television ended after an unknown timelineSelector'
    expect(runner.notTried('ts-unknown-selector')).toBe(reason)
    expect(runner.notTried('ts-other-stem')).toBe(reason)
  })

  it('are abandoned when the time is up, and the rest is not tried', async () => {
    const { asked, runner, ask } = television()
    const hanging: Step = { id: 'ts-no-stem', name: 'hangs', run: () => new Promise(() => {}) }
    runner.limit(0.05)
    await runner.run(hanging)
    await ask('wc-rubbish', 'a')
    expect(asked).toEqual([])
    expect(runner.hasExpired).toBe(true)
    for (const id of ['ts-no-stem', 'wc-rubbish'] as const) {
      expect(runner.notTried(id)).toBe('the time limit of 0.05 s was reached')
    }
  })

  it('add up the times of those with the same observations', async () => {
    const { runner, ask } = television()
    runner.took('cii-rubbish', 2)
    await ask('cii-rubbish', 'a')
    expect(runner.secondsOf('cii-rubbish')).toBeGreaterThanOrEqual(2)
    expect(runner.notTried('cii-plain-get')).toBe('it does not apply')
  })
})
