import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that has package.json. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

/** A fenced block of a page. */
export interface Block {
  readonly language: string
  readonly code: string
  /** Line of the page on which the code starts, from 1. */
  readonly line: number
  /** What the HTML comments right above the block say, such as `not run: browser`. */
  readonly directives: readonly string[]
}

/** A Markdown file of this repository. */
export interface Page {
  /** Relative to the root, with slashes. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

/** Every page that a reader of the project may open. */
export function readPages(): Page[] {
  const atRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'))
  const inDocs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  return [...atRoot, ...inDocs.map((name) => `docs/${name}`)].map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return { path, text, blocks: blocksOf(text) }
  })
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  let directives: string[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const directive = /^<!-- (.*) -->$/.exec(line)?.[1]
    const fence = /^(`{3,})(\S*)/.exec(line)
    if (directive !== undefined) directives.push(directive)
    else if (fence !== null) {
      const end = lines.indexOf(fence[1] ?? '', index + 1)
      if (end === -1) throw new Error(`the block of code on line ${index + 1} does not end`)
      const code = lines.slice(index + 1, end).join('\n')
      blocks.push({ language: fence[2] ?? '', code, line: index + 2, directives })
      directives = []
      index = end
    } else if (line !== '') directives = []
  }
  return blocks
}

/** The text of a page without its blocks of code, line by line. */
export function proseOf({ text }: Page): string {
  return text.replace(/^(`{3,})[\s\S]*?^\1$/gm, '')
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(page).matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}
