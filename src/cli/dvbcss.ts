#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
// The subcommands import what they run only when they run, for a quick start.
import {
  checkCommand,
  ciiCommand,
  discoverCommand,
  followCommand,
  tsCommand,
  tvCommand,
  wcCommand,
} from './commands/index.js'
import { EXIT, exitCodesHelp } from './terminal/index.js'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Without this, Node would exit with 1, which means that a television violates the protocol. */
process.on('uncaughtException', (error) => {
  process.stderr.write(`dvbcss: internal error: ${error.stack}\n`)
  process.exit(EXIT.failure)
})

await new Command('dvbcss')
  .description('DVB-CSS (ETSI TS 103 286-2): a television emulator, and tools for companions and conformance')
  .version(version)
  .addHelpText('after', `\n${exitCodesHelp()}`)
  .showHelpAfterError("(run 'dvbcss --help' for usage)")
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.success : EXIT.usage))
  .addCommand(tvCommand())
  .addCommand(discoverCommand())
  .addCommand(followCommand())
  .addCommand(ciiCommand())
  .addCommand(wcCommand())
  .addCommand(tsCommand())
  .addCommand(checkCommand())
  .parseAsync()
