import type { Block, Page } from './markdown.js'

/** A block of code that is run, and what it prints. */
export interface Step {
  readonly block: Block
  /** The text blocks that follow it, joined; empty if the page does not say what is printed. */
  readonly expected: readonly Block[]
}

/** What a newcomer who pastes the blocks of a page in order runs as one module. */
export interface PageProgram {
  readonly page: Page
  readonly language: 'js' | 'ts'
  readonly steps: readonly Step[]
  /** Whether `dvbcss tv` runs beside it. */
  readonly besideTelevision: boolean
}

/** A `dvbcss` command that a page shows with what it prints: a text block whose first line is `$ dvbcss …`. */
export interface Session {
  readonly page: Page
  readonly block: Block
}

/** What a page has besides programs, each with the reason that the page gives. */
export interface Skipped {
  readonly page: string
  readonly line: number
  readonly reason: string
}

export interface PageContents {
  readonly programs: readonly PageProgram[]
  readonly sessions: readonly Session[]
  readonly notRun: readonly Skipped[]
  readonly notCompared: readonly Skipped[]
}

/** Languages of blocks that are not programs of Node. */
const SHOWN = new Set(['sh', 'json', 'nginx', 'html'])

const reasonAfter = (words: string, { directives }: Block): string | undefined =>
  directives.find((directive) => directive.startsWith(`${words}: `))?.slice(words.length + 2)

/**
 * Sorts the blocks of a page. These comments above a block have a meaning:
 * `new program`, `beside dvbcss tv`, `not run: REASON`, `not compared: REASON`, `numbers vary`.
 */
export function contentsOf(page: Page): PageContents {
  const programs: {
    page: Page
    language: 'js' | 'ts'
    steps: { block: Block; expected: Block[] }[]
    besideTelevision: boolean
  }[] = []
  const sessions: Session[] = []
  const notRun: Skipped[] = []
  const notCompared: Skipped[] = []
  const skipped = (block: Block, reason: string): Skipped => ({ page: page.path, line: block.line, reason })
  // A text block is the output of the block before it. After one that is not run, it is only shown.
  let before: { expected: Block[] } | undefined
  for (const block of page.blocks) {
    const { language, directives } = block
    if (language === 'js' || language === 'ts') {
      const reason = reasonAfter('not run', block)
      before = undefined
      if (reason !== undefined) notRun.push(skipped(block, reason))
      else {
        const besideTelevision = directives.includes('beside dvbcss tv')
        const last = programs.at(-1)
        const step = { block, expected: [] }
        if (last === undefined || last.language !== language || directives.includes('new program')) {
          programs.push({ page, language, steps: [step], besideTelevision })
        } else last.steps.push(step)
        before = step
      }
    } else if (language === 'text') {
      const reason = reasonAfter('not compared', block)
      if (reason !== undefined) notCompared.push(skipped(block, reason))
      else if (block.code.startsWith('$ dvbcss ')) sessions.push({ page, block })
      else if (before === undefined) throw new Error(`${page.path}:${block.line}: no program prints this: say why not`)
      else before.expected.push(block)
    } else if (SHOWN.has(language)) before = undefined
    else throw new Error(`${page.path}:${block.line}: unknown language "${language}"`)
  }
  return { programs, sessions, notRun, notCompared }
}

/** A pattern for what a page says is printed: `…` is anything on a line, and a line of its own any lines. */
export function patternOf(block: Block): string {
  return patternOfLines(block.code.split('\n'), block.directives.includes('numbers vary'))
}

/** A pattern for some lines of a block. */
export function patternOfLines(shown: readonly string[], varies: boolean): string {
  const lines = shown.map((line) => {
    if (line === '…') return '(?:.*\\n)*?'
    let pattern = line.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.*?')
    if (varies) {
      pattern = pattern
        .replaceAll(/(?:-|\\\+)?\b\d+(?:\\\.\d+)?(?:e-?\d+)?(?=n?\b)/g, '[-+]?\\d+(?:\\.\\d+)?(?:e-?\\d+)?')
        .replaceAll(/\b[\da-f]{16}\b/g, '[\\da-f]{16}')
    }
    return `${pattern}\\n`
  })
  return lines.join('')
}
