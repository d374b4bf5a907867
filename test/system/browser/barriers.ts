import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What is wrong with a page as it is now, by WCAG 2.1 AA. Evaluated by the debugger, because the policy of the pages lets no script in. */
export async function barriers(tab: Page): Promise<string[]> {
  await tab.evaluate(axe.source)
  return tab.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: typeof import('axe-core') }
    const found = await checker.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
    )
  })
}
