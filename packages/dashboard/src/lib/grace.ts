/** Seconds for which an earlier token or secret stays valid, by the names that forms offer. */
export const GRACE = { none: 0, hour: 3600, day: 86_400, week: 604_800 } as const;
export type Grace = keyof typeof GRACE;
