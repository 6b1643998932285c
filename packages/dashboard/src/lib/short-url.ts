/** Characters of a URL that fit into a heading or a cell. */
const MAX_LENGTH = 60;
const HOST_LENGTH = 36;

/** A URL that is too long, without its middle: the host and the end of the path tell endpoints apart. */
export function shortUrl(url: string): string {
  if (url.length <= MAX_LENGTH) return url;
  const [, origin = "", rest = url] = /^([a-z]+:\/\/[^/?#]*)?(.*)$/is.exec(url) ?? [];
  const start = origin.length <= HOST_LENGTH ? origin : `${origin.slice(0, HOST_LENGTH)}…`;
  const room = MAX_LENGTH - start.length - 2;
  return rest.length <= room ? `${start}${rest}` : `${start}/…${rest.slice(1 - room)}`;
}
