import type { SecretBox } from "../../lib/secret-box.ts";

/** Content of a pending request at the hub. */
export interface RequestDetail {
  readonly callback: string;
  readonly topicUrl: string;
  /** `null`: a request to unsubscribe, or a notice. */
  readonly leaseSeconds: number | null;
  readonly secret: string | null;
  /** Why a subscription is denied; `null`: it is not. */
  readonly reason: string | null;
}

export function sealDetail(secretBox: Pick<SecretBox, "seal">, detail: RequestDetail): Uint8Array {
  return secretBox.seal(JSON.stringify(detail));
}

export function openDetail(secretBox: Pick<SecretBox, "open">, sealed: Uint8Array): RequestDetail {
  return JSON.parse(secretBox.open(sealed)) as RequestDetail;
}
