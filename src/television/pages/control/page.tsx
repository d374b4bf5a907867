import { render } from 'preact'
import { Control } from './control.js'
import { ControlPage } from './control-page.js'
import { takeToken } from './token.js'

render(<ControlPage control={new Control(takeToken())} />, document.body)
