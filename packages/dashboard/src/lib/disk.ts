/** A disk that is full sooner wants somebody to act. */
export const DISK_DAYS = 14;
