import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, proseOf, ROOT, readPages } from './markdown.js'

const pages = readPages()
const anchors = new Map(pages.map((page) => [page.path, anchorsOf(page)]))

describe('the links of README and docs', () => {
  it.each(pages)('of $path lead to a file, and to a heading in it', (page) => {
    const dead: string[] = []
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)]
    for (const [, markdown, html] of links) {
      const link = markdown ?? html ?? ''
      if (/^[a-z]+:/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? page.path : normalize(join(dirname(page.path), file))
      if (!existsSync(join(ROOT, target))) dead.push(link)
      else if (anchor !== undefined && anchors.get(target)?.has(anchor) === false) dead.push(link)
    }
    expect(dead).toEqual([])
  })
})
