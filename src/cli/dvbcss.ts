#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { checkCommand } from './check-command.js'
import { tvCommand } from './tv-command.js'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

await new Command('dvbcss')
  .description('DVB-CSS (ETSI TS 103 286-2): a television for companions to synchronise to')
  .version(version)
  .showHelpAfterError()
  .addCommand(tvCommand())
  .addCommand(checkCommand())
  .parseAsync()
