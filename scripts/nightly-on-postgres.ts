/** Test files that run on SQLite in every run, and on PostgreSQL every night only. */

/**
 * Files whose statements other files issue on PostgreSQL too: `check-statements.ts` checks every night that this is so. Tests of transactions,
 * of concurrent requests and of what the two databases calculate are not here, although other files issue the same statements.
 */
export const COVERED_ON_POSTGRES: readonly string[] = [
  "packages/posthorn/src/delivery/{attempt-tracker,attempter,batch-sender}.test.ts",
  "packages/posthorn/src/dispatch/timers.test.ts",
  "packages/posthorn/src/domain/{directory,secret-headers}.test.ts",
  "packages/posthorn/src/domain/{auth/authenticate,backlog/measure,endpoint/set-flow,policy/endpoint-policy,source/expire}.test.ts",
  "packages/posthorn/src/domain/{broadcast,erasure}/step.test.ts",
  "packages/posthorn/src/domain/subscription/{callback,end}.test.ts",
  "packages/posthorn/test/{application-egress,application-retention,egress-settings,operational-webhooks,policy,secret-headers}.test.ts",
  "packages/posthorn/test/{backlog,cancel,live,precheck,replay-target-removed,source-test-request}.test.ts",
  "packages/posthorn/test/{dashboard-permissions,listen-local,portal,portal-keys,relay-proxy,relay-resign,user-agent}.test.ts",
  "packages/posthorn/test/access/{live,organisations}.test.ts",
  "packages/posthorn/test/encryption/keyring.test.ts",
  "packages/posthorn/test/mcp/{protocol,stdio}.test.ts",
  "packages/posthorn/test/receiving/{backlog,captures,catalogue,ingest-endpoint,limits}.test.ts",
  "packages/posthorn/test/redaction/commands.test.ts",
  "packages/posthorn/test/sources/{failing,s3,watched}.test.ts",
  "packages/posthorn/test/users/{origins,passkeys,second-factor,slow-provider}.test.ts",
  "packages/posthorn/test/{provider-step-texts,templates/texts}.test.ts",
];

/**
 * What Posthorn sends, receives, reads and shows, in many variants that differ in nothing that is stored. On PostgreSQL every route runs in
 * `audit/routes.test.ts`. Chosen by hand: no check compares their statements with those of other files.
 */
export const VARIANTS: readonly string[] = [
  "packages/posthorn/test/destinations/**",
  "packages/posthorn/test/{endpoint-egress,endpoint-verify,tenant-calls,tenant-egress}.test.ts",
  "packages/posthorn/test/sources/{email,email-kills,feed,google-pub-sub,http,ical,kinds,websub}.test.ts",
  "packages/posthorn/test/receiving/{cloud-events,generic,handshakes,inert-responses,responses,secret-warnings,separate-origin,sns}.test.ts",
  "packages/posthorn/test/access/{masking,matrix}.test.ts",
  "packages/posthorn/test/{attempt-detail,filters,live-streams,openapi-import,problem,security-txt,transformations}.test.ts",
  "packages/posthorn/test/{cli-json,destination-kinds,hot-routes,telemetry,unknown-query,watch-examples}.test.ts",
  "packages/posthorn/test/mcp/tools.test.ts",
];

export const NIGHTLY_ON_POSTGRES: readonly string[] = [...COVERED_ON_POSTGRES, ...VARIANTS];
