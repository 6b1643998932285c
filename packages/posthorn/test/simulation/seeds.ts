/** Seeds of the simulations in the tests: always the same, so that a failure is caused by a change. `npm run test:nightly` simulates others, too. */
export const SEEDS: readonly number[] = Array.from({ length: 440 }, (_, index) => index + 1);
