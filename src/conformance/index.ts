export type { CheckRequest } from './check-target.js'
export { reportJson, reportText, summarise } from './report.js'
export { runCheck } from './run-check.js'
