export { type CheckRequest, CheckUnreachableError } from './check-request.js'
export { reportJson, reportText, summarise } from './report.js'
export { runCheck } from './run-check.js'
