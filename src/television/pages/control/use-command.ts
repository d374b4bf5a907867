import { useState } from 'preact/hooks'
import type { TelevisionCommand } from '../../protocol/index.js'
import type { Control } from './control.js'

/** Sends commands from one place of the page. @returns how, and why the last one was not executed */
export function useCommand(control: Control): [send: (command: TelevisionCommand) => void, error: string | undefined] {
  const [error, setError] = useState<string | undefined>(undefined)
  const send = (command: TelevisionCommand) => {
    control.command(command).then(setError)
  }
  return [send, error]
}
