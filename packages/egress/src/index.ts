export type { RefusedWord } from "./address/policy.ts";
export { parseAllowList } from "./address/rules.ts";
export type { AddressRules } from "./address/rules.ts";
export { SPECIAL_RANGES } from "./address/special.ts";
export type { RangeClass, SpecialRange } from "./address/special.ts";
export { authHeaders, AuthSender } from "./auth/auth.ts";
export type { AuthOptions, EndpointAuth } from "./auth/auth.ts";
export type { HmacAuth } from "./auth/hmac.ts";
export type { OAuth2Auth, TokenOptions } from "./auth/oauth2.ts";
export { checkAuth, checkProxy, checkTls, parseDenyList } from "./check.ts";
export type { DnsOptions, NameService } from "./dns/names.ts";
export { Egress } from "./egress.ts";
export { EGRESS_ERRORS, EgressConfigError, EgressError } from "./errors.ts";
export type { EgressConfigErrorCode, EgressErrorCode, EgressFault } from "./errors.ts";
export { headerValue } from "./exchange.ts";
export { parseNoProxy } from "./no-proxy.ts";
export type { NoProxy } from "./no-proxy.ts";
export type { EgressCheck, EgressOptions, EgressRules, ProxyProblem } from "./options.ts";
export { verifyChallenge, verifyCloudEvents } from "./ownership.ts";
export type {
  ChallengeRequest,
  CloudEventsRequest,
  OwnershipFailureCode,
  OwnershipRequest,
  OwnershipResult,
} from "./ownership.ts";
export { webhookSources } from "./sources.ts";
export type { WebhookSources } from "./sources.ts";
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
export type { PortRules, UrlProblem } from "./url.ts";
