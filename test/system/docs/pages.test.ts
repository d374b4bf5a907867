import { describe, expect, it } from 'vitest'
import { readPages } from './markdown.js'
import { contentsOf } from './programs.js'
import { runProgram } from './run-page.js'
import { runSession } from './run-session.js'

const contents = readPages().map(contentsOf)

describe('the blocks of code of README and docs', () => {
  const programs = contents
    .flatMap(({ programs }) => programs)
    .map((program) => ({ program, name: `${program.page.path}:${program.steps[0]?.block.line}` }))

  it.each(programs)(
    '$name runs as pasted, and prints what the page says',
    { timeout: 120_000 },
    async ({ program }) => {
      const { code, output } = await runProgram(program)
      expect(output).toContain('the program printed what the page says')
      expect(code).toBe(0)
    },
  )

  const sessions = contents
    .flatMap(({ sessions }) => sessions)
    .map((session) => ({ session, name: `${session.page.path}:${session.block.line}` }))

  it.each(sessions)('$name is what the command prints', { timeout: 120_000 }, async ({ session }) => {
    const { output, expected, code } = await runSession(session)
    expect(output).toMatch(expected)
    expect(code).toBe(0)
  })

  it('are run, or say why not', () => {
    const counts = (of: 'notRun' | 'notCompared') => {
      const reasons: Record<string, number> = {}
      for (const { reason } of contents.flatMap((page) => page[of])) reasons[reason] = (reasons[reason] ?? 0) + 1
      return reasons
    }
    expect(counts('notRun')).toEqual({
      "announces a television on the reader's network": 1,
      "finds what is on the reader's network": 1,
      fragment: 5,
      'needs a browser': 2,
      'needs a television': 1,
    })
    expect(counts('notCompared')).toEqual({
      'a companion receives it; the server prints its log': 1,
      'a log line': 1,
      "finds what is on the reader's network": 2,
      'needs a television': 1,
      'needs someone who types at the television': 3,
      'output of a command': 1,
      'output of an example': 1,
      "output of the BBC's client": 1,
      'takes minutes; the trials have a test of their own': 3,
      'the addresses are those of the machine': 2,
      'the positions depend on when the companion starts': 1,
    })
  })
})
