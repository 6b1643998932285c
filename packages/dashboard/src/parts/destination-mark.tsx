/** Drawings for kinds of destination: one shape for each group, in a colour for each kind. They are not the logos of the products. */

const SHAPES: Readonly<Record<string, string>> = {
  http: "M9 12h14M9 20h14M19 8l4 4-4 4M13 24l-4-4 4-4",
  chat: "M8 9h16v11H16l-5 4v-4H8z",
  paging: "M10 21v-6a6 6 0 0 1 12 0v6zM8 21h16M14 24h4",
  automation: "M17 7l-7 10h6l-1 8 7-10h-6z",
  queue: "M8 11h16M8 16h16M8 21h16",
  stream: "M8 12c4-4 6 4 9 0s5 0 7 0M8 20c4-4 6 4 9 0s5 0 7 0",
  storage: "M8 12l8-4 8 4v9l-8 4-8-4zM8 12l8 4 8-4M16 16v9",
  database: "M9 11c0-4 14-4 14 0v10c0 4-14 4-14 0zM9 11c0 4 14 4 14 0M9 16c0 4 14 4 14 0",
  mail: "M8 10h16v12H8zM8 10l8 7 8-7",
  pull: "M16 8v12M11 15l5 5 5-5M9 24h14",
};

export function DestinationMark({ kind, group }: { readonly kind: string; readonly group: string }) {
  return (
    <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill={`hsl(${hueOf(kind)} 45% 40%)`} />
      <path
        d={SHAPES[group] ?? SHAPES["http"]}
        fill="none"
        stroke="#fff"
        strokeWidth="2"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}

function hueOf(kind: string): number {
  let hash = 7;
  for (const character of kind) hash = (hash * 31 + character.codePointAt(0)!) % 360;
  return hash;
}
