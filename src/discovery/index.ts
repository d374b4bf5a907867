export {
  decodeDeviceDescription,
  decodeHbbtvApplication,
  encodeDeviceDescription,
  encodeHbbtvApplication,
  HBBTV_APPLICATION,
} from './device-description.js'
export {
  type ApplicationToLaunch,
  applicationDocument,
  type LaunchedApp,
  type LaunchOptions,
  launchApp,
  MAX_LAUNCH_BYTES,
} from './launch-app.js'
export { interfaceAddresses } from './network-interfaces.js'
export {
  SSDP_DROP_REASONS,
  SsdpAdvertiser,
  type SsdpAdvertiserStatistics,
  type SsdpDropReason,
} from './ssdp-advertiser.js'
export { DIAL_SERVICE_TYPE, SSDP_PORT } from './ssdp-message.js'
export {
  type DiscoveredTelevision,
  type DiscoverOptions,
  type DiscoveryFault,
  type DiscoveryStatistics,
  discoverTelevisions,
  TelevisionSearch,
} from './television-search.js'
