/** A disk forecast below this number of days needs attention. */
export const DISK_WARNING_DAYS = 14;
