/** Detects the version of the official client library, for responses that changed between versions. */

export interface LibraryVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * Version that client libraries of the compatible API send in `User-Agent`, such as
 * `svix-libs/2.9.1/python python/3.11.7 Linux/x86_64`; `null` for any other client.
 */
export function libraryVersion(userAgent: string | undefined): LibraryVersion | null {
  const match = /(?:^|\s)svix-libs\/(\d{1,4})\.(\d{1,4})\.\d/.exec(userAgent?.slice(0, 512) ?? "");
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether a library has at least this version. `false` for other clients (`null`). */
export function isAtLeast(version: LibraryVersion | null, major: number, minor: number): boolean {
  return version !== null && (version.major > major || (version.major === major && version.minor >= minor));
}
