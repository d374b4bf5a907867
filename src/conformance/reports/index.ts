export { reportHtml } from './html-report.js'
export { reportJson } from './json-report.js'
export { reportJunit } from './junit-report.js'
export { reportText } from './text-report.js'
