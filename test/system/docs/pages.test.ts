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
    const reasonsFor = (what: 'notRun' | 'notCompared') =>
      [...new Set(contents.flatMap((page) => page[what]).map(({ reason }) => reason))].sort()
    expect(reasonsFor('notRun')).toEqual([
      "announces a television on the reader's network",
      "finds what is on the reader's network",
      'fragment',
      'needs a browser',
      'needs a television',
    ])
    expect(reasonsFor('notCompared')).toEqual([
      'a companion receives it; the server prints its log',
      'a log line',
      "finds what is on the reader's network",
      'needs a television',
      'needs someone who types at the television',
      'output of a command',
      'output of an example',
      "output of the BBC's client",
      'takes minutes; the trials have a test of their own',
      'the addresses are those of the machine',
      'the positions depend on when the companion starts',
    ])
  })
})
