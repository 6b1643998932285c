/** What the suite measures. */
import type { Requests } from "../lib/publisher.ts";

/** Posthorn as built in another working tree, with `--tree`. */
export type OtherBuild = "other build, SQLite" | "other build, PostgreSQL";

/** Names of the systems under measurement, as the tables show them. */
export type SubjectName =
  | "bare forwarder"
  | "Posthorn, SQLite"
  | "Posthorn, PostgreSQL"
  | OtherBuild
  | "BullMQ, Redis"
  | "pg-boss, PostgreSQL"
  | "Graphile Worker, PostgreSQL";

/** The other build of a system. */
export const OTHER_BUILDS: Partial<Record<SubjectName, OtherBuild>> = {
  "Posthorn, SQLite": "other build, SQLite",
  "Posthorn, PostgreSQL": "other build, PostgreSQL",
};

/** Setup of a system before events are sent. */
export interface Setup {
  readonly applications: number;
  /** Endpoints of each application. Each gets every event. */
  readonly fan: number;
  readonly endpoint: "plain" | "filtered" | "transformed" | "ordered";
  /** Events are sent like GitHub's to a source. */
  readonly inbound: boolean;
  /** The receiver uses TLS. */
  readonly tls: boolean;
  /** The receiver answers one in this many requests with 500; `null`: none. */
  readonly failsOneIn: number | null;
  /** Attempts of the last ten days in the database. */
  readonly attempts: number;
}

export type Load =
  /** As fast as events are accepted, over 64 connections. */
  | { readonly kind: "closed"; readonly requests: Extract<Requests, { kind: "publish" }> }
  /** At a fixed rate, without waiting for earlier responses. */
  | { readonly kind: "rate"; readonly perSecond: number }
  /** At a share of the rate that the subject reached in the scenario `one-endpoint`, measured in the same run. */
  | { readonly kind: "share"; readonly of: number }
  /** Events are stored for endpoints that are paused, and sent at once when they are resumed. */
  | { readonly kind: "drain"; readonly events: number }
  /** None. */
  | { readonly kind: "rest" };

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** A sentence or two for the documentation. */
  readonly about: string;
  /** Part of `npm run bench`; the others are added by `npm run bench:full`. */
  readonly isCore: boolean;
  readonly subjects: readonly SubjectName[];
  readonly setup: Setup;
  readonly load: Load;
  /** Fewer rounds than the others, because its preparation takes long. */
  readonly maxRounds?: number;
}

const PLAIN: Setup = {
  applications: 1,
  fan: 1,
  endpoint: "plain",
  inbound: false,
  tls: false,
  failsOneIn: null,
  attempts: 0,
};
const POSTHORN: readonly SubjectName[] = ["Posthorn, SQLite", "Posthorn, PostgreSQL"];
const ALL: readonly SubjectName[] = ["bare forwarder", ...POSTHORN];
const SQLITE: readonly SubjectName[] = ["bare forwarder", "Posthorn, SQLite"];
const QUEUES: readonly SubjectName[] = [
  ...POSTHORN,
  "BullMQ, Redis",
  "pg-boss, PostgreSQL",
  "Graphile Worker, PostgreSQL",
];
const CLOSED: Load = { kind: "closed", requests: { kind: "publish" } };

/** The scenario whose rates `share` refers to. */
export const CAPACITY = "one-endpoint";

export const SCENARIOS: readonly Scenario[] = [
  {
    name: CAPACITY,
    title: "One endpoint",
    about: "Events of 1 KiB for one endpoint, as many as are accepted over 64 connections.",
    isCore: true,
    subjects: ALL,
    setup: PLAIN,
    load: CLOSED,
  },
  {
    name: "fan-out-10",
    title: "Ten endpoints",
    about: "The same events for ten endpoints each. CPU time is per delivery.",
    isCore: true,
    subjects: ALL,
    setup: { ...PLAIN, fan: 10 },
    load: CLOSED,
  },
  {
    name: "inbound",
    title: "Receiving",
    about:
      "Webhooks of 1 KiB, signed like GitHub's: verified, stored, checked for duplicates, signed again and forwarded to one endpoint.",
    isCore: true,
    subjects: SQLITE,
    setup: { ...PLAIN, inbound: true },
    load: CLOSED,
  },
  {
    name: "rate-100",
    title: "100 events a second",
    about: "Events of 1 KiB for one endpoint at a fixed rate, each of them nearly alone.",
    isCore: true,
    subjects: ALL,
    setup: PLAIN,
    load: { kind: "rate", perSecond: 100 },
  },
  {
    name: "rate-500",
    title: "500 events a second",
    about: "The same at 500 a second.",
    isCore: true,
    subjects: ALL,
    setup: PLAIN,
    load: { kind: "rate", perSecond: 500 },
  },
  {
    name: "rest",
    title: "At rest",
    about: "A server with one endpoint and nothing to do.",
    isCore: true,
    subjects: POSTHORN,
    setup: PLAIN,
    load: { kind: "rest" },
    maxRounds: 2,
  },
  ...[0.1, 0.5, 0.9].map((share): Scenario => {
    const percent = share * 100;
    return {
      name: `share-${percent}`,
      title: `${percent} % of its capacity`,
      about: `Events for one endpoint at ${percent} % of the rate that the server reached above, whether or not earlier ones were answered.`,
      isCore: false,
      subjects: POSTHORN,
      setup: PLAIN,
      load: { kind: "share", of: share },
    };
  }),
  {
    name: "fan-out-100",
    title: "A hundred endpoints",
    about: "Events of 1 KiB for 100 endpoints each. CPU time is per delivery.",
    isCore: false,
    subjects: ALL,
    setup: { ...PLAIN, fan: 100 },
    load: CLOSED,
  },
  {
    name: "endpoints-10000",
    title: "10,000 endpoints",
    about: "Events of 1 KiB to 10,000 applications in turn, with one endpoint each.",
    isCore: false,
    subjects: ALL,
    setup: { ...PLAIN, applications: 10_000 },
    load: CLOSED,
    maxRounds: 3,
  },
  {
    name: "large",
    title: "Events of 100 KiB",
    about: "Payloads of 100 KiB for one endpoint.",
    isCore: false,
    subjects: ALL,
    setup: PLAIN,
    load: { kind: "closed", requests: { kind: "publish", bytes: 100 * 1024 } },
  },
  {
    name: "tls",
    title: "TLS",
    about: "Events of 1 KiB for one endpoint with HTTPS, over connections that stay open.",
    isCore: false,
    subjects: ALL,
    setup: { ...PLAIN, tls: true },
    load: CLOSED,
  },
  {
    name: "ordered",
    title: "In order",
    about: "Events of 1 KiB for one endpoint, in the order of each of 1,000 keys.",
    isCore: false,
    subjects: ALL,
    setup: { ...PLAIN, endpoint: "ordered" },
    load: { kind: "closed", requests: { kind: "publish", orderingKeys: 1000 } },
  },
  {
    name: "filtered",
    title: "Filtered",
    about: "Events of 1 KiB for one endpoint with a filter on a field of the payload, which all of them pass.",
    isCore: false,
    subjects: ALL,
    setup: { ...PLAIN, endpoint: "filtered" },
    load: CLOSED,
  },
  {
    name: "transformed",
    title: "Transformed",
    about: "Events of 1 KiB for one endpoint whose transformation, in JavaScript, adds a field to the payload.",
    isCore: false,
    subjects: ALL,
    setup: { ...PLAIN, endpoint: "transformed" },
    load: CLOSED,
  },
  {
    name: "failing",
    title: "A receiver that fails",
    about:
      "Events of 1 KiB for one endpoint that answers one in a hundred requests with 500. Retries follow after a second.",
    isCore: false,
    subjects: POSTHORN,
    setup: { ...PLAIN, failsOneIn: 100 },
    load: CLOSED,
  },
  {
    name: "drain",
    title: "A backlog",
    about:
      "20,000 events are stored for a paused endpoint and sent when it is resumed. The rate and the CPU time are those of sending.",
    isCore: false,
    subjects: POSTHORN,
    setup: PLAIN,
    load: { kind: "drain", events: 20_000 },
  },
  {
    name: "stored",
    title: "Ten million stored attempts",
    about: "Events of 1 KiB for one endpoint, in a database with ten million attempts of the last ten days.",
    isCore: false,
    subjects: ["Posthorn, PostgreSQL"],
    setup: { ...PLAIN, attempts: 10_000_000 },
    load: CLOSED,
    maxRounds: 1,
  },
  {
    name: "queues",
    title: "Job queues",
    about:
      "The same job with three job queues for Node.js: accept an event of 1 KiB over HTTP, store it, sign it, send it to one receiver, try again when that fails. Redis writes its log to the disk at each command, as PostgreSQL and SQLite do at each commit.",
    isCore: false,
    subjects: QUEUES,
    setup: PLAIN,
    load: CLOSED,
  },
  {
    name: "queues-100",
    title: "Job queues, 100 events a second",
    about: "The same job at a fixed rate.",
    isCore: false,
    subjects: QUEUES,
    setup: PLAIN,
    load: { kind: "rate", perSecond: 100 },
  },
];
