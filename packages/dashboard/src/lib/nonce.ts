/**
 * Nonce that lets this page add its own styles under the content security policy; `null` if the page has none. It is read as a property,
 * because browsers hide the attribute.
 */
export function styleNonce(): string | null {
  const nonce = document.querySelector<HTMLElement>("meta[name=server-styles]")?.nonce;
  return nonce === undefined || nonce === "" ? null : nonce;
}
