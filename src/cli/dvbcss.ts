#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { checkCommand, ciiCommand, EXIT, followCommand, tsCommand, tvCommand, wcCommand } from './commands/index.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

await new Command('dvbcss')
  .description(
    'DVB-CSS (ETSI TS 103 286-2): a television for companions to synchronise to, and the tools of a companion',
  )
  .version(version)
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ended : EXIT.usage))
  .addCommand(tvCommand())
  .addCommand(followCommand())
  .addCommand(ciiCommand())
  .addCommand(wcCommand())
  .addCommand(tsCommand())
  .addCommand(checkCommand())
  .parseAsync()
