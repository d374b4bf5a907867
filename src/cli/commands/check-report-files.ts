import { open, writeFile } from 'node:fs/promises'
import type { CheckReport } from '../../conformance/index.js'

/** The files that a report is written to. */
export interface ReportFiles {
  /** HTML. */
  readonly report?: string
  /** JUnit's XML. */
  readonly junit?: string
}

/**
 * Creates the files, so that a check does not run for a report that cannot be written.
 *
 * @throws NodeJS.ErrnoException
 */
export async function createReportFiles({ report, junit }: ReportFiles): Promise<void> {
  for (const path of [report, junit]) {
    if (path !== undefined) await (await open(path, 'a')).close()
  }
}

/** @throws NodeJS.ErrnoException */
export async function writeReportFiles(files: ReportFiles, report: CheckReport, version: string): Promise<void> {
  const { reportHtml, reportJunit } = await import('../../conformance/reports/index.js')
  if (files.report !== undefined) await writeFile(files.report, reportHtml(report, { version }))
  if (files.junit !== undefined) await writeFile(files.junit, reportJunit(report, { version }))
}
