export { reportJson } from './json-report.js'
export { reportText } from './text-report.js'
