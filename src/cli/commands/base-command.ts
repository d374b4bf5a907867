import { Command } from 'commander'
import { EXIT, exitCodesHelp } from '../terminal/index.js'
import { parseSeconds } from './arguments.js'

/** A subcommand of `dvbcss`: usage errors, exit codes and examples are the same for all of them. */
export function baseCommand(name: string, description: string, examples: readonly string[]): Command {
  return (
    new Command(name)
      .description(description)
      // Listeners of this event print in the order in which they were added: a command's own notes come first.
      .addHelpText('afterAll', `\n${exitCodesHelp()}\n\nExamples:\n${examples.map((text) => `  ${text}`).join('\n')}`)
      .showHelpAfterError(`(run 'dvbcss ${name} --help' for usage)`)
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.success : EXIT.usage))
  )
}

/** A subcommand that is a client of a television, with the options that all of those have. */
export function toolCommand(name: string, description: string, examples: readonly string[]): Command {
  return baseCommand(name, description, examples)
    .option('--json', 'print one JSON object per line, each with its "event"; no escape codes')
    .option('--seconds <n>', 'stop after this many seconds', parseSeconds)
    .option(
      '--strict',
      'ignore every message that deviates from the specification, instead of using what is understood',
    )
    .option('--no-retry', 'exit when a connection fails or is lost, instead of reconnecting')
}
