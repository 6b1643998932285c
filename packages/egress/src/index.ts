export { parseAllowList } from "./address/rules.ts";
export type { AddressRules } from "./address/rules.ts";
export type { DnsOptions, NameService } from "./dns/names.ts";
export { Egress } from "./egress.ts";
export type { EgressCheck, EgressOptions } from "./egress.ts";
export { EGRESS_ERRORS, EgressConfigError, EgressError } from "./errors.ts";
export type { EgressConfigErrorCode, EgressErrorCode, EgressFault } from "./errors.ts";
export type {
  EgressFailure,
  EgressProxy,
  EgressRequest,
  EgressResponse,
  EgressResult,
  EgressTimings,
  EgressTls,
  EgressTlsInfo,
} from "./types.ts";
export { DEFAULT_PORTS, parsePorts } from "./url.ts";
export type { PortRules, UrlTrouble } from "./url.ts";
