/** Base path and base URL of the page: a program can mount Posthorn below any path. */

/** Path below which the page is mounted, such as `/webhooks`; empty at the root. */
export function basePath(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="server-base"]')?.content ?? "";
}

/** URL of the API and the pages, without a trailing slash. */
export function baseUrl(): string {
  return `${location.origin}${basePath()}`;
}

/** Whether inbound webhooks have a separate origin, different from that of this page. */
export function hasSeparateIngest(): boolean {
  return document.querySelector('meta[name="server-ingest"]') !== null;
}

/** Address of the documentation, such as `/docs`; `null` when this server does not serve it. */
export function docsPath(): string | null {
  return document.querySelector<HTMLMetaElement>('meta[name="server-docs"]')?.content ?? null;
}

/** Names of the languages of the portal that the operator has added, by their tag. */
export function portalLanguages(): ReadonlyMap<string, string> {
  const content = document.querySelector<HTMLMetaElement>('meta[name="portal-languages"]')?.content ?? "[]";
  return new Map(JSON.parse(content) as [string, string][]);
}

/** Whether this page is one of the portal, which customers see. */
export function isPortal(): boolean {
  return isPortalPath(location.pathname, basePath());
}

/** @param base Path below which the page is mounted. */
export function isPortalPath(path: string, base: string): boolean {
  return path.startsWith(base) && /^\/portal(\/|$)/.test(path.slice(base.length));
}
