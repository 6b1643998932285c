import { baseUrl } from "./base.ts";

/** Path of the feed of an application, or of one of its endpoints. */
export function feedUrl(app: string, endpoint: string | null): string {
  return `${baseUrl()}/api/v1/app/${app}${endpoint === null ? "" : `/endpoint/${endpoint}`}/feed`;
}

export interface FeedSnippets {
  readonly poll: string;
  readonly commit: string;
  readonly stream: string;
}

const TOKEN = '-H "authorization: Bearer $API_TOKEN"';

/** Example commands that read a feed. */
export function feedSnippets(url: string, consumer = "worker"): FeedSnippets {
  const post = (verb: string, body: string): string =>
    `curl "${url}/consumer/${consumer}/${verb}" \\\n  ${TOKEN} \\\n  --json '${body}'`;
  return {
    poll: post("poll", '{"waitSeconds": 30}'),
    commit: post("commit", '{"offset": OFFSET}'),
    stream: `curl -N "${url}/stream" \\\n  ${TOKEN}`,
  };
}

const DAY_MS = 86_400_000;
/** Consumers that are deleted within this time are marked. */
const SOON_MS = 7 * DAY_MS;

/** Whether a consumer will soon be deleted unless it is used. */
export function expiresSoon(expiresAt: string, now: number): boolean {
  return Date.parse(expiresAt) - now < SOON_MS;
}

/** The server stops counting at this number. */
export const MAX_LAG = 1000;
