export { type CompanionServers, type ConnectedCompanion, ConnectedCompanions } from './connected-companions.js'
