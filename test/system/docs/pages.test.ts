import { describe, expect, it } from 'vitest'
import { readPages } from './markdown.js'
import { contentsOf } from './programs.js'
import { runProgram } from './run-page.js'

const contents = readPages()
  .filter(({ path }) => path !== 'README.md')
  .map(contentsOf)

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

  it('are run, or say why not', () => {
    const counts = (of: 'notRun' | 'notCompared') => {
      const reasons: Record<string, number> = {}
      for (const { reason } of contents.flatMap((page) => page[of])) reasons[reason] = (reasons[reason] ?? 0) + 1
      return reasons
    }
    expect(counts('notRun')).toEqual({})
    expect(counts('notCompared')).toEqual({})
  })
})
