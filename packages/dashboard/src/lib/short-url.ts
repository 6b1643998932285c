/** Maximum length of a URL in a heading or a table cell. */
const MAX_LENGTH = 60;
const HOST_LENGTH = 36;

/** Shortens a long URL in the middle: host and end of the path are enough to tell endpoints apart. */
export function shortUrl(url: string): string {
  if (url.length <= MAX_LENGTH) return url;
  const [, origin = "", rest = url] = /^([a-z]+:\/\/[^/?#]*)?(.*)$/is.exec(url) ?? [];
  const start = origin.length <= HOST_LENGTH ? origin : `${origin.slice(0, HOST_LENGTH)}…`;
  const room = MAX_LENGTH - start.length - 2;
  return rest.length <= room ? `${start}${rest}` : `${start}/…${rest.slice(1 - room)}`;
}
