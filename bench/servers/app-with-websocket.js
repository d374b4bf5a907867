// @ts-check
// The floor of `dvbcss tv`: a program with one WebSocket endpoint. argv: the port.
import process from 'node:process'
import { floorServer } from './floor.js'

await floorServer('cii', { port: Number(process.argv[2]) })
