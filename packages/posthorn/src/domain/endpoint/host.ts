/** Host of a URL of an endpoint, with the port unless it is the default; of a target that is no URL, all of it. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || parsed.host === "" ? url.toLowerCase() : parsed.host;
}
