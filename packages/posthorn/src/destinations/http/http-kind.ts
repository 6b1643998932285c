/** Destinations that receive HTTP requests at a URL. */
export const httpKind = {
  /** The same on every port. A dot at the end names the same host. */
  hostOf: (url: string): string => new URL(url).hostname.replace(/\.$/, ""),
};
