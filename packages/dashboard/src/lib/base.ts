/** Where the server has this page: under a path of its own when a program has mounted Posthorn there. */

/** Such as `/webhooks`; empty at the root. */
export function basePath(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="posthorn-base"]')?.content ?? "";
}

/** Of the API and the pages, without a slash at the end. */
export function baseUrl(): string {
  return `${location.origin}${basePath()}`;
}

/** Whether inbound webhooks have an origin of their own, which is not that of this page. */
export function hasSeparateIngest(): boolean {
  return document.querySelector('meta[name="posthorn-ingest"]') !== null;
}
