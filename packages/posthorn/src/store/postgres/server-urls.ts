/** Parses PostgreSQL URLs, which may name several servers as in libpq: `postgres://user:password@one,two:5433/database`. */

const PARTS = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/s;
/** Values of `target_session_attrs` for the server that accepts writes. */
const WRITABLE = new Set(["read-write", "primary"]);

/**
 * Returns a separate URL for each server, in their order. Throws an error for an invalid URL, or one for a server that need not accept
 * writes. Its message does not reveal the rest of the URL, which may contain a password.
 */
export function serverUrls(url: string): readonly [string, ...string[]] {
  const [, before, hosts, after] = PARTS.exec(url) ?? [];
  if (before === undefined || hosts === undefined || after === undefined) throw new Error("it is not postgres://…");
  const [first, ...others] = hosts.split(",");
  const urls = [first!, ...others].map((host) => {
    if (host === "" && others.length > 0) throw new Error("a host is missing before or after a comma");
    const server = `${before}${host}${after}`;
    // Without a host, the client connects to the local socket.
    if (host !== "" && !URL.canParse(server)) {
      throw new Error(
        "it is not a URL: write : / ? # @ and % in a user, a password or a name as %3A %2F %3F %23 %40 and %25",
      );
    }
    return server;
  });
  checkWanted(after);
  return urls as [string, ...string[]];
}

/** Returns the servers and database of a URL, without user, password and parameters. */
export function serversName(url: string): string {
  const [, , hosts, after] = PARTS.exec(url)!;
  return `postgres://${hosts}${after!.replace(/[?#].*$/s, "")}`;
}

function checkWanted(after: string): void {
  const parameters = new URLSearchParams(/\?([^#]*)/s.exec(after)?.[1]);
  const wanted = parameters.get("target_session_attrs");
  if (wanted === null || WRITABLE.has(wanted)) return;
  throw new Error(
    "target_session_attrs is read-write or primary, or omitted: Posthorn needs a server that accepts writes",
  );
}
