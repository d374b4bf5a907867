import type { Page } from 'playwright-core'
import type { CompanionEvents, CompanionTarget } from '../../../src/companion/index.js'
import type { Browser } from '../../helpers/chromium.js'
import type { CompanionPage, Reading } from './companion-page.js'

declare const page: CompanionPage

/** A reading of the page, and what the test knows of its moment. */
export interface TimedReading extends Reading {
  /** This process's monotonic clock when the page took it, in nanoseconds, by what Chromium says of its own clock. */
  machineNanos: number
  /** This process's monotonic clock before it was asked for, and after it came. */
  beforeNanos: number
  afterNanos: number
}

/** A tab with the page of {@link CompanionPage} in it. */
export class CompanionTab {
  readonly tab: Page
  readonly #originNanos: number

  private constructor(tab: Page, originNanos: number) {
    this.tab = tab
    this.#originNanos = originNanos
  }

  static async open(browser: Browser, url: string): Promise<CompanionTab> {
    const tab = await browser.newPage()
    await tab.goto(url)
    const devTools = await tab.context().newCDPSession(tab)
    await devTools.send('Performance.enable')
    const { metrics } = await devTools.send('Performance.getMetrics')
    // Where performance.now() counts from, on the machine's monotonic clock, which is Node's as well. So it can be told
    // from outside what time it was for the page, with no message between the two whose travel would count.
    const seconds = metrics.find(({ name }) => name === 'NavigationStart')?.value
    if (seconds === undefined) throw new Error('expected Chromium to tell when it navigated to the page')
    return new CompanionTab(tab, seconds * 1e9)
  }

  start(television: string | CompanionTarget, encoding: 'binary' | 'json' = 'binary'): Promise<void> {
    return this.tab.evaluate(([target, how]) => page.start(target, how), [television, encoding] as const)
  }

  async take<Name extends keyof CompanionEvents>(name: Name): Promise<CompanionEvents[Name]> {
    return (await this.tab.evaluate(
      (event) => page.take(event),
      name as string as 'change',
    )) as unknown as CompanionEvents[Name]
  }

  read(): Promise<TimedReading> {
    return this.#timed(() => this.tab.evaluate(() => page.read()))
  }

  readWithin(dispersionSeconds: number): Promise<TimedReading> {
    return this.#timed(() => this.tab.evaluate((seconds) => page.readWithin(seconds), dispersionSeconds))
  }

  async #timed(read: () => Promise<Reading>): Promise<TimedReading> {
    const beforeNanos = machineNanos()
    const reading = await read()
    return { ...reading, machineNanos: this.#originNanos + reading.pageNanos, beforeNanos, afterNanos: machineNanos() }
  }
}

function machineNanos(): number {
  return Number(process.hrtime.bigint())
}
