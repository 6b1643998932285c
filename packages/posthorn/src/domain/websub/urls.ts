/** URLs of the hub and of its topics. */
import type { DomainRules } from "../rules.ts";

export const HUB_PATH = "/websub";
export const TOPIC_PATH = "/websub/topic";

type Rules = Pick<DomainRules, "publicUrl">;

export function hubUrl(rules: Rules): string {
  return `${rules.publicUrl()}${HUB_PATH}`;
}

export function topicUrl(rules: Rules, token: string): string {
  return `${rules.publicUrl()}${TOPIC_PATH}/${token}`;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Token in the URL of a topic; `null`: it is the URL of something else. */
export function tokenOfTopic(rules: Rules, url: string): string | null {
  const prefix = topicUrl(rules, "");
  const token = url.startsWith(prefix) ? url.slice(prefix.length) : "";
  return TOKEN.test(token) ? token : null;
}

/** A callback with parameters added to its query, which stays as it is (WebSub, section 5.3). */
export function withParameters(callback: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(callback);
  const added = new URLSearchParams(parameters).toString();
  url.search = url.search === "" ? added : `${url.search.slice(1)}&${added}`;
  return url.href;
}
