export type { CheckRequest } from './check-request.js'
export { reportJson, reportText, summarise } from './report.js'
export { runCheck } from './run-check.js'
